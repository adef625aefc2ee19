/**
 * Reads files and devices through libc. A Deno program with listed permissions cannot open files
 * below /dev, /proc and /sys. Deno also lacks exclusive opening and SEEK_DATA.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { isNothingThere } from "../lib/files.ts";
import { KERNEL_FILE_SYMBOLS, readKernelFile } from "../lib/kernel_file.ts";

/** A range of bytes, `[start, end)`. */
export type Range = readonly [start: number, end: number];

/** A file or device, open for reading. */
export interface OpenStorage extends Disposable {
  /** In bytes. */
  readonly size: number;
  /**
   * The ranges that may have bytes other than zero, in order. If the file system or the device does
   * not report holes, the only range is the whole file.
   */
  dataRanges(): readonly Range[];
  /**
   * Reads into `buffer` from `offset`.
   *
   * @returns how many bytes were read; 0 at the end
   * @throws {HareError} when they cannot be read
   */
  read(buffer: Uint8Array<ArrayBuffer>, offset: number): Promise<number>;
}

/** The kernel's interfaces that an inspection of storage uses. */
export interface Kernel {
  /** The text of a file below /proc or /sys; `null` if there is no such file. */
  readText(path: string): string | null;
  /** Names in a directory; none if it does not exist or may not be read. */
  list(path: string): readonly string[];
  /** The target of a link; `null` if the link does not exist or may not be read. */
  readLink(path: string): string | null;
  /**
   * Opens a file or device for reading.
   *
   * @throws {HareError} when it cannot be opened
   */
  open(path: string): OpenStorage;
  /**
   * Whether a block device is held exclusively, in any namespace: mounted, swap, or part of an
   * array, a volume group or a pool.
   *
   * @throws {HareError} when this cannot be determined
   */
  isHeld(path: string): boolean;
}

/** Values of <fcntl.h>, <unistd.h> and <errno.h>, the same on every Linux that Deno runs on. */
const O_EXCL = 0o200;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const SEEK_END = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const EBUSY = 16;
/** Files below /proc and /sys report no size; no file that is read here is larger. */
const TEXT_BYTES = 4 * 2 ** 20;

const LIBC = {
  ...KERNEL_FILE_SYMBOLS,
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize", nonblocking: true },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type Libc = Deno.DynamicLibrary<typeof LIBC>["symbols"];

/** The kernel of this machine. */
export function kernelHere(): Kernel & Disposable {
  const library = Deno.dlopen("libc.so.6", LIBC);
  const libc = library.symbols;
  return {
    [Symbol.dispose]: () => library.close(),
    readText: (path) => readKernelFile(libc, path, TEXT_BYTES),
    list: (path) => listAny(path),
    readLink: (path) => orNull(() => Deno.readLinkSync(path)),
    open: (path) => {
      const { descriptor, errno } = open(libc, path, 0);
      if (descriptor < 0) throw cannotOpen(libc, path, errno);
      return openStorage(libc, path, descriptor);
    },
    isHeld: (path) => {
      const { descriptor, errno } = open(libc, path, O_EXCL);
      if (descriptor >= 0) libc.close(descriptor);
      else if (errno !== EBUSY) throw cannotOpen(libc, path, errno);
      return descriptor < 0;
    },
  };
}

function open(
  libc: Libc,
  path: string,
  flags: number,
): { readonly descriptor: number; readonly errno: number } {
  const name = new TextEncoder().encode(`${path}\0`);
  const descriptor = libc.open(name, flags | O_NONBLOCK | O_CLOEXEC);
  return { descriptor, errno: descriptor < 0 ? errnoOf(libc) : 0 };
}

function errnoOf(libc: Libc): number {
  const location = libc.__errno_location();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}

function cannotOpen(libc: Libc, path: string, errno: number): HareError {
  const text = libc.strerror(errno);
  const why = text === null ? `error ${errno}` : new Deno.UnsafePointerView(text).getCString();
  return new HareError(`${path} cannot be opened: ${why}`);
}

function openStorage(libc: Libc, path: string, descriptor: number): OpenStorage {
  const seek = (offset: number, whence: number) =>
    Number(libc.lseek(descriptor, BigInt(offset), whence));
  const size = seek(0, SEEK_END);
  return {
    size,
    dataRanges: () => dataRanges(size, seek),
    read: async (buffer, offset) => {
      const { length } = buffer;
      const got = Number(
        await libc.pread(descriptor, buffer, BigInt(length), BigInt(offset)),
      );
      if (got >= 0) return got;
      throw new HareError(`${path} cannot be read at byte ${offset}`);
    },
    [Symbol.dispose]: () => void libc.close(descriptor),
  };
}

function dataRanges(
  size: number,
  seek: (offset: number, whence: number) => number,
): readonly Range[] {
  const ranges: Range[] = [];
  for (let at = 0; at < size;) {
    const start = seek(at, SEEK_DATA);
    // If the first call succeeded, the rest is a hole; otherwise nothing is known.
    if (start < 0) return seek(0, SEEK_HOLE) < 0 && size > 0 ? [[0, size]] : ranges;
    const hole = seek(start, SEEK_HOLE);
    const end = hole <= start ? size : Math.min(hole, size);
    ranges.push([start, end]);
    at = end;
  }
  return ranges;
}

function listAny(path: string): readonly string[] {
  return orNull(() => [...Deno.readDirSync(path)].map(({ name }) => name)) ?? [];
}

/** Processes and devices may disappear meanwhile; files of another user may be unreadable. */
function orNull<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    if (
      isNothingThere(error) || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable ||
      (error instanceof Error && "code" in error && error.code === "ESRCH")
    ) return null;
    throw error;
  }
}
