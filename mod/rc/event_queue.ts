/**
 * The leader's work on the event queue: takes the entries in the order of their numbers, and
 * commits what each comes to together with its removal, in one fenced transaction. So an event is
 * never lost, never applied twice, and never overtaken, whatever dies in between. What is to be
 * done with an entry next is decided in `step.ts`; here it is done.
 *
 * @module
 */

import type { KvEntry, TxnOp } from "../consul/mod.ts";
import type { Counter } from "../kv/epoch_counter.ts";
import { EQ_PREFIX } from "../kv/keys.ts";
import { backoffMs } from "../lib/backoff.ts";
import { runTogether } from "../lib/run_together.ts";
import { Backlog } from "./backlog.ts";
import type { Addition } from "./history.ts";
import type { RcMetrics } from "./metrics.ts";
import type { Orders } from "./orders.ts";
import { failureOf, questionIn } from "./question.ts";
import { batchSize, type QueueEntry } from "./queue_reading.ts";
import { FORMS, rejectedValue, shown } from "./rejected.ts";
import {
  BEGIN,
  type Besides,
  type Input,
  type Result,
  resultOf,
  type State,
  step,
  writeOf,
  type Writing,
} from "./step.ts";
import { Together, type TogetherDeps } from "./together.ts";

/** What an {@linkcode EventQueue} stands on. */
export interface EventQueueDeps extends TogetherDeps {
  readonly orders: Pick<Orders, "paused" | "untilResumed">;
  readonly metrics: RcMetrics;
}

const TRY_PAUSE = { baseMs: 100, maxMs: 2000 };
/** Placeholder for the counter when no number is needed. */
const NO_COUNTER: Counter = { last: 0, modifyIndex: 0 };
const CONFLICT_PAUSE = { baseMs: 4, maxMs: 200 };

/** Handles events while leadership lasts. */
export class EventQueue {
  readonly #deps: EventQueueDeps;
  readonly #backlog: Backlog;
  readonly #together: Together;
  #handled = 0;
  #rejected = 0;

  constructor(deps: EventQueueDeps) {
    this.#deps = deps;
    this.#backlog = new Backlog(deps);
    this.#together = new Together(deps);
  }

  /** What it has done, for the log. */
  get summary(): string {
    return `${this.#handled} events handled, ${this.#rejected} moved aside`;
  }

  /** What waits. */
  get backlog(): Pick<Backlog, "length" | "oldest"> {
    return this.#backlog;
  }

  /** Handles what comes; ends with leadership. */
  async run(): Promise<void> {
    const { consul, leadership, reachability } = this.#deps;
    const options = reachability.watch("events", leadership.signal);
    // The watch asks again only when a reading has been worked off.
    for await (const found of consul.kv.watchPrefix(EQ_PREFIX, options)) {
      await this.work(found);
    }
  }

  /**
   * Handles entries as they were read, until there is reason to read again.
   *
   * @throws the reason of the end of leadership
   */
  async work(found: readonly KvEntry[]): Promise<void> {
    const entries = this.#backlog.see(found);
    const last = entries.at(-1);
    if (last !== undefined) this.#deps.numbering.takes({ number: last.epoch, key: last.key });
    this.#together.dropReserve();
    const batch = entries.slice(0, batchSize(entries.length));
    while (batch.length > 0) {
      this.#deps.leadership.signal.throwIfAborted();
      const done = this.#deps.orders.paused ? [] : await this.#together.commit(batch);
      for (const { entry, type, result, ms } of done) this.#conclude(entry, type, result, ms);
      batch.splice(0, done.length);
      const [next] = batch;
      if (done.length > 0 || next === undefined) continue;
      if (!await this.#take(next)) return;
      batch.shift();
    }
  }

  /** While events are to wait it looks on, so that it can tell how many do. */
  async #untilResumed(): Promise<void> {
    const { consul, leadership, orders, reachability } = this.#deps;
    if (!orders.paused) return;
    await runTogether([
      (end) => orders.untilResumed(AbortSignal.any([leadership.signal, end])),
      async (end) => {
        const signal = AbortSignal.any([leadership.signal, end]);
        const options = reachability.watch("waiting events", signal);
        for await (const found of consul.kv.watchPrefix(EQ_PREFIX, options)) {
          this.#backlog.see(found);
        }
      },
    ]);
    leadership.signal.throwIfAborted();
  }

