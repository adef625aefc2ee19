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
    const tail = log.map((line) => `\n    ${line}`).join("");
    super(`${host}: unit ${unit}: ${why}${tail === "" ? "" : `; its last lines:${tail}`}`);
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
    const tail = lines.length === 1
      ? lines[0] === "" ? ", without a word" : `: ${lines[0]}`
      : lines.map((line) => `\n    ${line}`).join("");
    super(`${host}: ${what} failed with exit status ${code}${tail}`);
  }
}

/** The system bus is not there, or does not do what it is asked for. */
export class BusError extends HareError {
  override readonly name = "BusError";
}
