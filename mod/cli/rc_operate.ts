/**
 * `hare rc status|log|pause|resume|switchover`: what operators ask and order of the coordinators.
 *
 * @module
 */

import { HISTORY_PREFIX } from "../kv/keys.ts";
import { formatDuration } from "../lib/duration.ts";
import { logLines, pauseRc, rcStatusLines, readRcStatus, resumeRc, switchOver } from "../rc/mod.ts";
import { command, type CommandUnknownOpts, examples, Option } from "./command.ts";
import type { Context } from "./context.ts";
import { rcCandidates } from "./live_values.ts";
import { completedBy } from "./values.ts";

/** `hare rc status`. */
export function statusCommand(context: Context): CommandUnknownOpts {
  return command("status")
    .description("Show who leads since when, who stands by, what waits, and the last error.")
    .option("--json", "print it as one JSON object")
    .addHelpText(
      "after",
      "\nExit status: 0 while somebody leads, else 1." + examples(
        ["hare rc status"],
        ["hare rc status --json | jq .queues.eq", "events that wait"],
      ),
    )
    .action((options) => runRcStatus(options, context));
}

/** Prints the state of the coordinators. */
export async function runRcStatus(
  options: { readonly json?: true | undefined },
  context: Context,
): Promise<void> {
  const status = await readRcStatus(context.consul(), context.signal);
  context.setExitStatus(status.leader === null ? 1 : 0);
  await context.stdout(
    options.json === true
      ? { json: status }
      : { lines: rcStatusLines(status, new Date(context.clock.now())) },
  );
}

/** Options of `hare rc log`. */
export interface RcLogOptions {
  readonly follow?: true | undefined;
}

/** `hare rc log`. */
export function logCommand(context: Context): CommandUnknownOpts {
  return command("log")
    .description("Print the history: who led, and what became of each event.")
    .option("-f, --follow", "go on with what happens from now on, until interrupted")
    .addHelpText("after", examples(["hare rc log -f"], ["hare rc log | grep REJECTED"]))
    .action((options) => runRcLog(options, context));
}

/** Prints the history, and with `follow` what comes. */
export async function runRcLog({ follow }: RcLogOptions, context: Context): Promise<void> {
  const { signal, stdout } = context;
  const { kv } = context.consul();
  if (follow !== true) {
    const lines = logLines(await kv.list(HISTORY_PREFIX, { signal }));
    return await stdout({ lines });
  }
  let printed: ReadonlySet<string> = new Set();
  for await (const entries of kv.watchPrefix(HISTORY_PREFIX, { signal })) {
    const lines = logLines(entries);
    await stdout({ lines: lines.filter((line) => !printed.has(line)) });
    printed = new Set(lines);
  }
}

/** `hare rc pause`. */
export function pauseCommand(context: Context): CommandUnknownOpts {
  return command("pause")
    .description(
      "Have events wait, until `hare rc resume`: a pause outlasts leaders and restarts. Leadership " +
        "stays, and timeouts still join the queue.",
    )
    .option("--why <text>", "the reason, for those who see it in `hare rc status`", "")
    .addHelpText("after", examples(['hare rc pause --why "drive 17 is being replaced"']))
    .action((options) => runRcPause(options, context));
}

/** Pauses: when it returns, no event is handled any more. */
export async function runRcPause(
  { why }: { readonly why: string },
  context: Context,
): Promise<void> {
  const since = new Date(context.clock.now()).toISOString();
  const pause = { by: Deno.hostname(), since, why };
  const earlier = await pauseRc(context.consul(), pause, context.signal);
  await context.stdout({
    lines: [
      earlier === null
        ? "paused: events wait until `hare rc resume`"
        : `was paused already, by ${earlier.by} since ${
          earlier.since || "unknown"
        }: ${earlier.why}`,
    ],
  });
}

/** `hare rc resume`. */
export function resumeCommand(context: Context): CommandUnknownOpts {
  return command("resume")
    .description("Have events handled again.")
    .addHelpText("after", examples(["hare rc resume"]))
    .action(() => runRcResume(context));
}

/** Ends a pause. */
export async function runRcResume(context: Context): Promise<void> {
  const pause = await resumeRc(context.consul(), context.signal);
  await context.stdout({ lines: [pause === null ? "was not paused" : "resumed"] });
}

/** How long a switchover may take; a hand-over takes milliseconds. */
const SWITCHOVER_LIMIT_MS = 15_000;

/** `hare rc switchover`. */
export function switchoverCommand(context: Context): CommandUnknownOpts {
  return command("switchover")
    .description("Move leadership to another node, and say how long that took.")
    .addOption(completedBy(new Option("--to <node>", "to this one (default: any)"), rcCandidates))
    .addHelpText(
      "after",
      examples(
        ["hare rc switchover", "before the leader's node is serviced"],
        ["hare rc switchover --to ssc-vm2"],
      ),
    )
    .action((options) => runRcSwitchover(options, context));
}

/** Moves leadership. */
export async function runRcSwitchover(
  options: { readonly to?: string | undefined },
  context: Context,
): Promise<void> {
  const { from, to, ms } = await switchOver(context.consul(), {
    to: options.to ?? null,
    clock: context.clock,
    signal: context.signal,
    limitMs: SWITCHOVER_LIMIT_MS,
  });
  await context.stdout({
    lines: [
      from === to ? `${to} leads already` : `${to} leads, ${formatDuration(ms)} after ${from}`,
    ],
  });
}
