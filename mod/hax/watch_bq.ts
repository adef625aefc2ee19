/**
 * Giving a program of the site every broadcast, one at a time, in order (spec: halink.md, Notifying
 * people and programs).
 *
 * The queue is read on while the program runs: the coordinator removes what every hax has seen, after
 * a second at the earliest.
 *
 * @module
 */

import type { KvEntry } from "../consul/mod.ts";
import { formatBroadcast, MAX_BROADCASTS, parseBroadcast } from "../kv/broadcast.ts";
import { KvValueError } from "../kv/errors.ts";
import { BQ_PREFIX, parseEpochKey } from "../kv/keys.ts";
import { HareError, stackOf } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Run } from "../lib/process.ts";
import { BoundedQueue } from "./bounded_queue.ts";
import { together } from "./together.ts";

/** What {@linkcode followBroadcasts} stands on. */
export interface FollowBroadcastsDeps {
  /** The whole queue, at once and after each change. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<readonly KvEntry[]>;
  readonly run: Run;
  /** The program and its arguments; it finds a broadcast, a line of JSON, on standard input. */
  readonly argv: readonly [string, ...string[]];
  /** Takes what the program prints. */
  readonly print: (text: string) => Promise<void>;
  /** Time that the program may take for one, in milliseconds. */
  readonly limitMs: number;
  readonly log: Logger;
}

/** Broadcasts that may wait for the program. */
const CAPACITY = MAX_BROADCASTS;
/** Maximum length of the program's output for one broadcast, in bytes. */
const MAX_OUTPUT = 1024 * 1024;

/**
 * Runs the program for each broadcast from now on, until `signal` is aborted. One for which it fails
 * is told in the log, and the next one follows.
 *
 * @throws {HareError} when Consul refuses to be asked
 */
export async function followBroadcasts(
  deps: FollowBroadcastsDeps,
  signal: AbortSignal,
): Promise<void> {
  const { log } = deps;
  const queue = new BoundedQueue<KvEntry>(CAPACITY);
  await together(signal, [
    async (signal) => {
      try {
        for await (const entry of newEntries(deps.watch(signal), log)) {
          if (queue.offer(entry)) continue;
          log.error("{key} is passed over: {n} broadcasts wait for {program}", {
            key: entry.key,
            n: CAPACITY,
            program: deps.argv[0],
          });
        }
      } finally {
        queue.close();
      }
    },
    (signal) =>
      queue.serve(async (entry) => {
        if (!signal.aborted) await give(entry, deps, signal);
      }),
  ]);
}

/**
 * New entries, each once, in the order of their numbers. Numbers go back when the KV is restored or
 * edited: then entries created since are new, too, and a log line reports it.
 */
async function* newEntries(
  states: AsyncIterable<readonly KvEntry[]>,
  log: Logger,
): AsyncIterable<KvEntry> {
  let last: number | null = null;
  /** Consul's index; all seen entries were created at or before it. */
  let newest = 0;
  for await (const entries of states) {
    const numbered = entries
      .map((entry) => ({ entry, number: parseEpochKey(BQ_PREFIX, entry.key) ?? -1 }))
      .toSorted((a, b) => a.number - b.number);
    const before: number = last ?? numbered.at(-1)?.number ?? -1;
    const since: number = last === null ? Infinity : newest;
    const late = numbered.filter(({ entry, number }) =>
      number >= 0 && number <= before && entry.createIndex > since
    );
    const fresh = numbered.filter(({ number }) => number > before);
    for (const { createIndex } of entries) newest = Math.max(newest, createIndex);
    last = fresh.at(-1)?.number ?? late.at(-1)?.number ?? before;
    if (late.length > 0) {
      log.warn(
        "the numbers of broadcasts went back from {before} to {key}: KV was restored, or edited",
        {
          before,
          key: late[0]?.entry.key,
        },
      );
    }
    for (const { entry } of [...late, ...fresh]) yield entry;
  }
}

async function give(
  entry: KvEntry,
  { run, argv, print, limitMs, log }: FollowBroadcastsDeps,
  signal: AbortSignal,
): Promise<void> {
  try {
    const stdin = `${formatBroadcast(parseBroadcast(entry))}\n`;
    const options = { stdin, limitMs, signal, site: true, maxOutput: MAX_OUTPUT };
    const { code, stdout, stderr } = await run(argv, options);
    if (stdout !== "") await print(stdout);
    if (code === 0) return;
    const failure = { program: argv[0], key: entry.key, code, stderr: stderr.trim() };
    log.error("{program} failed for {key} with status {code}: {stderr}", failure);
  } catch (error) {
    if (signal.aborted) throw error;
    const what = error instanceof KvValueError ? "a broadcast is passed over" : entry.key;
    const why = error instanceof HareError ? error.message : stackOf(error);
    log.error("{what}: {why}", { what, why });
  }
}
