/**
 * What of this machine the facts come from, passed in.
 *
 * @module
 */

import type { Run } from "../lib/process.ts";

/** The machine as Deno shows it; {@linkcode Deno} itself is one. */
export type System = Pick<
  typeof Deno,
  "hostname" | "systemMemoryInfo" | "networkInterfaces" | "readDir" | "stat" | "realPath"
>;

/** What the gathering of local facts is given. */
export interface LocalDeps {
  /** For what Deno does not show: `getconf`, `lsblk`, `cat`. */
  readonly run: Run;
  readonly signal?: AbortSignal | undefined;
  /** {@default Deno} */
  readonly system?: System | undefined;
}
