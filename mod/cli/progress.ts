/**
 * Shows a bring-up's progress on standard error: a line that lives on a terminal, plain lines
 * elsewhere; with `--json` one event a line on standard output.
 *
 * @module
 */

import type { BringUpEvent } from "../bringup/engine.ts";
import { lastingLines, liveLine, progressAfter, type ProgressState } from "../bringup/progress.ts";
import type { Context } from "./context.ts";
import type { Output } from "./output.ts";
import { OutputClosed } from "./world.ts";

/** How often the line that lives is drawn anew, in milliseconds. */
const TICK_MS = 100;

/** Takes a bring-up's events until disposed of. */
export interface Progress extends AsyncDisposable {
  readonly report: (event: BringUpEvent) => void;
  /** Shows lines in place of the progress, or no lines; with `--json` the event. */
  readonly show: (lines: readonly string[], event: object) => void;
}

/** Shows progress in the way that `context` asks for. */
export function showProgress(json: boolean, context: Context): Progress {
  const live = context.terminal.showsStatus && !json;
  let state: ProgressState | null = null;
  // Writes are in order, and all done before this is disposed of.
  const writes = new Writes();
  const write = (output: Output) =>
    writes.add(() => json ? context.stdout(output) : context.stderr(output));
  const draw = () => {
    if (state === null) return;
    write({ status: liveLine(state, context.clock.monotonic(), context.terminal.statusColumns) });
  };
  const writeLines = (lines: readonly string[]) => {
    if (live) write({ status: "" });
    if (lines.length > 0) write({ lines });
  };
  const timer = live ? setInterval(draw, TICK_MS) : undefined;
  return {
    show: (lines, event) => {
      if (json) write({ jsonLine: event });
      else if (lines.length > 0) writeLines(lines);
    },
    report: (event) => {
      if (json) return write({ jsonLine: event });
      const lines = lastingLines(state, event);
      state = progressAfter(state, event, context.clock.monotonic());
      writeLines(lines);
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      if (live && state !== null) write({ status: "" });
      await writes.end();
    },
  };
}

/** Sequential writes. The first failure stops them; {@linkcode Writes.end} throws it. */
class Writes {
  #done: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  add(write: () => Promise<void>): void {
    this.#done = this.#done.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await write();
      } catch (error) {
        this.#failure = { error };
      }
    });
  }

  /** If the reader closes the pipe, the operation continues without showing events. */
  async end(): Promise<void> {
    await this.#done;
    if (this.#failure === undefined || this.#failure.error instanceof OutputClosed) return;
    throw this.#failure.error;
  }
}
