/**
 * How the tools speak: to standard error, so that what a tool is asked for can go to standard
 * output.
 *
 * @module
 */

import { errorLines } from "../mod/cli/printer.ts";
import { linesText } from "../mod/lib/lines.ts";

const encoder = new TextEncoder();

/** Writes one line. */
export function say(line: string): void {
  Deno.stderr.writeSync(encoder.encode(`${line}\n`));
}

/** Writes one line of result. */
export function print(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}

/** Progress of something long: one line that changes on a terminal, else a line now and then. */
export class Progress {
  readonly #started = performance.now();
  readonly #onTerminal = Deno.stderr.isTerminal();
  readonly #timer: number;
  #text = "";

  /** @param title what is being done */
  constructor(title: string) {
    this.#timer = setInterval(() => this.#show(), this.#onTerminal ? 1000 : 20_000);
    say(title);
  }

  /** Says how far it has come; shown at the next second. */
  update(text: string): void {
    this.#text = text;
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#onTerminal) Deno.stderr.writeSync(encoder.encode("\r\x1b[K"));
    say(`  ended after ${this.#elapsed()}`);
  }

  #show(): void {
    const line = `  ${this.#elapsed()}  ${this.#text}`;
    if (this.#onTerminal) Deno.stderr.writeSync(encoder.encode(`\r\x1b[K${line}`));
    else say(line);
  }

  #elapsed(): string {
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }
}

/** Runs a tool's main function; an error is printed and ends the tool with status 1. */
export async function runTool(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    await Deno.stderr.write(encoder.encode(linesText(errorLines(error, { verbose: true }))));
    Deno.exit(1);
  }
}
