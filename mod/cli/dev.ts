/**
 * `hare dev`: a whole cluster on this machine, made of its own processes.
 *
 * @module
 */

import { TARGET_NAMES, type TargetName } from "../../cfgen/mod.ts";
import { CONSUL_PORT, type DevWorld } from "../dev/cluster.ts";
import { canonicalPath } from "../dev/directory.ts";
import { findConsul } from "../dev/consul_binary.ts";
import { down } from "../dev/down.ts";
import { kill, victimsOf } from "../dev/kill.ts";
import { programsOf } from "../dev/real_mero.ts";
import { type DevState, loadState } from "../dev/state.ts";
import { unitStatuses, unitStatusLines } from "../dev/status.ts";
import { stop } from "../dev/stop.ts";
import { up } from "../dev/up.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import type { Line } from "../lib/lines.ts";
import { parseSize } from "../lib/size.ts";
import { resolve } from "../lib/std/path.ts";
import {
  Argument,
  command,
  type CommandUnknownOpts,
  examples,
  InvalidArgumentError,
  Option,
} from "./command.ts";
import type { Context } from "./context.ts";
import { standInCommand } from "./dev_stand_in.ts";
import { readInput } from "./input.ts";
import { type MkfsFlags, mkfsOptions, mkfsPolicy } from "./mkfs.ts";
import { showProgress } from "./progress.ts";
import { completedBy } from "./values.ts";

const DEFAULT_DIR = ".hare-dev";

/** The sub-command with its own sub-commands. */
export function devCommand(context: Context): CommandUnknownOpts {
  return command("dev")
    .description("Run a whole cluster on this machine, for trying and testing.")
    .addCommand(upCommand(context))
    .addCommand(statusCommand(context))
    .addCommand(killCommand(context))
    .addCommand(stopCommand(context))
    .addCommand(downCommand(context))
    .addCommand(standInCommand(context), { hidden: true })
    .addHelpText(
      "after",
      examples(
        ["hare dev up examples/three-nodes.yaml", "three nodes on 127.77.0.1 to 127.77.0.3"],
        ["hare dev kill ssc-vm1/rc", "kill a node's recovery coordinator"],
        ["hare dev down", "end and remove everything"],
      ),
    );
}

const dirOption = () =>
  new Option("--dir <directory>", "holds everything of the cluster").default(DEFAULT_DIR);

/** Options of `hare dev up`. */
export interface DevUpOptions extends MkfsFlags {
  readonly dir: string;
  readonly net: string;
  readonly disks: number;
  readonly diskSize: number;
  readonly target: TargetName;
  readonly m0d?: string | undefined;
  readonly m0mkfs?: string | undefined;
  readonly libmotr?: string | undefined;
  readonly json?: true | undefined;
}

function upCommand(context: Context): CommandUnknownOpts {
  const [mkfs, yes] = mkfsOptions();
  return command("up")
    .description("Bring a cluster up, or what of it does not run.")
    .argument("<cdf>", "description of the cluster; `-` is standard input")
    .addOption(dirOption())
    .addOption(
      new Option("--net <net>", "first three numbers of the hosts' addresses, 127.x.y")
        .default("127.77.0").argParser(parseNet),
    )
    .addOption(
      new Option("--disks <n>", "sparse files for each m0_server with disks").default(4)
        .argParser(parseCount),
    )
    .addOption(
      new Option("--disk-size <size>", "size of each: bytes, or with K, M, G, T")
        .default(2 ** 30, "1G").argParser(parseDiskSize),
    )
    .addOption(
      new Option("--target <target>", "which Mero").choices(TARGET_NAMES).default("mero" as const),
    )
    .option("--m0d <path>", "run real Motr in place of the stand-in: its m0d")
    .option("--m0mkfs <path>", "its m0mkfs")
    .option("--libmotr <path>", "its libmotr.so")
    .addOption(mkfs)
    .addOption(yes)
    .option("--json", "print one event of the bring-up a line, as JSON")
    .addHelpText(
      "after",
      examples(
        ["hare dev up examples/singlenode.yaml", "one node on 127.77.0.1"],
        ["hare dev up --dir other --net 127.78.0 cdf.yaml", "a second cluster beside it"],
      ),
    )
    .action((cdf, options) => runDevUp(cdf, options, context));
}

/** Brings a cluster up. */
export async function runDevUp(
  cdf: string,
  options: DevUpOptions,
  context: Context,
): Promise<void> {
  const started = context.clock.monotonic();
  const motr = programsOf(options);
  const mkfs = mkfsPolicy(options);
  const { name, text } = await readInput(cdf, "the cluster description", context);
  const world = {
    ...await worldOf(options.dir, context),
    consul: await findConsul(context.env, context.run, context.signal),
  };
  let state: DevState;
  { // All of the progress is shown before the result.
    await using progress = showProgress(options.json === true, context);
    state = await up({
      ...options,
      motr,
      mkfs,
      cdf: text,
      cdfName: name,
      signal: context.signal,
      report: progress.report,
    }, world);
  }
  if (options.json === true) return;
  const seconds = ((context.clock.monotonic() - started) / 1000).toFixed(1);
  await context.stdout({ lines: isUpLines(state, seconds, options.dir) });
}

