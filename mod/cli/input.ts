/**
 * Files named on the command line, and standard input.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { fileError } from "../lib/io_error.ts";
import { abortable } from "../lib/std/async.ts";
import type { Context } from "./context.ts";

/** A text, and what messages call its source. */
export interface Input {
  readonly name: string;
  readonly text: string;
}

/** Maximum length: an endless or wrong input causes an error before it fills the memory. */
const MAX_INPUT_BYTES = 64 * 2 ** 20;

/**
 * Reads a file; `-`, or none, is standard input.
 *
 * @param what is in it, as in `the cluster description`
 * @throws {HareError} when it cannot be read, is no text, or too big
 */
export async function readInput(
  path: string | undefined,
  what: string,
  context: Pick<Context, "readStdin" | "signal">,
): Promise<Input> {
  if (path === undefined || path === "-") {
    return { name: "<stdin>", text: await context.readStdin(what) };
  }
  const { signal } = context;
  try {
    const file = await openRegular(path);
    const text = file === null
      ? await readByCat(path, signal)
      : await readStream(file.readable, path, signal);
    return { name: path, text };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw fileError("read", path, error);
  }
}

/** The file; `null` for a FIFO, a device, or what a shell calls `<(…)`. */
async function openRegular(path: string): Promise<Deno.FsFile | null> {
  try {
    const { isFile, isDirectory } = await Deno.stat(path);
    return isFile || isDirectory ? await Deno.open(path) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null; // /dev, /proc
    throw error;
  }
}

/**
 * Deno opens files in the main thread, so while it waits for the writer of a FIFO, no signal would
 * be handled. Deno also denies programs access to /dev and /proc.
 */
async function readByCat(path: string, signal: AbortSignal): Promise<string> {
  const stopped = new AbortController();
  const cat = new Deno.Command("cat", {
    args: ["--", path],
    stdin: "inherit", // it may be /dev/stdin
    stdout: "piped",
    stderr: "piped",
    signal: stopped.signal,
  }).spawn();
  const said = new Response(cat.stderr).text();
  try {
    const text = await readStream(cat.stdout, path, signal);
    if ((await cat.status).success) return text;
    const why = (await said).trim().split(": ").at(-1) ?? "";
    throw new HareError(`cannot read ${path}: ${why.replace(/^./, (c) => c.toLowerCase())}`);
  } finally {
    stopped.abort();
    await said;
  }
}

/**
 * The whole text of a stream.
 *
 * @param name for messages
 * @throws {HareError} when it is too big or is not UTF-8
 * @throws the signal's reason, at once, when it is aborted
 */
export async function readStream(
  stream: ReadableStream<Uint8Array>,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let bytes = 0;
  try {
    while (true) {
      const { done, value } = await abortable(reader.read(), signal);
      if (done) return text + decode(decoder, name);
      bytes += value.length;
      if (bytes > MAX_INPUT_BYTES) {
        throw new HareError(`${name} is larger than ${MAX_INPUT_BYTES / 2 ** 20} MiB`, {
          hint: "is it the right file?",
        });
      }
      text += decode(decoder, name, value);
    }
  } catch (error) {
    // Not awaited: a pending read from a terminal continues until the terminal has input.
    void reader.cancel().catch(() => {});
    throw error;
  }
}

function decode(decoder: TextDecoder, name: string, bytes?: Uint8Array): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new HareError(`${name} is not text in UTF-8`, { cause: error });
  }
}
