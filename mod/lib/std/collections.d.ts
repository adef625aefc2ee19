export function chunk<T>(array: Iterable<T>, size: number): T[][];
