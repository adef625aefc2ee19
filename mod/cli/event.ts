/**
 * `hare event put|list|show|retry|drop|history`: the event queue in an operator's hands.
 *
 * @module
 */

import { enqueue } from "../kv/enqueue.ts";
import { formatEvent, type HareEvent, parseEvent } from "../kv/event.ts";
import { EQ_PREFIX, eqKey, HISTORY_PREFIX } from "../kv/keys.ts";
import { UsageError } from "../lib/errors.ts";
import { tableLines } from "../lib/table.ts";
import { fitted, visible } from "../lib/visible.ts";
import {
  dropEvent,
  eventsIn,
  findEvent,
  type FoundEvent,
  listEvents,
  retryEvent,
} from "../rc/mod.ts";
import { Argument, command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";
import { foundEvents, rejectedEvents } from "./live_values.ts";
import { completedBy } from "./values.ts";

/** The sub-command with its own sub-commands. */
export function eventCommand(context: Context): CommandUnknownOpts {
  return command("event")
    .description("Put events on the queue; look at those that wait, were moved aside, or are done.")
    .addCommand(putCommand(context))
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(retryCommand(context))
    .addCommand(dropCommand(context))
    .addCommand(historyCommand(context))
    .addHelpText(
      "after",
      examples(
        ["hare event put wake_RC", "has the timeouts looked at"],
        ["hare event list", "what waits, and what was moved aside and why"],
      ),
    );
}

const jsonOption = ["--json", "print JSON"] as const;

/** Options of those that print. */
export interface PrintOptions {
  readonly json?: true | undefined;
}

function putCommand(context: Context): CommandUnknownOpts {
  return command("put")
    .description("Put an event on the queue, as the last one, and print its key.")
    .argument("<type>", "its type, as in wake_RC or drive")
    .argument("[json]", "what it carries; `-` is standard input")
    .addHelpText(
      "after",
      examples(
        ["hare event put wake_RC"],
        [`hare event put drive '{"fid": "0x6b00000000000001:0x10", "state": "failed"}'`],
      ),
    )
    .action((type, json) => runEventPut(type, json, context));
}

/**
 * Puts an event on the queue.
 *
 * @throws {EventSyntaxError} when it is none
 */
export async function runEventPut(
  type: string,
  json: string | undefined,
  context: Context,
): Promise<void> {
  const text = json === "-" ? await context.readStdin("the event's JSON") : json ?? "";
  const event: HareEvent = parseEvent(`${type} ${text}`);
  if (event.type !== type) throw new UsageError(`${JSON.stringify(type)} is no type of an event`);
  const { clock, signal } = context;
  const [epoch = 0] = await enqueue(context.consul(), EQ_PREFIX, [formatEvent(event)], {
    clock,
    signal,
  });
  await context.stdout({ lines: [eqKey(epoch)] });
}

function listCommand(context: Context): CommandUnknownOpts {
  return command("list")
    .description("List the events that wait, in their order, and those that were moved aside.")
    .option(...jsonOption)
    .addHelpText("after", examples(["hare event list"], ["hare event list --json | jq length"]))
    .action((options) => runEventList(options, context));
}

/** Lists events. */
export async function runEventList(options: PrintOptions, context: Context): Promise<void> {
  const events = await listEvents(context.consul(), context.signal);
  await context.stdout(
    options.json === true ? { json: events.map(shownAsJson) } : {
      lines: tableLines(events.map(({ key, event, rejected }) => [
        key,
        rejected === null ? "waits" : "moved aside",
        shortened(event),
        rejected === null ? "" : shortened(rejected.reason),
      ])),
    },
  );
}

const eventArgument = () =>
  completedBy(new Argument("<event>", "its number, or its key"), foundEvents);

function showCommand(context: Context): CommandUnknownOpts {
  return command("show")
    .description("Show one event that waits or was moved aside, in full.")
    .addArgument(eventArgument())
    .option(...jsonOption)
    .addHelpText("after", examples(["hare event show eq-rejected/000000017"]))
    .action((name, options) => runEventShow(name, options, context));
}

/** Shows one event. */
export async function runEventShow(
  name: string,
  options: PrintOptions,
  context: Context,
): Promise<void> {
  const found = await findEvent(context.consul(), name, context.signal);
  const { key, event, rejected, whole } = found;
  const lines = [
    `key     ${key}`,
    ...(rejected === null ? [] : [
      `moved   ${rejected.time || "at a time that is not told"}`,
      `reason  ${rejected.reason}`,
    ]),
    ...(whole ? [] : ["only the beginning of the event was kept:"]),
    event,
  ];
  await context.stdout(options.json === true ? { json: shownAsJson(found) } : { lines });
}

function retryCommand(context: Context): CommandUnknownOpts {
  return command("retry")
    .description("Put an event that was moved aside on the queue again, as the last one.")
    .addArgument(
      completedBy(new Argument("<event>", "its number, or its key"), rejectedEvents),
    )
    .addHelpText("after", examples(["hare event retry 17", "prints the key it now has"]))
    .action((name) => runEventRetry(name, context));
}

/** Puts an event back on the queue. */
export async function runEventRetry(name: string, context: Context): Promise<void> {
  const { clock, signal } = context;
  const consul = context.consul();
  const key = await retryEvent(consul, await findEvent(consul, name, signal), { clock, signal });
  await context.stdout({ lines: [key] });
}

function dropCommand(context: Context): CommandUnknownOpts {
  return command("drop")
    .description("Remove an event that waits or was moved aside: it is never handled.")
    .addArgument(eventArgument())
    .addHelpText("after", examples(["hare event drop eq-rejected/000000017"]))
    .action((name) => runEventDrop(name, context));
}

/** Removes an event; what it was is printed, so that it is not lost by mistake. */
export async function runEventDrop(name: string, context: Context): Promise<void> {
  const consul = context.consul();
  const found = await findEvent(consul, name, context.signal);
  await dropEvent(consul, found, context.signal);
  await context.stdout({ lines: [`removed ${found.key}: ${found.event}`] });
}

function historyCommand(context: Context): CommandUnknownOpts {
  return command("history")
    .description("List the events that are done, the last 1000: when, where, how long, what came.")
    .option(...jsonOption)
    .addHelpText("after", examples(["hare event history | tail"]))
    .action((options) => runEventHistory(options, context));
}

/** Lists events that are done. */
export async function runEventHistory(options: PrintOptions, context: Context): Promise<void> {
  const { signal } = context;
  const entries = await context.consul().kv.list(HISTORY_PREFIX, { signal });
  const events = eventsIn(entries);
  await context.stdout(
    options.json === true ? { json: events } : {
      lines: tableLines(events.map(({ time, node, key, event, ms, result, outcome }) => [
        time,
        node,
        key,
        shortened(event),
        `${ms} ms`,
        result,
        shortened(outcome),
      ])),
    },
  );
}

function shownAsJson({ key, epoch, event, rejected, whole }: FoundEvent) {
  return { key, epoch, event, rejected, whole };
}

/** Columns of a text in a table. */
const MAX_CELL = 60;

function shortened(text: string): string {
  return fitted(visible(text), MAX_CELL);
}
