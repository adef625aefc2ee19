export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
/** Maps with at most `poolLimit` calls of `iteratorFn` under way; yields in the order of `array`. */
export function pooledMap<T, R>(
  poolLimit: number,
  array: Iterable<T>,
  iteratorFn: (item: T) => Promise<R>,
): AsyncIterableIterator<R>;
