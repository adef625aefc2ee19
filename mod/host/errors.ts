/**
 * Failures on a host.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import type { Output } from "../lib/process.ts";

/** A unit did not start, or ended when it should have gone on. */
export class UnitError extends HareError {
  override readonly name = "UnitError";
  readonly unit: string;

  /**
   * @param host the host's name
   * @param unit the unit's name
   * @param why what happened to it
   * @param log the last lines of its log, oldest first
   */
  constructor(host: string, unit: string, why: string, log: readonly string[]) {
    const tail = log.map((line) => `    ${line}`);
    super([
      `${host}: unit ${unit}: ${why}${tail.length === 0 ? "" : "; its last lines:"}`,
      ...tail,
    ]);
    this.unit = unit;
  }
}

/** How much of a failed program's output is shown, in lines. */
const TAIL_LINES = 5;

/** A program failed on a host. */
export class HostCommandError extends HareError {
  override readonly name = "HostCommandError";

  /**
   * @param host the host's name
   * @param what what was run, or what it was to do: `systemctl enable hare-hax`
   */
  constructor(host: string, what: string, { code, stdout, stderr }: Output) {
    const lines = (stderr.trim() || stdout.trim()).split("\n").slice(-TAIL_LINES);
    const head = `${host}: ${what} failed with exit status ${code}`;
    super(
      lines.length === 1
        ? lines[0] === "" ? `${head}, without a word` : `${head}: ${lines[0]}`
        : [head, ...lines.map((line) => `    ${line}`)],
    );
  }
}

/** The system bus is not there, or does not do what it is asked for. */
export class BusError extends HareError {
  override readonly name = "BusError";
}
