/**
 * `hare consul-conf`: this node's services and per-process files, from the configuration in KV.
 *
 * @module
 */

import { TARGET_NAMES, type TargetName, TARGETS } from "../../cfgen/mod.ts";
import { changesOf, nodeFilesInKv, putNodeFiles } from "../bringup/consul_conf.ts";
import { Gate } from "../bringup/gate.ts";
import { GatedHost } from "../bringup/gated_host.ts";
import { HAX_HTTP } from "../bringup/real_cluster.ts";
import { SystemdHost } from "../host/systemd.ts";
import { lineDiff } from "../lib/line_diff.ts";
import { command, type CommandUnknownOpts, examples, Option } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare consul-conf`. */
export interface ConsulConfOptions {
  readonly dryRun?: true | undefined;
  readonly target: TargetName;
  readonly json?: true | undefined;
}

/** The sub-command. */
export function consulConfCommand(context: Context): CommandUnknownOpts {
  return command("consul-conf")
    .description("Write this node's services for its Consul agent, and its per-process files.")
    .option("-n, --dry-run", "show the difference and write nothing")
    .addOption(
      new Option("--target <target>", "which Mero").choices(TARGET_NAMES).default("mero" as const),
    )
    .option("--json", "print the list of changed files")
    .addHelpText(
      "after",
      examples(
        ["hare consul-conf -n", "what the configuration in KV would change here"],
        ["hare consul-conf", "changes it, and has the agent read it"],
      ),
    )
    .action((options) => runConsulConf(options, context));
}

/** Writes the files that are to be others, and prints which. */
export async function runConsulConf(options: ConsulConfOptions, context: Context): Promise<void> {
  const { run, signal } = context;
  const driver = new SystemdHost({ name: Deno.hostname(), run });
  const source = { consul: context.consul(), target: TARGETS[options.target], hax: HAX_HTTP };
  const files = await nodeFilesInKv(source, { signal });
  const changes = await changesOf(files, driver, { signal });
  if (options.dryRun !== true) {
    const gate = new Gate({ dryRun: false, note: () => {} });
    await putNodeFiles(files, new GatedHost(driver, gate), source, gate, { signal });
  }
  if (options.json === true) {
    const changed = changes.map(({ path }) => path);
    return await context.stdout({ json: { changed } });
  }
  const lines = changes.flatMap(({ path, before, content }) =>
    options.dryRun === true ? [`${path}:`, ...lineDiff(before ?? "", content)] : [path]
  );
  await context.stdout({ lines });
}
