/**
 * The world of the laws of the event queue: coordinators, producers, operators, hax, and a script of
 * what befalls them.
 *
 * @module
 */

import type { KvEntry } from "../../mod/consul/mod.ts";
import type { Clock } from "../../mod/lib/clock.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { txn } from "../../mod/consul/mod.ts";
import { Broadcasts as Hax } from "../../mod/hax/broadcasts.ts";
import { epochIn } from "../../mod/kv/epoch_counter.ts";
import { eqKey, parseEpochKey, RC_PAUSED, serviceKey } from "../../mod/kv/keys.ts";
import { loggerOf } from "../../mod/lib/log.ts";
import { timeoutKey } from "../../mod/kv/timeout_key.ts";
import type { Broadcasts } from "../../mod/rc/broadcasts.ts";
import { type Leadership, LeadershipOver } from "../../mod/rc/leadership.ts";
import type { Rule } from "../../mod/rc/rules/mod.ts";
import { makeLeader } from "./leader.ts";
import { type Node, NODES, type Turn } from "./laws_turns.ts";
import { type Fate, ModelConsul } from "./model.ts";

/** Time that everybody who waits for lets pass. */
class HurriedClock implements Clock {
  #monotonic = 0;
  #wall = Date.UTC(2026, 10, 24);
  #latest = 0;

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Sets the wall clock. */
  step(ms: number): void {
    this.#latest = Math.max(this.#latest, this.#wall);
    this.#wall += ms;
  }

  /** Sets the wall clock to the latest time that it has told. */
  catchUp(): void {
    this.#wall = Math.max(this.#latest, this.#wall);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#monotonic += ms;
    this.#wall += ms;
    await microtasks(3);
    signal?.throwIfAborted();
  }
}

async function microtasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

/** The state, and the clients other than the coordinators that change it. */
export class World {
  readonly model = new ModelConsul();
  readonly clock = new HurriedClock();
  /** All events that were made, by producers and by timeouts. */
  readonly made: string[] = [];
  readonly #script: Turn[];
  /** Every how many events one is no independent one. */
  readonly #every: number;
  /** How often each node has lost the lock: its session then ended, and another was opened. */
  readonly #losses = new Map<Node, number>();
  /** What each node's hax has told its processes. */
  readonly heard = new Map<Node, number[]>(NODES.map((node) => [node, []]));
  readonly #hax = new Map<Node, Hax>();
  #holder: Node | null = null;
  #before: readonly KvEntry[] = [];
  #reading: "as it is" | "old" | "lost" = "as it is";

  constructor(script: readonly Turn[], queued: number, every: number) {
    this.#script = [...script];
    this.#every = every;
    this.#moveLock("a");
    this.model.put("epoch", "0");
    for (const [i, node] of NODES.entries()) {
      this.model.put(serviceKey(node, i, "types"), "ha");
      this.model.put(serviceKey(node, i, "ep"), "127.0.0.1@tcp:12345:1:1");
      this.#hax.set(node, this.#startHax(node));
    }
    for (let i = 0; i < queued; i++) this.#produce();
    this.model.beforeCall = () => this.#turn();
  }

  get done(): boolean {
    return this.#script.length === 0 && this.model.list("eq/").length === 0 &&
      this.model.list("timeout/").length === 0;
  }

  /** The session that a node has now. */
  sessionOf(node: Node): string {
    return `${node}${this.#losses.get(node) ?? 0}`;
  }

  /** What a watch of the queue yields next. */
  read(now: readonly KvEntry[]): readonly KvEntry[] {
    const reading = this.#reading;
    const before = this.#before;
    this.#reading = "as it is";
    this.#before = now;
    return reading === "old" ? before : reading === "lost" ? [] : now;
  }

  /** What was applied, in order. */
  get applied(): string[] {
    return this.model.get("applied")?.value.split(" ") ?? [];
  }

  /** Has every hax read the broadcast queue. */
  async hear(): Promise<void> {
    for (const node of NODES) await this.#hear(node);
  }

