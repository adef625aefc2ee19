/**
 * Failures on a host.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";

/** A unit did not start, or ended when it should have gone on. */
export class UnitError extends HareError {
  override readonly name = "UnitError";

  /**
   * @param host the host's name
   * @param unit the unit's name
   * @param why what happened to it
   * @param log the last lines of its log, oldest first
   */
  constructor(host: string, unit: string, why: string, log: readonly string[]) {
    const tail = log.map((line) => `\n    ${line}`).join("");
    super(`${host}: unit ${unit}: ${why}${tail === "" ? "" : `; its last lines:${tail}`}`);
  }
}
