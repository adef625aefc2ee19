/**
 * `hare m0crate-conf`: tells a test file of m0crate who this node's client is, and where.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { readClientPlace } from "../agent/client_place.ts";
import { M0crateFile } from "../agent/m0crate_file.ts";
import { processOfServiceId } from "../hax/service_id.ts";
import { writeFileAtomic } from "../lib/files.ts";
import type { Fid } from "../lib/fid.ts";
import { fileError } from "../lib/io_error.ts";
import { command, type CommandUnknownOpts, examples, Option, parsedBy } from "./command.ts";
import type { Context } from "./context.ts";
import { readInput } from "./input.ts";
import { processFids } from "./live_values.ts";
import { completedBy } from "./values.ts";

/** Options of `hare m0crate-conf`. */
export interface M0crateConfOptions {
  readonly process?: Fid | undefined;
  readonly confdXc?: string | undefined;
  readonly json?: boolean | undefined;
}

/** The sub-command. */
export function m0crateConfCommand(context: Context): CommandUnknownOpts {
  return command("m0crate-conf")
    .description(
      "Put this node's endpoints, process and profile into a test file of m0crate; print them.",
    )
    .argument("<file>", "a test file for Mero or Motr; all else in it stays as it is")
    .addOption(
      completedBy(
        new Option("--process <fid>", "the client to be (default: the node's first)")
          .argParser(parsedBy(processOfServiceId)),
        processFids,
      ),
    )
    .option("--confd-xc <file>", "where the profile is, if not in KV (default: confd's own file)")
    .option("--json", "print JSON: an object of the four settings")
    .addHelpText(
      "after",
      examples(
        ["hare m0crate-conf test1_io.yaml && m0crate -S test1_io.yaml"],
        ["hare m0crate-conf test1_io.yaml --process 0x7200000000000001:0x1e", "as another client"],
      ),
    )
    .action((file, options) => runM0crateConf(file, options, context));
}

/**
 * Edits the file, and prints the four values.
 *
 * @throws {HareError} when something is wrong with the file, the configuration, or the disk
 */
export async function runM0crateConf(
  path: string,
  options: M0crateConfOptions,
  context: Context,
): Promise<void> {
  const { text: before } = await readInput(path, "the test file", context);
  const file = new M0crateFile({ name: path, text: before });
  const place = await readClientPlace(context.consul(), {
    process: options.process,
    confdFile: options.confdXc ?? TARGETS[file.target].confdFile,
    readFile: async (path) => (await readInput(path, "confd.xc", context)).text,
    signal: context.signal,
  });
  const { text, settings } = file.with(place);
  if (text !== before) await replaceFile(path, text);
  await context.stdout(
    options.json === true
      ? { json: Object.fromEntries(settings) }
      : { lines: settings.map(([name, value]) => `${name}: ${value}`) },
  );
}

/** Replaces the target of a link, not the link; keeps the file's owner and permissions. */
async function replaceFile(path: string, text: string): Promise<void> {
  try {
    const { mode, uid, gid } = await Deno.stat(path);
    const owner = { uid, gid };
    await writeFileAtomic(await Deno.realPath(path), text, {
      mode: (mode ?? 0o644) & 0o777,
      owner,
    });
  } catch (error) {
    throw fileError("write", path, error);
  }
}
