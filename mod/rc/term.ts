/**
 * One term of leadership: the leader's loops, from the election to the end.
 *
 * @module
 */

import { type KvEntry, txn } from "../consul/mod.ts";
import { RC_REPORT } from "../kv/keys.ts";
import { formatOrder, type LeaderReport } from "../kv/rc_orders.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { Broadcasts } from "./broadcasts.ts";
import { EventQueue } from "./event_queue.ts";
import { History } from "./history.ts";
import { keepLeaderValue } from "./leader_value.ts";
import { type LeaderDeps, Leadership, LeadershipOver } from "./leadership.ts";
import type { LeaderNumbers, RcMetrics } from "./metrics.ts";
import { Mishaps } from "./mishaps.ts";
import { Numbering } from "./numbering.ts";
import type { Orders } from "./orders.ts";
import type { Rulebook } from "./rules/mod.ts";
import { Timer } from "./timer.ts";

/** What a {@linkcode Term} stands on. */
export interface TermDeps extends LeaderDeps {
  /** This node's name. */
  readonly node: string;
  readonly rules: Rulebook;
  readonly orders: Pick<Orders, "paused" | "untilResumed">;
  readonly metrics: RcMetrics;
  readonly log: Logger;
  /** Is told that the term is over for a reason of its own: a refused write, or a failure. */
  readonly onOver: () => void;
}

/** How often the leader looks whether its report has changed. */
const REPORT_MS = 5000;

/** A term; it runs from its making until it is over. */
export class Term {
  /** The session that holds the lock. */
  readonly session: string;
  readonly #leadership: Leadership;
  readonly #deps: TermDeps;
  readonly #history: History;
  readonly #mishaps: Mishaps;
  readonly #numbering: Numbering;
  readonly #timer: Timer;
  readonly #queue: EventQueue;
  readonly #broadcasts: Broadcasts;
  /**
   * Start of the term: on the wall clock, for people, and on the monotonic clock, for its duration.
   */
  readonly #began: { readonly wall: Date; readonly monotonic: number };
  readonly #work: Promise<void>;

  constructor(session: string, deps: TermDeps) {
    const leadership = new Leadership(session, deps);
    const mishaps = new Mishaps(deps);
    const numbering = new Numbering({ ...deps, leadership });
    const common = { ...deps, leadership, mishaps, numbering };
    const history = new History(common);
    const timer = new Timer(common);
    this.session = session;
    this.#leadership = leadership;
    this.#deps = deps;
    this.#history = history;
    this.#mishaps = mishaps;
    this.#numbering = numbering;
    this.#timer = timer;
    this.#queue = new EventQueue({ ...common, history, lookAtTimeouts: () => timer.look() });
    this.#broadcasts = new Broadcasts(common);
    this.#began = { wall: new Date(deps.clock.now()), monotonic: deps.clock.monotonic() };
    deps.reachability.noteWithheld = (problem) => mishaps.note(problem);
    deps.metrics.election("won");
    deps.metrics.leaderNumbers = () => this.#leaderNumbers();
    leadership.signal.addEventListener("abort", deps.onOver, { once: true });
    this.#work = this.#run();
  }

  /** Whether it is over, for whatever reason. */
  get isOver(): boolean {
    return this.#leadership.signal.aborted;
  }

  /**
   * Ends the term, for `reason` unless it is over already, and waits until the event in hand is
   * finished.
   *
   * @throws what ended the term, if that was a failure
   */
  async end(reason: string): Promise<void> {
    const { clock, log, metrics, reachability } = this.#deps;
    this.#leadership.end(new LeadershipOver(reason));
    await this.#work;
    metrics.leaderNumbers = null;
    reachability.noteWithheld = null;
    metrics.election("over");
    const why: unknown = this.#leadership.signal.reason;
    if (!(why instanceof LeadershipOver)) throw why;
    log.info("leads no longer, after {time} with {summary}: {why}", {
      time: formatDuration(clock.monotonic() - this.#began.monotonic),
      summary: this.#queue.summary,
      why: why.message,
    });
    await this.#close(reason);
  }

  /** Removes a void order, unless it has changed since it was read. */
  async discard({ key, modifyIndex }: KvEntry): Promise<void> {
    try {
      await this.#leadership.write([txn.checkIndex(key, modifyIndex), txn.delete(key)]);
    } catch (error) {
      if (!(error instanceof LeadershipOver)) throw error; // the next leader removes it
    }
  }

  /** A loop that fails ends the others; the one reason there is stands in the signal. */
  async #run(): Promise<void> {
    const end = (error: unknown) => this.#leadership.end(error);
    const loops: Promise<void>[] = [];
    try {
      await this.#history.open();
      // Problems with reading the numbers are reported, too.
      loops.push(this.#report().catch(end));
      await this.#numbering.open();
    } catch (error) {
      end(error);
      return void await Promise.all(loops);
    }
    loops.push(...[
      this.#numbering.watch(),
      keepLeaderValue({ ...this.#deps, leadership: this.#leadership }),
      this.#queue.run(),
      this.#timer.watch(),
      this.#timer.run(),
      this.#broadcasts.watch(),
      this.#broadcasts.run(),
    ].map((loop) => loop.catch(end)));
    await Promise.all(loops);
  }

  /** Keeps `hare/rc-report` correct, also after another client has written it. */
  async #report(): Promise<never> {
    const { clock, consul } = this.#deps;
    const { signal } = this.#leadership;
    const read = () => consul.kv.get(RC_REPORT, { signal, stale: true });
    while (true) {
      const report = formatOrder(this.#reportNow());
      const found = await this.#leadership.patiently("report", read);
      if (found?.value !== report) {
        await this.#leadership.write([txn.set(RC_REPORT, report)], { signal });
      }
      await clock.sleep(REPORT_MS, signal);
    }
  }

  #reportNow(): LeaderReport {
    const { oldest } = this.#queue.backlog;
    const { last } = this.#mishaps;
    return {
      node: this.#deps.node,
      session: this.session,
      term: this.#history.term,
      since: this.#began.wall.toISOString(),
      oldest: oldest && { key: oldest.key, since: oldest.since.toISOString() },
      lastError: last && { time: last.at.toISOString(), what: last.what },
    };
  }

  #leaderNumbers(): LeaderNumbers {
    const { length, oldest } = this.#queue.backlog;
    return {
      queues: { eq: length, bq: this.#broadcasts.length, timeout: this.#timer.length },
      oldestMs: oldest === null ? 0 : this.#deps.clock.monotonic() - oldest.seenAt,
    };
  }

  /** Who has lost the lock cannot write how, and who cannot reach Consul either. */
  async #close(how: string): Promise<void> {
    try {
      await this.#history.close(how);
    } catch (error) {
      if (!(error instanceof LeadershipOver)) throw error;
    }
  }
}
