/**
 * Files on this machine, written whole or not at all: temporary name beside the target, fsync,
 * rename.
 *
 * @module
 */

/** Options of {@linkcode writeFileAtomic}. */
export interface WriteFileOptions {
  /** Permission bits. {@default 0o644} */
  readonly mode?: number;
}

/**
 * Replaces `path` by a file with `content`. A reader sees the old file or the new one, also after
 * a crash. The directory must exist.
 *
 * @throws {Deno.errors.NotFound} when the directory is missing
 */
export async function writeFileAtomic(
  path: string,
  content: string,
  options: WriteFileOptions = {},
): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const mode = options.mode ?? 0o644;
  try {
    // The mode is set before the first byte is written: a secret is never readable meanwhile.
    const file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    try {
      await Deno.chmod(temporary, mode);
      const writer = file.writable.getWriter();
      await writer.write(new TextEncoder().encode(content));
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(ignoreNotFound);
    throw error;
  }
}

/**
 * The text of a file, or `null` where there is none.
 */
export async function readTextFileIfAny(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** For `.catch`: a file that is not there is as good as removed. */
export function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
