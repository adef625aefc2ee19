/**
 * `hare watch-bq`: runs a program of the site for every broadcast.
 *
 * @module
 */

import { splitWords } from "../agent/words.ts";
import { followBroadcasts } from "../hax/watch_bq.ts";
import { BQ_PREFIX } from "../kv/keys.ts";
import { UsageError } from "../lib/errors.ts";
import { loggerOf } from "../lib/log.ts";
import { command, type CommandUnknownOpts, examples, Option, parsedBy } from "./command.ts";
import type { Context } from "./context.ts";

const log = loggerOf("watch-bq");

/** A program that takes longer for one broadcast is killed. */
const LIMIT_MS = 60_000;

/** Options of `hare watch-bq`. */
export interface WatchBqOptions {
  readonly exec: readonly [string, ...string[]];
}

/** The sub-command. */
export function watchBqCommand(context: Context): CommandUnknownOpts {
  return command("watch-bq")
    .description(
      "Run a program for every broadcast from now on, in order. Runs until stopped.",
    )
    .addOption(
      new Option(
        "--exec <command>",
        "program and arguments; it finds the broadcast on standard input, a line of JSON",
      ).argParser(parsedBy(parseCommand)).makeOptionMandatory(),
    )
    .addHelpText(
      "after",
      examples(
        [
          "hare watch-bq --exec /usr/local/bin/tell",
          `{"fid":"0x6b00000000000001:0x10","state":"failed"}`,
        ],
        [`hare watch-bq --exec "jq -r .fid"`, "prints what the program prints"],
        [`hare watch-bq --exec "logger -t hare"`, "into the journal"],
      ) +
        "\n\nNo shell takes part. It is run for one broadcast at a time, 60 s at most; where it fails, the log\nsays so and the next one follows. Of this command's environment it has PATH, HOME, LANG, LC_*, TZ and\nCONSUL_HTTP_ADDR, and no token. A broadcast that leaves the queue while Consul cannot be asked is\nmissed: the log says when that may be.",
    )
    .action((options) => runWatchBq(options, context));
}

/** Runs until the context's signal is aborted. */
export async function runWatchBq({ exec }: WatchBqOptions, context: Context): Promise<void> {
  const { kv } = context.consul();
  const watch = (signal: AbortSignal) =>
    kv.watchPrefix(BQ_PREFIX, {
      signal,
      onError: (error, attempt) => {
        if (attempt > 1) return;
        log.warn("Consul is away; broadcasts of meanwhile may be missed: {why}", {
          why: error.message,
        });
      },
      onRecovered: () => log.info("Consul is back"),
    });
  await followBroadcasts(
    {
      watch,
      run: context.run,
      argv: exec,
      print: (text) => context.stdout({ verbatim: text }),
      limitMs: LIMIT_MS,
      log,
    },
    context.signal,
  );
}

function parseCommand(line: string): readonly [string, ...string[]] {
  const [program, ...args] = splitWords(line);
  if (program === undefined) throw new UsageError("it names no program");
  return [program, ...args];
}
