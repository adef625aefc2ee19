/**
 * A recorder on a key-value store in memory, for tests of what it writes.
 *
 * @module
 */

import { ProcessRecords } from "../../mod/hax/records.ts";
import { Recorder } from "../../mod/hax/recorder.ts";
import type { ProcessEvent, Report } from "../../mod/hax/transition.ts";
import type { TxnOp } from "../../mod/consul/mod.ts";
import { EQ_PREFIX } from "../../mod/kv/keys.ts";
import type { Clock } from "../../mod/lib/clock.ts";
import { loggerOf } from "../../mod/lib/log.ts";
import { FakeKv } from "./fake_kv.ts";

/** A node. */
export interface World {
  readonly kv: FakeKv;
  readonly recorder: Recorder;
  readonly records: ProcessRecords;
  /** Pids that are there. */
  readonly pids: Set<number>;
  /** What became of the events: `recorded`, or the reason why not. */
  readonly outcomes: string[];
  /** The transactions that were tried. */
  readonly tried: (readonly TxnOp[])[];
  /** Records what was offered. */
  finish(): Promise<void>;
}

/** Options of {@linkcode world}. */
export interface WorldOptions {
  /** {@default one on which pauses pass at once} */
  readonly clock?: Clock;
  readonly capacity?: number;
  /** What others do just before a transaction. */
  readonly beforeTxn?: (world: World) => void;
}

/** A node with an empty KV. */
export function world({ beforeTxn = () => {}, ...options }: WorldOptions = {}): World {
  const kv = new FakeKv();
  const log = loggerOf("test");
  const pids = new Set([1, 2, 3]);
  const outcomes: string[] = [];
  const tried: (readonly TxnOp[])[] = [];
  const txn = (ops: readonly TxnOp[]) => {
    tried.push(ops);
    beforeTxn(world);
    return kv.txn(ops);
  };
  const records = new ProcessRecords({ consul: { kv: kv.kv, txn }, log });
  const recorder = new Recorder(records, {
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    random: () => 0,
    log,
    boot: "now",
    startOf: (pid) => pids.has(pid) ? pid * 10 : null,
    isOfUnit: () => true,
    onOutcome: (_, transition) => outcomes.push(transition.applied ? "recorded" : transition.why),
    ...options,
  });
  const finish = async () => {
    recorder.close();
    await recorder.run(new AbortController().signal);
  };
  const world: World = { kv, recorder, records, pids, outcomes, tried, finish };
  return world;
}

/** What a process that is there says of itself. */
export function report(
  event: Report["event"],
  pid: number,
  type: Report["type"] = "M0D",
): ProcessEvent {
  return { kind: "report", report: { event, type, pid }, boot: "now", start: pid * 10 };
}

/** The events on the event queue. */
export function events(kv: FakeKv): Record<string, unknown>[] {
  return kv.entries(EQ_PREFIX)
    .filter(({ value }) => value.startsWith("process "))
    .map(({ key, value }) => ({ key, ...JSON.parse(value.replace(/^process /, "")) }));
}

/** The events on the event queue, shortened to `<key> <state> <pid> <generation>`. */
export function queued(kv: FakeKv): string[] {
  return events(kv).map(({ key, state, pid, generation }) =>
    `${key} ${String(state).replace("M0_CONF_HA_PROCESS_", "")} ${pid} ${generation}`
  );
}
