/**
 * Small text files that settings name, as tokens and certificates. Whatever stands at the path, reading
 * it neither blocks the process nor fills its memory.
 *
 * @module
 */

const MAX_BYTES = 1024 * 1024;

/** What the shell opened for this process, as in `<(command)`: opening it again does not wait. */
const OPENED = /^\/(dev|proc\/self)\/fd\/\d+$/;

/**
 * The text of the file. It waits for the disk alone, so it may be called before anything else runs.
 *
 * @throws {Error} when it cannot be read, is no ordinary file, or is too large
 */
export function readSettingFileSync(path: string): string {
  check(path, Deno.statSync(path));
  return Deno.readTextFileSync(path);
}

/**
 * The text of the file, for a process that serves meanwhile.
 *
 * @throws {Error} when it cannot be read, is no ordinary file, or is too large
 */
export async function readSettingFile(path: string): Promise<string> {
  check(path, await Deno.stat(path));
  return await Deno.readTextFile(path);
}

/** Opening a FIFO waits for its writer without limit, and a device may have no end. */
function check(path: string, { isFile, isFifo, size }: Deno.FileInfo): void {
  if (!isFile && !(isFifo && OPENED.test(path))) throw new Error("it is no ordinary file");
  if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
}
