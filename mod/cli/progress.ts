/**
 * Shows a bring-up's progress on standard error: a line that lives on a terminal, plain lines
 * elsewhere; with `--json` one event a line on standard output.
 *
 * @module
 */

import type { BringUpEvent } from "../bringup/engine.ts";
import { lastingLines, liveLine, progressAfter, type ProgressState } from "../bringup/progress.ts";
import type { Context } from "./context.ts";

/** How often the line that lives is drawn anew, in milliseconds. */
const TICK_MS = 100;
const CLEAR_LINE = "\r\x1b[2K";

/** Takes a bring-up's events until disposed of. */
export interface Progress extends AsyncDisposable {
  readonly report: (event: BringUpEvent) => void;
  /** Shows something else: a line, or none; with `--json` the event. */
  readonly show: (line: string | null, event: object) => void;
}

/** Shows progress in the way that `context` asks for. */
export function showProgress(json: boolean, context: Context): Progress {
  const live = context.terminal.isTerminal && !json;
  let state: ProgressState | null = null;
  // Writes are in order, and all done before this is disposed of.
  let written: Promise<void> = Promise.resolve();
  const write = (text: string) => {
    const to = json ? context.stdout : context.stderr;
    written = written.then(() => to(text));
  };
  const draw = () => {
    if (state === null) return;
    write(CLEAR_LINE + liveLine(state, context.clock.now(), context.terminal.columns));
  };
  const timer = live ? setInterval(draw, TICK_MS) : undefined;
  return {
    show: (line, event) => {
      if (json) write(`${JSON.stringify(event)}\n`);
      else if (line !== null) write(`${live ? CLEAR_LINE : ""}${line}\n`);
    },
    report: (event) => {
      if (json) return write(JSON.stringify(event) + "\n");
      const lines = lastingLines(state, event);
      state = progressAfter(state, event, context.clock.now());
      const text = lines.map((line) => `${line}\n`).join("");
      if (live) write(CLEAR_LINE + text);
      else if (text !== "") write(text);
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      if (live && state !== null) write(CLEAR_LINE);
      await written;
    },
  };
}