function isUpLines({ hosts }: DevState, seconds: string, dir: string): readonly Line[] {
  const [first] = hosts;
  const nodes = hosts.length === 1 ? "1 node is" : `${hosts.length} nodes are`;
  const dirOption = dir === DEFAULT_DIR ? "" : ` --dir ${dir}`;
  return [
    `${nodes} up, after ${seconds} s.`,
    "",
    `  export CONSUL_HTTP_ADDR=${first?.address}:${CONSUL_PORT}   # for hare and consul`,
    "  hare status",
    `  hare dev status${dirOption}`,
    `  hare dev down${dirOption}`,
  ];
}

function statusCommand(context: Context): CommandUnknownOpts {
  return command("status")
    .description("Show the processes of a development cluster.")
    .addOption(dirOption())
    .option("--json", "print a list of units")
    .addHelpText("after", examples(["hare dev status", "every unit of every host"]))
    .action((options) => runDevStatus(options, context));
}

/** Shows the cluster's units. */
export async function runDevStatus(
  options: { readonly dir: string; readonly json?: true | undefined },
  context: Context,
): Promise<void> {
  const world = await worldOf(options.dir, context);
  const units = await unitStatuses(await stateIn(world), world, context.signal);
  await context.stdout(
    options.json === true ? { json: units } : { lines: unitStatusLines(units) },
  );
}

function killCommand(context: Context): CommandUnknownOpts {
  const victim = new Argument(
    "<victim>",
    "HOST, HOST/consul, HOST/hax, HOST/rc, or a process's fid",
  );
  return command("kill")
    .description("Kill a host, or one of its services, as a power cut would.")
    .addArgument(completedBy(victim, async () => {
      const state = await loadState(await canonicalPath(resolve(DEFAULT_DIR)));
      return state === null ? [] : victimsOf(state);
    }))
    .addOption(dirOption())
    .addHelpText(
      "after",
      examples(
        ["hare dev kill ssc-vm1", "the whole host"],
        ["hare dev kill 0x7200000000000001:0x9", "one server"],
        ["hare dev up CDF", "start again what was killed"],
      ),
    )
    .action((name, options) => runDevKill(name, options, context));
}

/** Kills a host or a service. */
export async function runDevKill(
  victim: string,
  options: { readonly dir: string },
  context: Context,
): Promise<void> {
  const world = await worldOf(options.dir, context);
  const killed = await kill(victim, await stateIn(world), world, context.signal);
  const count = killed === 1 ? "1 process" : `${killed} processes`;
  await context.stderr({ lines: [`${victim}: killed ${count}`] });
}

function stopCommand(context: Context): CommandUnknownOpts {
  return command("stop")
    .description("Stop every process of a development cluster in order; its data stay.")
    .addOption(dirOption())
    .option("--json", "print one event a line, as JSON")
    .addHelpText("after", examples(["hare dev stop"], ["hare dev up CDF", "start it again"]))
    .action((options) => runDevStop(options, context));
}

/** Stops the cluster. */
export async function runDevStop(
  options: { readonly dir: string; readonly json?: true | undefined },
  context: Context,
): Promise<void> {
  const world = await worldOf(options.dir, context);
  const state = await stateIn(world);
  await using progress = showProgress(options.json === true, context);
  await stop(state, world, { signal: context.signal, report: progress.report });
}

function downCommand(context: Context): CommandUnknownOpts {
  return command("down")
    .description("End every process of a development cluster and remove its files.")
    .addOption(dirOption())
    .addHelpText("after", examples(["hare dev down", "nothing is left behind"]))
    .action((options) => runDevDown(options, context));
}

/** Takes the cluster down. */
export async function runDevDown(
  options: { readonly dir: string },
  context: Context,
): Promise<void> {
  const { ended, removed } = await down(await worldOf(options.dir, context), context.signal);
  await context.stderr({
    lines: [
      removed
        ? `ended ${ended} processes and removed ${options.dir}`
        : `there is no development cluster in ${options.dir}`,
    ],
  });
}

async function worldOf(dir: string, { run, clock }: Context): Promise<DevWorld> {
  if (!Deno.build.standalone) {
    throw new HareError("a development cluster runs the compiled hare", {
      hint: "build it with `tools/deno task build` and run dist/hare",
    });
  }
  return {
    dir: await canonicalPath(resolve(dir)),
    hare: Deno.execPath(),
    consul: "consul",
    run,
    clock,
  };
}

async function stateIn({ dir }: DevWorld): Promise<DevState> {
  const state = await loadState(dir);
  if (state !== null) return state;
  throw new HareError(`there is no development cluster in ${dir}`, {
    hint: "bring one up with `hare dev up CDF`, or name its directory with --dir",
  });
}

function parseNet(text: string): string {
  const numbers = text.split(".");
  const fits = numbers.length === 3 && numbers[0] === "127" &&
    numbers.every((number) => /^(0|[1-9]\d{0,2})$/.test(number) && Number(number) <= 255);
  if (fits) return text;
  throw new InvalidArgumentError("It is three numbers, the first 127, as in 127.77.0.");
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 1 to 9999.");
}

function parseDiskSize(text: string): number {
  const size = parseSize(text);
  if (size > 0) return size;
  throw new UsageError("--disk-size: a disk has a size");
}
