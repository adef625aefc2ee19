/**
 * Reads the kernel's files, those below /proc and /sys, through libc. Deno reads them only in a program
 * with all permissions, and a subprocess for each file would be too expensive.
 *
 * @module
 */

const O_RDONLY_NONBLOCK_CLOEXEC = 0o2004000;

/** The functions of libc that {@linkcode readKernelFile} calls. */
export const KERNEL_FILE_SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** The size of the first buffer: most of these files are smaller. */
const FIRST_BYTES = 64 * 1024;

/**
 * The content of a file; `null` if there is no such file, this user may not read it, or its process has
 * just ended. The call is synchronous: the kernel answers from memory.
 *
 * @param libc has {@linkcode KERNEL_FILE_SYMBOLS}
 * @param maxBytes the rest of a longer file is ignored; the files report no size
 */
export function readKernelFile(
  { open, read, close }: Deno.DynamicLibrary<typeof KERNEL_FILE_SYMBOLS>["symbols"],
  path: string,
  maxBytes: number,
): string | null {
  const descriptor = open(new TextEncoder().encode(`${path}\0`), O_RDONLY_NONBLOCK_CLOEXEC);
  if (descriptor < 0) return null;
  let buffer = new Uint8Array(Math.min(maxBytes, FIRST_BYTES));
  let size = 0;
  let got = 0;
  do {
    if (size === buffer.length) {
      const larger = new Uint8Array(Math.min(maxBytes, 2 * size));
      larger.set(buffer);
      buffer = larger;
    }
    const rest = buffer.subarray(size);
    got = Number(read(descriptor, rest, BigInt(rest.length)));
    if (got > 0) size += got;
  } while (got > 0 && size < maxBytes);
  close(descriptor);
  return got < 0 ? null : new TextDecoder().decode(buffer.subarray(0, size));
}
