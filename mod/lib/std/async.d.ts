export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
