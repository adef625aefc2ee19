/**
 * Logging: LogTape with one sink, standard error; standard output is for results. Info is what a
 * user follows, debug is inner state. Under systemd the journal keeps the lines.
 *
 * Values come from outside. Only this module formats them as lines: every record is one line,
 * without characters that a terminal interprets.
 *
 * @module
 */

import {
  configure,
  getLogger,
  jsonLinesFormatter,
  type Logger,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";

import { escapeJson, visible } from "./visible.ts";

export type { Logger };

/** Options of {@linkcode configureLog}. */
export interface LogOptions {
  /** Lowest level that is written. {@default "info"} */
  readonly level?: LogLevel;
  /** One JSON object a line in place of text. {@default false} */
  readonly json?: boolean;
}

/** Directs the program's log to standard error. Called once, by `main.ts`. */
export async function configureLog(options: LogOptions = {}): Promise<void> {
  const format = options.json === true ? formatJson : formatLine;
  await configure({
    sinks: { stderr: (record) => writeToStderr(format(record)) },
    loggers: [
      { category: ["hare"], lowestLevel: options.level ?? "info", sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
    reset: true,
  });
}

/**
 * The logger of one part of Hare; lines begin with the part's name.
 *
 * @example
 * ```ts
 * import { loggerOf } from "./log.ts";
 *
 * loggerOf("rc").info("{node} leads", { node: "ssc-vm1" });
 * ```
 */
export function loggerOf(...part: [string, ...string[]]): Logger {
  return getLogger(["hare", ...part]);
}

/**
 * Synchronous, so that the last line before an exit is written, too. A line that cannot be written
 * (a closed pipe, a full disk) is lost: there is no other place to report the failure, and a daemon
 * continues without its log.
 */
function writeToStderr(line: string): void {
  let bytes = new TextEncoder().encode(line);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

function formatJson(record: LogRecord): string {
  return escapeJson(jsonLinesFormatter(record));
}

/** `2026-11-24T03:10:00.000Z rc: ssc-vm1 leads`, with the level when it is not info. */
function formatLine(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString();
  const level = record.level === "info" ? "" : `${record.level}: `;
  const message = record.message
    .map((piece, i) => i % 2 === 0 || typeof piece === "string" ? piece : Deno.inspect(piece))
    .join("");
  return `${visible(`${time} ${record.category.slice(1).join(" ")}: ${level}${message}`)}\n`;
}
