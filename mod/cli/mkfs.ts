/**
 * `--mkfs` and `--yes`: what is formatted.
 *
 * @module
 */

import { UsageError } from "../lib/errors.ts";
import type { MkfsPolicy } from "../storage/mod.ts";
import { Option } from "./command.ts";

/** The two options. */
export interface MkfsFlags {
  readonly mkfs?: true | undefined;
  readonly yes?: true | undefined;
}

/** The two options for a command. */
export function mkfsOptions(): readonly [
  Option<"--mkfs", undefined, undefined, undefined>,
  Option<"--yes", undefined, undefined, undefined>,
] {
  return [
    new Option("--mkfs", "format the storage of every server that is started"),
    new Option(
      "--yes",
      "with --mkfs: also where there is data, which is destroyed; never on a device in use",
    ),
  ];
}

/**
 * What is formatted.
 *
 * @throws {UsageError} when something is confirmed that was not asked for
 */
export function mkfsPolicy({ mkfs, yes }: MkfsFlags): MkfsPolicy {
  if (mkfs === true) return yes === true ? "all" : "unless-data";
  if (yes === true) throw new UsageError("--yes confirms --mkfs, which is not there");
  return "new";
}
