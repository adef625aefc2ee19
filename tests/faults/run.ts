/**
 * The fault run: producers put numbered events on the queue, faults hit at random, and in the end
 * what was done is judged. By hand, for as long as you like, with processes of this machine, or with
 * test hosts:
 *
 * `tools/deno run -A tests/faults/run.ts [--hosts] [FAULTS [SEED [MINUTES]]]`
 *
 * @module
 */

import { HareError } from "../../mod/lib/errors.ts";
import { EQ_PREFIX } from "../../mod/kv/keys.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { print } from "../../tools/say.ts";
import { medianAndWorst } from "../bench/measure.ts";
import { TestHosts } from "../hosts/mod.ts";
import { getReady } from "../hosts/ready.ts";
import { FaultCluster } from "./cluster.ts";
import { judge, Observer, type Verdict } from "./effects.ts";
import { type Fault, makeFault, pick } from "./fault.ts";
import { FAULTS } from "./faults.ts";
import { bringUp, HOST_FAULTS } from "./hosts.ts";
import type { FaultNode } from "./leadership.ts";
import { produce } from "./producer.ts";

/** Options of {@linkcode runFaults}. */
export interface FaultRunOptions<N extends FaultNode, F extends string> {
  readonly nodes: readonly N[];
  /** All that can be made. */
  readonly faults: Readonly<Record<F, Fault<N>>>;
  /** The next fault, or `null` when there have been enough. */
  readonly next: (made: number, soFar: () => Verdict) => F | null;
  readonly perSecond: number;
  /** Is told each fault when it is over, and after how long another led. */
  readonly onFault?: (name: F, ms: number) => void;
}

/** What a run came to. */
export interface FaultRun {
  readonly events: number;
  readonly verdict: Verdict;
}

const PRODUCERS = 2;

/** Makes faults under load, and judges. */
export async function runFaults<N extends FaultNode, F extends string>(
  { nodes, faults, next, perSecond, onFault }: FaultRunOptions<N, F>,
): Promise<FaultRun> {
  const observer = new Observer(
    nodes.map(({ address }) => address),
    nodes.map(({ name }) => name),
  );
  const stop = new AbortController();
  let isHeld = false;
  const producing = Promise.all(
    Array.from(
      { length: PRODUCERS },
      (_, number) =>
        produce(nodes, {
          number,
          perSecond: perSecond / PRODUCERS,
          isHeld: () => isHeld,
          signal: stop.signal,
        }),
    ),
  );
  try {
    const soFar = () => judge([], observer.seen);
    for (let made = 0;; made++) {
      const name = next(made, soFar);
      if (name === null) break;
      const ms = await makeFault(nodes, faults[name]);
      onFault?.(name, ms);
      // Each new leader reads the whole queue first: one that grew without end would be all it does.
      isHeld = true;
      await backlogBelow(MAX_BACKLOG, nodes, WORK_LIMIT_MS);
      isHeld = false;
    }
    stop.abort();
    const produced = (await producing).flat().toSorted((a, b) => a.epoch - b.epoch);
    await settled(nodes, observer, produced.length);
    const expected = produced.map(({ broadcast }) => broadcast);
    return { events: produced.length, verdict: judge(expected, observer.seen) };
  } finally {
    stop.abort();
    await observer.stop();
  }
}

/** Waits until the queue is empty, and all that came of it has been seen, or nothing comes any more. */
async function settled(
  nodes: readonly FaultNode[],
  observer: Observer,
  events: number,
): Promise<void> {
  await backlogBelow(1, nodes, WORK_LIMIT_MS);
  const began = performance.now();
  await waitFor("the last effects", () => {
    const { length } = observer.seen.broadcasts;
    return Promise.resolve(
      length >= events || performance.now() - began > LAST_EFFECTS_MS
        ? { ready: true, value: undefined }
        : { ready: false, why: `${length} of ${events}` },
    );
  }, { limitMs: 2 * LAST_EFFECTS_MS });
}

const LAST_EFFECTS_MS = 10_000;
const MAX_BACKLOG = 2000;
const WORK_LIMIT_MS = 180_000;

/** Waits until fewer than `bound` events wait, whichever agent tells. */
async function backlogBelow(
  bound: number,
  nodes: readonly FaultNode[],
  limitMs: number,
): Promise<void> {
  let turn = 0;
  await waitFor(`fewer than ${bound} events in the queue`, async () => {
    const consul = nodes[turn++ % nodes.length]?.consul;
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

/** The run by hand: faults at random, and what came of them. */
async function runLong<N extends FaultNode, F extends string>(
  nodes: readonly N[],
  faults: Readonly<Record<F, Fault<N>>>,
  [count = 100, seed = Date.now() % 2 ** 32, limit = Infinity]: readonly number[],
): Promise<void> {
  const random = randomFrom(seed);
  print(`${count} faults, seed ${seed}`);
  const began = performance.now();
  const times = new Map<F, number[]>();
  let made = 0;
  const { events, verdict } = await runFaults({
    nodes,
    faults,
    next: (made) =>
      made < count && performance.now() - began < limit * 60_000 ? pick(faults, random) : null,
    perSecond: 200,
    onFault: (name, ms) => {
      print(`${++made} ${name}: another after ${ms.toFixed(0)} ms`);
      times.set(name, [...times.get(name) ?? [], ms]);
    },
  });
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  print(`${events} events, ${made} faults in ${minutes} minutes; another after (median, worst):`);
  for (const [name, ms] of times) print(`${ms.length} × ${name}: ${medianAndWorst(ms)}`);
  for (const [law, broken] of Object.entries(verdict)) {
    print(`${law}: ${broken.length} ${broken.slice(0, 5).join(" ")}`);
  }
  if (Object.values(verdict).some((broken) => broken.length > 0)) Deno.exitCode = 1;
}

if (import.meta.main) {
  const numbers = Deno.args.filter((arg) => arg !== "--hosts").map(Number);
  if (Deno.args.includes("--hosts")) {
    const ready = await getReady();
    if ("why" in ready) throw new HareError(`no test hosts: ${ready.why}`);
    await using hosts = await TestHosts.make(3, ready.base);
    await runLong(await bringUp(hosts), HOST_FAULTS, numbers);
  } else {
    await using cluster = await FaultCluster.start(["127.79.8.1", "127.79.8.2", "127.79.8.3"]);
    await runLong(cluster.nodes, FAULTS, numbers);
  }
}
