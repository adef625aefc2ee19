/**
 * `hare bootstrap`: a cluster of real hosts, from nothing to serving.
 *
 * @module
 */

import { TARGET_NAMES, type TargetName } from "../../cfgen/mod.ts";
import { bootstrap, PHASE_NAMES, planBootstrap } from "../bringup/bootstrap.ts";
import { formatDuration } from "../lib/duration.ts";
import { CHECK_NAMES, type CheckName, parseCheckNames } from "../preflight/mod.ts";
import { command, type CommandUnknownOpts, examples, Option } from "./command.ts";
import type { Context } from "./context.ts";
import { readInput } from "./input.ts";
import { type MkfsFlags, mkfsOptions, mkfsPolicy } from "./mkfs.ts";
import {
  dryRunOption,
  jsonOption,
  operate,
  type OperationFlags,
  parallelOption,
  timeoutOption,
} from "./operation.ts";
import { completedBy } from "./values.ts";
import { buildText } from "./version.ts";

/** Options of `hare bootstrap`. */
export interface BootstrapFlags extends OperationFlags, MkfsFlags {
  readonly target: TargetName;
  readonly confDir?: string | undefined;
  readonly phase?: readonly string[] | undefined;
  readonly skipPhase?: readonly string[] | undefined;
  readonly until?: string | undefined;
  readonly ignorePreflight?: ReadonlySet<CheckName> | undefined;
  readonly resetFailed?: true | undefined;
  readonly force?: true | undefined;
  readonly rollback?: true | undefined;
}

/** The sub-command. */
export function bootstrapCommand(context: Context): CommandUnknownOpts {
  const [mkfs, yes] = mkfsOptions();
  const phases = () => Promise.resolve(PHASE_NAMES);
  return command("bootstrap")
    .description(
      "Bring a cluster of real hosts up, from one of its server nodes; or go on with it.",
    )
    .argument("<cdf>", "description of the cluster; `-` is standard input")
    .addOption(dryRunOption())
    .addOption(mkfs)
    .addOption(yes)
    .addOption(
      new Option("--target <target>", "which Mero").choices(TARGET_NAMES).default("mero" as const),
    )
    .option("--conf-dir <directory>", "use the files there, which `hare cfgen` made before")
    .addOption(
      completedBy(new Option("--phase <names>", "run these only, A,B").argParser(list), phases),
    )
    .addOption(
      completedBy(new Option("--skip-phase <names>", "do not run these").argParser(list), phases),
    )
    .addOption(completedBy(new Option("--until <name>", "the last one to run"), phases))
    .addOption(
      completedBy(
        new Option("--ignore-preflight <names>", "checks of the hosts to pass over, A,B")
          .argParser(parseCheckNames),
        () => Promise.resolve(CHECK_NAMES),
      ),
    )
    .option("--reset-failed", "forget that units of the cluster have failed")
    .option("--force", "replace another cluster that is in Consul's KV, once it is shut down")
    .option("--rollback", "when it fails, take back what this run did, in reverse")
    .addOption(parallelOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText("after", `\nPhases:\n  ${PHASE_NAMES.join(" ")}`)
    .addHelpText(
      "after",
      examples(
        ["hare bootstrap --dry-run cdf.yaml", "what would be done, on which host"],
        ["hare bootstrap cdf.yaml", "all of it, or what is missing"],
        ["hare bootstrap --mkfs --yes cdf.yaml", "destroys what is on the disks"],
        ["hare bootstrap --until generate cdf.yaml", "check the hosts, make the configuration"],
      ),
    )
    .action((cdf, options) => runBootstrap(cdf, options, context));
}

/**
 * Brings the cluster up.
 *
 * @throws {UsageError} when options do not go together
 */
export async function runBootstrap(
  path: string,
  flags: BootstrapFlags,
  context: Context,
): Promise<void> {
  const mkfs = mkfsPolicy(flags);
  const began = context.clock.monotonic();
  const cdf = await readInput(path, "the cluster description", context);
  const selection = { only: flags.phase, skip: flags.skipPhase, until: flags.until };
  const plan = planBootstrap(cdf, flags.target, selection, Deno.hostname());
  await operate("bootstrap", flags, context, ({ world, ...operation }) =>
    bootstrap(plan, {
      ...operation,
      mkfs,
      force: flags.force === true,
      confDir: flags.confDir,
      rollback: flags.rollback === true,
      hareVersion: buildText(context.commit),
      ignored: flags.ignorePreflight ?? new Set(),
      resetFailed: flags.resetFailed === true,
    }, world));
  if (flags.dryRun === true || flags.json === true) return;
  const time = formatDuration(context.clock.monotonic() - began);
  await context.stdout({
    lines: [
      plan.isSelected("final")
        ? `the cluster is up, after ${time}; see \`hare status\``
        : `done after ${time}; the phase \`final\` was not selected`,
    ],
  });
}

function list(text: string): readonly string[] {
  return text.split(",").map((name) => name.trim());
}
