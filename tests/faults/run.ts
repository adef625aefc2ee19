/**
 * The fault run: producers put numbered events on the queue, faults hit at random, and in the end
 * what was done is judged. By hand, for as long as you like:
 *
 * `tools/deno run -A tests/faults/run.ts [FAULTS [SEED [MINUTES]]]`
 *
 * @module
 */

import { EQ_PREFIX } from "../../mod/kv/keys.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { FaultCluster, type StartRc } from "./cluster.ts";
import { judge, Observer, type Verdict } from "./effects.ts";
import { type FaultName, FAULTS, pick } from "./faults.ts";
import { produce } from "./producer.ts";

/** Options of {@linkcode runFaults}. */
export interface FaultRunOptions {
  readonly addresses: readonly string[];
  /** The next fault, or `null` when there have been enough. */
  readonly next: (made: number, soFar: () => Verdict) => FaultName | null;
  readonly perSecond: number;
  /** {@default the built binary} */
  readonly startRc?: StartRc;
  /** Is told each fault when it is over, and how long it took. */
  readonly onFault?: (name: FaultName, ms: number) => void;
}

/** What a run came to. */
export interface FaultRun {
  readonly events: number;
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  readonly verdict: Verdict;
}

const PRODUCERS = 2;

/** Makes faults under load, and judges. */
export async function runFaults(options: FaultRunOptions): Promise<FaultRun> {
  await using cluster = await FaultCluster.start(options.addresses, options.startRc);
  const names = cluster.nodes.map(({ name }) => name);
  const observer = new Observer(options.addresses, names);
  const stop = new AbortController();
  const producing = Promise.all(
    Array.from({ length: PRODUCERS }, (_, number) =>
      produce(cluster.clients, {
        number,
        perSecond: options.perSecond / PRODUCERS,
        signal: stop.signal,
      })),
  );
  const faults: Partial<Record<FaultName, number>> = {};
  try {
    const soFar = () => judge([], observer.seen);
    for (let made = 0;; made++) {
      const name = options.next(made, soFar);
      if (name === null) break;
      const began = Date.now();
      await FAULTS[name](cluster);
      faults[name] = (faults[name] ?? 0) + 1;
      options.onFault?.(name, Date.now() - began);
      // Each new leader reads the whole queue first: one that grew without end would be all it does.
      await backlogBelow(MAX_BACKLOG, cluster, WORK_LIMIT_MS);
    }
    stop.abort();
    const produced = (await producing).flat().toSorted((a, b) => a.epoch - b.epoch);
    await settled(cluster, observer, produced.length);
    const expected = produced.map(({ broadcast }) => broadcast);
    return { events: produced.length, faults, verdict: judge(expected, observer.seen) };
  } finally {
    stop.abort();
    await observer.stop();
  }
}

/** Waits until the queue is empty, and all that came of it has been seen, or nothing comes any more. */
async function settled(cluster: FaultCluster, observer: Observer, events: number): Promise<void> {
  await backlogBelow(1, cluster, WORK_LIMIT_MS);
  const began = Date.now();
  await waitFor("the last effects", () => {
    const { length } = observer.seen.broadcasts;
    return Promise.resolve(
      length >= events || Date.now() - began > LAST_EFFECTS_MS
        ? { ready: true, value: undefined }
        : { ready: false, why: `${length} of ${events}` },
    );
  }, { limitMs: 2 * LAST_EFFECTS_MS });
}

const LAST_EFFECTS_MS = 10_000;
const MAX_BACKLOG = 2000;
const WORK_LIMIT_MS = 180_000;

/** Waits until fewer than `bound` events wait, whichever agent tells. */
async function backlogBelow(bound: number, cluster: FaultCluster, limitMs: number): Promise<void> {
  let turn = 0;
  await waitFor(`fewer than ${bound} events in the queue`, async () => {
    const consul = cluster.clients[turn++ % cluster.clients.length];
    const keys = await consul?.kv.keys(EQ_PREFIX, { timeoutMs: 2000, consistent: true }) ?? [];
    return keys.length < bound
      ? { ready: true, value: undefined }
      : { ready: false, why: `${keys.length} events wait` };
  }, { limitMs });
}

/** Numbers in [0, 1) that are the same for the same seed (a linear congruential generator). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

if (import.meta.main) {
  const [count = 100, seed = Date.now() % 2 ** 32, limit = Infinity] = Deno.args.map(Number);
  const random = randomFrom(seed);
  const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  print(`${count} faults, seed ${seed}`);
  const began = Date.now();
  let made = 0;
  const { events, faults, verdict } = await runFaults({
    addresses: ["127.79.8.1", "127.79.8.2", "127.79.8.3"],
    next: (made) => made < count && Date.now() - began < limit * 60_000 ? pick(random) : null,
    perSecond: 200,
    onFault: (name, ms) => print(`${++made} ${name}: ${ms} ms`),
  });
  const minutes = ((Date.now() - began) / 60_000).toFixed(1);
  print(`${events} events, ${made} faults in ${minutes} minutes: ${JSON.stringify(faults)}`);
  for (const [law, broken] of Object.entries(verdict)) {
    print(`${law}: ${broken.length} ${broken.slice(0, 5).join(" ")}`);
  }
  if (Object.values(verdict).some((broken) => broken.length > 0)) Deno.exitCode = 1;
}
