/**
 * `hare fid`: a fid that nothing has yet.
 *
 * @module
 */

import { nextFid } from "../kv/counters.ts";
import { FID_TYPES, type FidTypeName, formatFid } from "../lib/fid.ts";
import {
  Argument,
  command,
  type CommandUnknownOpts,
  examples,
  InvalidArgumentError,
} from "./command.ts";
import type { Context } from "./context.ts";
import { completedBy } from "./values.ts";

const NAMES = Object.keys(FID_TYPES) as readonly FidTypeName[];

/** The sub-command. */
export function fidCommand(context: Context): CommandUnknownOpts {
  const type = new Argument("<type>", "type of the object: its byte, letter or name")
    .argParser(parseFidType);
  return command("fid")
    .description("Take the next fid for an object of the configuration and print it.")
    .addArgument(completedBy(type, () => Promise.resolve(NAMES)))
    .addHelpText("after", `\nTypes:\n${NAMES.map((name) => `  ${describe(name)}`).join("\n")}`)
    .addHelpText(
      "after",
      examples(
        ["hare fid process", "prints for example 0x7200000000000001:0x1a"],
        ["hare fid r", "the same, by the letter"],
        ["hare fid 0x72", "the same, by the byte"],
      ),
    )
    .action((type) => runFid({ type }, context));
}

/** What `hare fid` makes a fid for. */
export interface FidOptions {
  readonly type: FidTypeName;
}

/** Takes the next fid, and prints it. */
export async function runFid({ type }: FidOptions, context: Context): Promise<void> {
  const { consul, clock, signal, stdout } = context;
  await stdout({ lines: [formatFid(await nextFid(consul(), type, { clock, signal }))] });
}

/**
 * The type that a person means.
 *
 * @throws {InvalidArgumentError} when there is none of that byte, letter or name
 *
 * @example
 * ```ts
 * import { parseFidType } from "./fid.ts";
 *
 * if (["0x72", "r", "process"].some((text) => parseFidType(text) !== "process")) {
 *   throw new Error("wrong");
 * }
 * ```
 */
export function parseFidType(text: string): FidTypeName {
  const byte = /^0x[0-9a-f]{1,2}$/i.test(text) ? Number(text) : undefined;
  const name = NAMES.find((name) =>
    text === name || text === letterOf(name) || byte === FID_TYPES[name]
  );
  if (name !== undefined) return name;
  throw new InvalidArgumentError(`Write one of ${NAMES.join(", ")}, or its letter or byte.`);
}

/** `process, r, 0x72` */
function describe(name: FidTypeName): string {
  return `${name}, ${letterOf(name)}, 0x${FID_TYPES[name].toString(16)}`;
}

/** Letters tell their case: S is a site, s a service. */
function letterOf(name: FidTypeName): string {
  return String.fromCharCode(FID_TYPES[name]);
}
