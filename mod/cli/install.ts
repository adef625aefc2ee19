/**
 * `hare install`: this binary, its units and its directories, on hosts and off them again.
 *
 * @module
 */

import { nodeKey } from "../lib/node_name.ts";
import { driverOf } from "../host/driver.ts";
import { isThisHost } from "../host/local.ts";
import { SshConnections } from "../host/ssh_connections.ts";
import { install, uninstall } from "../install/install.ts";
import type { HostOutcome } from "../install/on_hosts.ts";
import { type OwnProgram, payloadOf } from "../install/payload.ts";
import { HareError } from "../lib/errors.ts";
import { sha256Of } from "../lib/sha256.ts";
import { command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";
import { versionText } from "./version.ts";

/** Options of `hare install`. */
export interface InstallCommandOptions {
  readonly host?: readonly string[] | undefined;
  readonly upgrade?: true | undefined;
  readonly uninstall?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
}

/** The sub-command. */
export function installCommand(context: Context): CommandUnknownOpts {
  return command("install")
    .description("Put this binary, its units and its directories on hosts; again changes nothing.")
    .option("--host <[user@]hostname...>", "hosts, by ssh where it is not this one (default: this)")
    .option("--upgrade", "replace another build of hare")
    .option("--uninstall", "take away what install has made, and nothing else")
    .option("--dry-run", "show what would be done, change nothing")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      examples(
        ["hare install", "on this host"],
        ["hare install --host ssc-vm2 ssc-vm3", "on two others, as root or with sudo"],
        ["hare install --uninstall --host ssc-vm2"],
      ),
    )
    .action((options) => runInstall(options, context));
}

/**
 * Installs or uninstalls, and prints what was done.
 *
 * @throws {HareError} when there is a problem with a host; then either nothing was changed on any
 * host, or it is said what was
 */
export async function runInstall(options: InstallCommandOptions, context: Context): Promise<void> {
  const payload = options.uninstall === true ? null : await payloadOf(await ownProgram(context));
  const hostname = Deno.hostname();
  const destinations = withoutRepetition(options.host ?? [hostname]);
  await using connections = await SshConnections.open({ ...context, random: Math.random });
  const world = { hostname, run: context.run, connections };
  const hosts = destinations.map((destination) => driverOf(destination, world));
  const common = { signal: context.signal, dryRun: options.dryRun === true };
  const isAmongThem = destinations.some((destination) => isThisHost(destination, hostname));
  const outcomes = payload === null
    ? await uninstall(hosts, common)
    : await install(hosts, payload, {
      ...common,
      upgrade: options.upgrade === true,
      bystander: isAmongThem ? undefined : driverOf(hostname, world),
    });
  await context.stdout(
    options.json === true
      ? { json: { hosts: outcomes } }
      : { lines: outcomes.flatMap(outcomeLines) },
  );
  const bad = outcomes.filter(({ problems }) => problems.length > 0);
  if (bad.length > 0) throw problemsError(bad, outcomes);
}

/** Two ways to write one host must not lead to two installations at once. */
function withoutRepetition(destinations: readonly string[]): readonly string[] {
  const byKey = new Map(destinations.map((destination) => {
    const user = destination.slice(0, destination.lastIndexOf("@") + 1);
    return [user + nodeKey(destination.slice(user.length)), destination];
  }));
  return [...byKey.values()];
}

async function ownProgram({ commit }: Context): Promise<OwnProgram> {
  if (!Deno.build.standalone) {
    throw new HareError("hare install copies the compiled hare, and this is none", {
      hint: "build it with `tools/deno task build` and run dist/hare",
    });
  }
  const path = Deno.execPath();
  return {
    version: versionText(commit),
    sha256: await sha256Of(await Deno.readFile(path)),
    open: async () => (await Deno.open(path)).readable,
  };
}

function outcomeLines({ host, changes, kept, advice, problems }: HostOutcome): readonly string[] {
  const lines = [
    ...changes,
    ...kept.map((what) => `kept ${what}`),
    ...advice,
    ...(changes.length + kept.length + problems.length === 0 ? ["nothing to do"] : []),
  ];
  return lines.map((line) => `${host}: ${line}`);
}

function problemsError(bad: readonly HostOutcome[], all: readonly HostOutcome[]): HareError {
  const problems = bad.flatMap((outcome) => outcome.problems);
  const [only] = problems;
  if (problems.length === 1 && only !== undefined) {
    return new HareError(only.message, { hint: only.hint });
  }
  const lines = problems.map(({ message, hint }) =>
    hint === undefined ? message : `${message} (${hint})`
  );
  const title = `${bad.length} of ${all.length} hosts have problems:`;
  return new HareError([title, ...lines.map((line) => `  ${line}`)]);
}
