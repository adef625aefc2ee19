/**
 * Producers: programs that put numbered events on the queue, and know exactly which of them they
 * have put there, whatever becomes of Consul's answers.
 *
 * @module
 */

import { type Consul, ConsulError, txn } from "../../mod/consul/mod.ts";
import { enqueueOps } from "../../mod/kv/enqueue.ts";
import { readCounter } from "../../mod/kv/epoch_counter.ts";
import { EQ_PREFIX } from "../../mod/kv/keys.ts";

/** An event that was put on the queue. */
export interface Produced {
  readonly epoch: number;
  /** The broadcast that it comes to. */
  readonly broadcast: string;
}

/** How a producer works. */
export interface ProducerOptions {
  /** Tells its events from those of others. */
  readonly number: number;
  readonly perSecond: number;
  /** Whether it is to wait. */
  readonly isHeld: () => boolean;
  readonly signal: AbortSignal;
}

/** Events in one transaction. */
const BATCH = 10;
/** Drives of one producer: more than it will ever need. */
const RANGE = 1_000_000;
const CALL_LIMIT_MS = 2000;

/**
 * Puts events on the queue at a steady pace until `signal` is aborted; when Consul is away it makes
 * up for it afterwards, but not for when it was held.
 *
 * @param nodes it asks the agent of the next one when one does not answer
 */
export async function produce(
  nodes: readonly { readonly consul: Consul }[],
  { number, perSecond, isHeld, signal }: ProducerOptions,
): Promise<readonly Produced[]> {
  const produced: Produced[] = [];
  const marker = `test/producer/${number}`;
  let due = 0;
  let last = performance.now();
  for (let turn = number; !signal.aborted;) {
    const now = performance.now();
    if (!isHeld()) due += (now - last) / 1000 * perSecond;
    last = now;
    if (produced.length + BATCH > due) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    const consul = nodes[turn % nodes.length]?.consul;
    if (consul === undefined) throw new Error("no nodes");
    try {
      produced.push(...await put(consul, marker, number, produced.length));
    } catch (error) {
      if (!(error instanceof ConsulError && error.retryable)) throw error;
      turn += 1;
    }
  }
  return produced;
}

/**
 * Puts the next batch there, in one transaction with the producer's own mark. Where the mark shows
 * that it is there already, an answer was lost, and the mark tells the numbers.
 */
async function put(
  consul: Consul,
  marker: string,
  number: number,
  done: number,
): Promise<readonly Produced[]> {
  const limit = { timeoutMs: CALL_LIMIT_MS };
  const mark = await consul.kv.get(marker, { ...limit, consistent: true });
  const [count = 0, ...numbers] = mark === null ? [] : mark.value.split(" ").map(Number);
  const broadcasts = Array.from({ length: BATCH }, (_, i) => {
    const fid = `0x6b00000000000001:0x${(number * RANGE + done + i).toString(16)}`;
    return JSON.stringify({ fid, state: "failed" });
  });
  const named = (epochs: readonly number[]) =>
    broadcasts.map((broadcast, i): Produced => ({ epoch: epochs[i] ?? -1, broadcast }));
  if (count > done) return named(numbers);
  const counter = await readCounter(consul, limit);
  const events = broadcasts.map((broadcast) => `drive ${broadcast}`);
  const { ops, epochs } = enqueueOps(counter, EQ_PREFIX, events);
  const value = [done + BATCH, ...epochs].join(" ");
  const result = await consul.txn(
    [...ops, txn.cas(marker, value, mark?.modifyIndex ?? 0)],
    limit,
  );
  return result.ok ? named(epochs) : []; // another was faster: again
}