  /** Whether the entry is done with; else the queue is to be read again. */
  async #take(entry: QueueEntry): Promise<boolean> {
    const { clock } = this.#deps;
    this.#together.dropReserve(); // what it tells gets a newer number than those in reserve
    const began = clock.monotonic();
    const { type, result } = await this.#handle(entry, began);
    this.#conclude(entry, type, result, clock.monotonic() - began);
    return result.is !== "stale";
  }

  /** Says what became of an entry, and counts it. */
  #conclude(entry: QueueEntry, type: string, { is, outcome }: Result, ms: number): void {
    const { log, metrics } = this.#deps;
    const { index, key } = entry;
    const what = shown(outcome);
    const fields = { index, key, event: shown(entry.text), ms: Math.round(ms), outcome: what };
    log[is === "rejected" ? "warn" : is === "left" ? "error" : "info"](
      "{key} {event}: {outcome} (index {index}, {ms} ms)",
      fields,
    );
    if (is === "stale") return;
    this.#backlog.done(entry);
    metrics.event(type, is, ms);
    if (is === "handled") this.#handled += 1;
    else this.#rejected += 1;
    if (is !== "handled") this.#deps.mishaps.note(`${key} ${what}`);
  }

  /** Runs the steps, and returns the type of the rule. */
  async #handle(
    entry: QueueEntry,
    began: number,
  ): Promise<{ readonly type: string; readonly result: Result }> {
    let state = BEGIN;
    let type = "other";
    for (let refusals = 0; state.is !== "done";) {
      await this.#untilResumed();
      switch (state.is) {
        case "asking": {
          // The rule is looked up at every attempt: the site may have fixed it.
          const question = await questionIn(entry, this.#deps);
          type = question.type;
          const answer = await question.ask();
          state = step(entry, state, answer);
          if (answer.is === "failed") await this.#afterFailure(entry, state, answer.reason);
          break;
        }
        case "committing":
        case "rejecting": {
          const { input, ops } = await this.#write(entry, state, began);
          state = step(entry, state, input, ops);
          if (input.is === "refused" && state.is !== "done") {
            await this.#pause(++refusals, CONFLICT_PAUSE);
          }
          if (input.is === "failed") await this.#afterFailure(entry, state, input.reason);
          break;
        }
        case "counting":
          state = step(entry, state, await this.#count(entry, state.atLeast));
      }
    }
    return { type, result: state.result };
  }

  /** Finds a number for the dead letter. */
  async #count(entry: QueueEntry, atLeast: number): Promise<Input> {
    try {
      const counter = await this.#deps.numbering.read();
      return { is: "counted", epoch: Math.max(counter.last + 1, atLeast), counter };
    } catch (error) {
      return { is: "failed", reason: failureOf(error, entry, this.#deps), forGood: false };
    }
  }

  /** Commits the pending write of `state`. A failure becomes the outcome. */
  async #write(
    entry: QueueEntry,
    state: Writing,
    began: number,
  ): Promise<{ readonly input: Input; readonly ops: readonly TxnOp[] }> {
    const { leadership, numbering } = this.#deps;
    let ops: readonly TxnOp[] = [];
    try {
      const addition = this.#record(entry, state, began);
      ops = writeOf(entry, state, { ops: addition.ops, ...await this.#besides(entry, state) });
      const written = await leadership.write(ops);
      if (!written.committed) return { input: { is: "refused", errors: written.errors }, ops };
      addition.committed();
      numbering.committed(ops);
      return { input: { is: "committed" }, ops };
    } catch (error) {
      const reason = failureOf(error, entry, this.#deps);
      return { input: { is: "failed", reason, forGood: false }, ops };
    }
  }

  /** The record of the commit; the smallest form of a dead letter has none. */
  #record(entry: QueueEntry, state: Writing, began: number): Addition {
    const { clock, history } = this.#deps;
    if (state.is === "rejecting" && state.form === FORMS.length - 1) return history.add([]);
    const { is, outcome } = resultOf(state);
    const { key, epoch, text } = entry;
    const ms = clock.monotonic() - began;
    return history.add([{ key, epoch, text, result: is, outcome, ms }]);
  }

  async #besides(entry: QueueEntry, state: Writing): Promise<Omit<Besides, "ops">> {
    if (state.is === "rejecting") {
      const { reason, form } = state;
      const now = new Date(this.#deps.clock.now());
      const letter = await rejectedValue(entry, reason, now, form);
      return { letter, counter: NO_COUNTER };
    }
    const tells = state.effects.broadcasts !== undefined;
    return { letter: "", counter: tells ? await this.#deps.numbering.read() : NO_COUNTER };
  }

  /** Says that the rule will be asked again, and waits until then. */
  async #afterFailure(entry: QueueEntry, state: State, reason: string): Promise<void> {
    if (state.is !== "asking") return;
    const tries = state.failures;
    const fields = { key: entry.key, event: shown(entry.text), tries, reason };
    this.#deps.log.warn("{key} {event}: try {tries} failed: {reason}", fields);
    this.#deps.mishaps.note(`${entry.key} try ${tries} failed: ${reason}`);
    await this.#pause(tries, TRY_PAUSE);
  }

  async #pause(attempt: number, bounds: { readonly baseMs: number; readonly maxMs: number }) {
    const { clock, leadership, random } = this.#deps;
    await clock.sleep(backoffMs(attempt, { ...bounds, random }), leadership.signal);
  }
}