  async #hear(node: Node): Promise<void> {
    await this.#hax.get(node)?.apply(this.model.list("bq/"), new AbortController().signal);
  }

  #startHax(node: Node): Hax {
    const { model } = this;
    return new Hax({
      consul: {
        kv: {
          get: (key) => Promise.resolve(model.get(key)),
          list: (prefix) => Promise.resolve(model.list(prefix)),
          cas: (key, value, index) =>
            Promise.resolve(model.commit([txn.cas(key, value, index)]).ok),
        },
      },
      node,
      random: () => 0.5,
      tell: (notes) => this.heard.get(node)?.push(...notes.map(({ fid }) => Number(fid.key))),
      log: loggerOf("hax"),
    });
  }

  async #turn(): Promise<Fate> {
    const turn = this.#script.shift();
    // In the end one leads, so that all comes to an end.
    if (turn === undefined) {
      if (this.#holder === null) this.#moveLock("a");
      this.model.delete(RC_PAUSED);
      this.clock.catchUp();
      return "done";
    }
    switch (turn.is) {
      case "nothing":
        return "done";
      case "pause":
        await microtasks(turn.turns);
        return "done";
      case "lock moves":
        this.#moveLock(turn.to);
        return "done";
      case "order":
        if (turn.paused) this.model.put(RC_PAUSED, "by a test");
        else this.model.delete(RC_PAUSED);
        return "done";
      case "reading":
        this.#reading = turn.old ? "old" : "lost";
        return "done";
      case "event":
        this.#produce();
        return "done";
      case "timeout":
        this.#setTimeout(turn.events);
        return "done";
      case "counter":
        if (turn.value === null) this.model.delete("epoch");
        else this.model.put("epoch", turn.value);
        return "done";
      case "clock":
        this.clock.step(turn.stepMs);
        return "done";
      case "hax":
        for (const node of turn.nodes) await this.#hear(node);
        return "done";
      case "fails":
        return turn.fate;
    }
  }

  #moveLock(to: Node | null): void {
    if (to === this.#holder) return;
    if (this.#holder !== null) {
      this.#losses.set(this.#holder, (this.#losses.get(this.#holder) ?? 0) + 1);
    }
    this.#holder = to;
    this.model.lock(to === null ? null : this.sessionOf(to));
  }

  /** As producers do, which do not look further than to the counter where that has a number. */
  #produce(): void {
    const last = epochIn(this.model.get("epoch")) ??
      Math.max(0, ...this.model.list("eq/").map(({ key }) => parseEpochKey("eq/", key) ?? 0));
    let epoch = last + 1;
    while (this.model.get(eqKey(epoch)) !== null) epoch += 1;
    this.model.put("epoch", String(epoch));
    this.model.put(eqKey(epoch), this.#make());
  }

  #setTimeout(events: number): void {
    const key = timeoutKey(new Date(this.clock.now() - 1000));
    if (this.model.get(key) !== null) return;
    this.model.put(key, Array.from({ length: events }, () => this.#make()).join(","));
  }

  #make(): string {
    const event = `${this.made.length % this.#every === 0 ? "n" : "told"}${this.made.length}`;
    this.made.push(event);
    return event;
  }
}

/** Adds the event, and the number that it had, to what was applied. */
export const applying: Rule = {
  type: "n",
  prefix: true,
  async handle({ type, epoch }, { consul }) {
    const applied = await consul.kv.get("applied");
    const value = `${applied === null ? "" : `${applied.value} `}${epoch}:${type}`;
    return { ops: [txn.cas("applied", value, applied?.modifyIndex ?? 0)], outcome: "applied" };
  },
};

/** Has the event's number broadcast; independent of all others. */
export const telling: Rule = {
  type: "told",
  prefix: true,
  independent: true,
  handle: ({ epoch }) => ({
    ops: [],
    broadcasts: [{ fid: makeFid("drive", epoch), state: "failed" }],
    outcome: "told",
  }),
};

/** Has the event's own number broadcast. */
export const tellingItself: Rule = {
  ...telling,
  handle: ({ type }) => ({
    ops: [],
    broadcasts: [{ fid: makeFid("drive", Number(type.slice("told".length))), state: "failed" }],
    outcome: "told",
  }),
};

/**
 * A coordinator that assumes that it leads until a write is refused, and assumes it again soon
 * after.
 */
export async function coordinate(
  world: World,
  node: Node,
  rules: readonly Rule[] = [applying, telling],
): Promise<void> {
  const { model, clock } = world;
  while (!world.done) {
    const session = world.sessionOf(node);
    const leader = makeLeader(model, session, clock, rules);
    const { broadcasts, history, leadership, numbering, queue, timer } = leader;
    try {
      await history.open();
      await numbering.open();
      // Both end with leadership.
      broadcasts.watch().catch(() => {});
      keepClean(broadcasts, leadership).catch(() => {});
      while (!world.done) {
        await timer.fireDue();
        timer.look();
        await queue.work(world.read(await model.client(session).kv.list("eq/")));
      }
    } catch (error) {
      const away = error instanceof Error && error.message.endsWith("is away");
      if (!(error instanceof LeadershipOver) && !away) throw error;
      await microtasks(5);
    } finally {
      leadership.end(new LeadershipOver("the test goes on"));
    }
  }
}

/** Removes broadcasts that every hax has seen, beside the work on the events. */
async function keepClean(broadcasts: Broadcasts, { signal }: Leadership): Promise<void> {
  while (!signal.aborted) {
    await broadcasts.clean();
    await microtasks(20);
  }
}
