export function bold(text: string): string;
export function cyan(text: string): string;
export function dim(text: string): string;
export function green(text: string): string;
export function red(text: string): string;
export function yellow(text: string): string;
/** `1024` → `1.02 kB`; with `binary` `1 kiB`. */
export function format(bytes: number, options?: { binary?: boolean }): string;
