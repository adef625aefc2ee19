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

/** An endless or mistaken input ends with a message before it fills the memory. */
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
    // A FIFO is not open before somebody writes to it.
    const file = await abortable(Deno.open(path), signal);
    return { name: path, text: await readStream(file.readable, path, signal) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw fileError("read", path, error);
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
    // Not awaited: a read that a terminal has not answered yet goes on until it does.
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
