/**
 * Reads small text files that settings name, for example tokens and certificates. Whatever the type
 * of the file, reading it neither blocks the process nor fills its memory.
 *
 * @module
 */

const MAX_BYTES = 1024 * 1024;

/**
 * Files that the shell opened for this process, as in `<(command)`: opening them does not block.
 */
const OPENED = /^\/(dev|proc\/self)\/fd\/\d+$/;

/**
 * The text of the file, read synchronously. The call blocks only for the disk; use it before other
 * work starts.
 *
 * @throws {Error} when it cannot be read, is no ordinary file, or is too large
 */
export function readSettingFileSync(path: string): string {
  check(path, Deno.statSync(path));
  return Deno.readTextFileSync(path);
}

/**
 * The text of the file, read asynchronously, for a process that serves requests.
 *
 * @throws {Error} when it cannot be read, is no ordinary file, or is too large
 */
export async function readSettingFile(path: string): Promise<string> {
  check(path, await Deno.stat(path));
  return await Deno.readTextFile(path);
}

/** Opening a FIFO waits for a writer without limit, and a device may be endless. */
function check(path: string, { isFile, isFifo, size }: Deno.FileInfo): void {
  if (!isFile && !(isFifo && OPENED.test(path))) throw new Error("it is no ordinary file");
  if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
}
