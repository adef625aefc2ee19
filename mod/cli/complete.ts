/**
 * `hare complete`, which the shells' completion scripts ask: given the words of a command line so
 * far, it prints what may stand at the cursor, one `value<TAB>description` a line, or `:files` or
 * `:directories` where the shell knows better.
 *
 * @bomb.sh/tab was tried and left: its handlers are synchronous, so that they cannot ask Consul;
 * it forbids file names everywhere; and it splits at the colon of a fid.
 *
 * @module
 */

import { command, type CommandUnknownOpts } from "./command.ts";
import type { Context } from "./context.ts";
import { type LiveValues, type Taker, valuesOf } from "./values.ts";

/** Something that may stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What may stand at the cursor: these, or file names. */
export type Completion = readonly Candidate[] | "files" | "directories";

/** Somebody waits at the prompt. */
const LIMIT_MS = 1000;

/** The hidden sub-command `complete`. */
export function completeCommand(context: Context): CommandUnknownOpts {
  return command("complete")
    .description("Print what may stand at the cursor, for the shells' completion scripts.")
    .argument("[words...]", "the command line so far; the last word is the one at the cursor")
    .action(async (words, _options, self) => {
      if (self.parent !== null) {
        await context.stdout({ verbatim: render(await complete(self.parent, words, context)) });
      }
    });
}

function render(completion: Completion): string {
  if (typeof completion === "string") return `:${completion}\n`;
  return completion.map(({ value, description }) => `${value}\t${description}\n`).join("");
}

/**
 * What may stand at the cursor.
 *
 * @param program the root of the commands
 * @param words the words after the program's name; the last one, maybe empty, is being typed
 */
export async function complete(
  program: CommandUnknownOpts,
  words: readonly string[],
  context: Context,
): Promise<Completion> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const place = walk(program, before);
  if (place.taker !== undefined) return await valuesFor(place.taker, current, context);
  if (current.startsWith("-") && !place.onlyArguments) {
    const equals = current.indexOf("=");
    if (equals < 0) return optionsOf(place.command, before, current);
    const flag = current.slice(0, equals);
    const option = optionCalled(place.command, flag);
    if (option === undefined) return [];
    const values = await valuesFor(option, current.slice(equals + 1), context);
    return typeof values === "string"
      ? values
      : values.map((each) => ({ ...each, value: `${flag}=${each.value}` }));
  }
  const subCommands = place.arguments === 0 ? subCommandsOf(place.command, current) : [];
  if (subCommands.length > 0) return subCommands;
  const argument = argumentAt(place.command, place.arguments);
  return argument === undefined ? [] : await valuesFor(argument, current, context);
}

/** Where the words before the cursor have led. */
interface Place {
  readonly command: CommandUnknownOpts;
  /** How many arguments of the command are there already. */
  readonly arguments: number;
  /** The option that still wants its value. */
  readonly taker: Taker | undefined;
  /** `--` was there: no options any more. */
  readonly onlyArguments: boolean;
}

function walk(program: CommandUnknownOpts, words: readonly string[]): Place {
  let place: Place = { command: program, arguments: 0, taker: undefined, onlyArguments: false };
  for (const word of words) place = step(place, word);
  return place;
}

function step(place: Place, word: string): Place {
  if (place.taker !== undefined) return { ...place, taker: undefined };
  if (!place.onlyArguments) {
    if (word === "--") return { ...place, onlyArguments: true };
    if (word.startsWith("-")) {
      const option = optionCalled(place.command, word);
      return option?.required === true ? { ...place, taker: option } : place;
    }
    const next = place.command.commands.find((each) => each.name() === word);
    if (next !== undefined && place.arguments === 0) return { ...place, command: next };
  }
  return { ...place, arguments: place.arguments + 1 };
}

function visibleOptions(command: CommandUnknownOpts): CommandUnknownOpts["options"] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

function optionCalled(
  command: CommandUnknownOpts,
  flag: string,
): CommandUnknownOpts["options"][number] | undefined {
  return visibleOptions(command).find(({ short, long }) => flag === short || flag === long);
}

/** Long options, without those that are there already and can be there only once. */
function optionsOf(
  command: CommandUnknownOpts,
  before: readonly string[],
  current: string,
): readonly Candidate[] {
  return visibleOptions(command)
    .filter(({ short, long, variadic }) =>
      variadic || !before.some((word) => word === short || word === long)
    )
    .map(({ short, long, description }) => ({ value: long ?? short ?? "", description }))
    .filter(({ value }) => value.startsWith(current));
}

function subCommandsOf(command: CommandUnknownOpts, current: string): readonly Candidate[] {
  return command.createHelp().visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.summary() || each.description() }))
    .filter(({ value }) => value.startsWith(current));
}

function argumentAt(command: CommandUnknownOpts, index: number): Taker | undefined {
  const last = command.registeredArguments.at(-1);
  return command.registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

async function valuesFor(taker: Taker, current: string, context: Context): Promise<Completion> {
  const values = taker.argChoices ?? valuesOf(taker);
  if (values === "files" || values === "directories") return values;
  if (values === "nothing") return [];
  const list = typeof values === "function" ? await quietly(values, context) : values;
  return list
    .filter((value) => value.startsWith(current) && PLAIN.test(value))
    .map((value) => ({ value, description: "" }));
}

/** What a shell takes as one word with no special meaning; whatever else is in KV stays there. */
const PLAIN = /^[\w.:@%+,/-]+$/;

/** At the prompt nobody wants to read why there are no values. */
async function quietly(values: LiveValues, context: Context): Promise<readonly string[]> {
  const ended = new AbortController();
  const late = context.clock.sleep(LIMIT_MS, ended.signal).then((): readonly string[] => []);
  const found = Promise.resolve().then(() => values(context, AbortSignal.timeout(LIMIT_MS)));
  try {
    return await Promise.race([found, late]);
  } catch {
    return [];
  } finally {
    ended.abort();
  }
}
