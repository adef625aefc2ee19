/**
 * Hare's log, kept for a test to look at.
 *
 * @module
 */

import { configure, type LogRecord, reset } from "@logtape/logtape";

/** Lines that were logged while it lasted, and how to look for them. */
export interface CapturedLog extends AsyncDisposable {
  /** `info: node0 leads`, in order. */
  readonly lines: readonly string[];
  /** The lines that match. */
  matching(pattern: RegExp): string[];
}

/** Keeps what is logged until it is disposed of; there is one at a time. */
export async function captureLog(): Promise<CapturedLog> {
  const lines: string[] = [];
  const sink = (record: LogRecord) => {
    const text = record.message.map((part) => typeof part === "string" ? part : String(part));
    lines.push(`${record.level}: ${text.join("")}`);
  };
  await configure({
    sinks: { kept: sink },
    loggers: [
      { category: ["hare"], lowestLevel: "debug", sinks: ["kept"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["kept"] },
    ],
    reset: true,
  });
  return {
    lines,
    matching: (pattern) => lines.filter((line) => pattern.test(line)),
    [Symbol.asyncDispose]: () => reset(),
  };
}
