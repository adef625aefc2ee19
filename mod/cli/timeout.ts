/**
 * `hare timeout put|list|rm`: events to come.
 *
 * @module
 */

import { formatEvent, parseEvent } from "../kv/event.ts";
import { TIMEOUT_PREFIX } from "../kv/keys.ts";
import { formatDuration } from "../lib/duration.ts";
import { tableLines } from "../lib/table.ts";
import { putTimeout, readTimeouts, removeTimeout, timeoutKeyOf } from "../rc/mod.ts";
import { Argument, command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";
import { timeoutKeys } from "./live_values.ts";
import { completedBy } from "./values.ts";

/** The sub-command with its own sub-commands. */
export function timeoutCommand(context: Context): CommandUnknownOpts {
  return command("timeout")
    .description("Set events for later, look at those that are set, remove them.")
    .addCommand(putCommand(context))
    .addCommand(listCommand(context))
    .addCommand(rmCommand(context))
    .addHelpText(
      "after",
      examples(
        ["hare timeout put 90s tmo", "in a minute and a half"],
        ["hare timeout list"],
      ),
    );
}

function putCommand(context: Context): CommandUnknownOpts {
  return command("put")
    .description("Have an event put on the queue at a time, and print the timeout's key.")
    .argument("<when>", "how long from now, as in 90s; or YYYYmmddHHMM.SS, this host's time")
    .argument("<type>", "the event's type")
    .argument("[json]", "what it carries")
    .addHelpText(
      "after",
      examples(["hare timeout put 5m wake_RC"], ["hare timeout put 202611240310.05 tmo"]),
    )
    .action((when, type, json) => runTimeoutPut(when, type, json, context));
}

/**
 * Sets a timeout.
 *
 * @throws {UsageError} when `when` is no time
 * @throws {EventSyntaxError} when type and JSON are no event
 */
export async function runTimeoutPut(
  when: string,
  type: string,
  json: string | undefined,
  context: Context,
): Promise<void> {
  const { clock, signal } = context;
  // deno-lint-ignore clock/wall -- timeouts are due by the wall clock
  const key = timeoutKeyOf(when, clock.now());
  const event = formatEvent(parseEvent(`${type} ${json ?? ""}`));
  await putTimeout(context.consul(), key, event, { clock, signal });
  await context.stdout({ lines: [key] });
}

function listCommand(context: Context): CommandUnknownOpts {
  return command("list")
    .description("List the timeouts, the next one first.")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["hare timeout list"]))
    .action((options) => runTimeoutList(options, context));
}

/** Lists timeouts; a key that names no time is listed with the reason. */
export async function runTimeoutList(
  options: { readonly json?: true | undefined },
  context: Context,
): Promise<void> {
  const { clock, signal } = context;
  const entries = await context.consul().kv.list(TIMEOUT_PREFIX, { signal });
  const { timeouts, unreadable } = readTimeouts(entries);
  if (options.json === true) {
    const known = timeouts.map(({ key, due, events }) => ({ key, due: isoTime(due), events }));
    return await context.stdout({ json: known });
  }
  // deno-lint-ignore clock/wall -- timeouts are due by the wall clock
  const now = clock.now();
  const rows = [
    ...timeouts.map(({ key, due, events }) => [
      key,
      due > now ? `in ${formatDuration(due - now)}` : "due",
      events.join(", "),
    ]),
    ...[...unreadable].map(([key, why]) => [key, "never", why]),
  ];
  await context.stdout({ lines: tableLines(rows) });
}

function rmCommand(context: Context): CommandUnknownOpts {
  return command("rm")
    .description("Remove a timeout with all its events, and print these.")
    .addArgument(completedBy(new Argument("<key>", "its key, or the time in it"), timeoutKeys))
    .addHelpText("after", examples(["hare timeout rm timeout/202611240310.05"]))
    .action((key) => runTimeoutRm(key, context));
}

/** Removes a timeout. */
export async function runTimeoutRm(name: string, context: Context): Promise<void> {
  const key = name.startsWith(TIMEOUT_PREFIX) ? name : TIMEOUT_PREFIX + name;
  const events = await removeTimeout(context.consul(), key, context.signal);
  await context.stdout({ lines: [events] });
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
