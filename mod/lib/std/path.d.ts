export function basename(path: string, suffix?: string): string;
export function dirname(path: string): string;
export function globToRegExp(
  glob: string,
  options?: { extended?: boolean; globstar?: boolean; caseInsensitive?: boolean },
): RegExp;
export function isAbsolute(path: string): boolean;
export function join(path: string, ...paths: string[]): string;
export function resolve(...paths: string[]): string;
