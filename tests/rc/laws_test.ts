/**
 * The laws of the event queue, under random interleavings: three coordinators of which each may
 * believe that it leads, a lock that moves between them at any moment or belongs to nobody because
 * a session has ended, producers, operators who pause, readings that are old or got lost, and calls
 * that fail before or after they had their effect.
 *
 * Each event is applied once; none is lost; in the order of numbers; and no transaction is committed
 * by anybody but the holder of the lock, nor while the coordinator is paused. Where somebody deletes,
 * overwrites or sets back the counter, each event still is applied once, and each broadcast is heard
 * by each hax, once, in the order of commits.
 *
 * @module
 */

import * as fc from "fast-check";
import type { KvEntry } from "../../mod/consul/mod.ts";
import type { Clock } from "../../mod/lib/clock.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { txn } from "../../mod/consul/mod.ts";
import { Broadcasts as Hax } from "../../mod/hax/broadcasts.ts";
import { parseBroadcast } from "../../mod/kv/broadcast.ts";
import { epochIn } from "../../mod/kv/epoch_counter.ts";
import { eqKey, parseEpochKey, RC_PAUSED, serviceKey } from "../../mod/kv/keys.ts";
import { loggerOf } from "../../mod/lib/log.ts";
import { timeoutKey } from "../../mod/kv/timeout_key.ts";
import type { Broadcasts } from "../../mod/rc/broadcasts.ts";
import { type Leadership, LeadershipOver } from "../../mod/rc/leadership.ts";
import type { Rule } from "../../mod/rc/rules/mod.ts";
import { assertEquals } from "../lib/assert.ts";
import { STEPS_MS } from "../lib/fake_clock.ts";
import { makeLeader } from "./leader.ts";
import { type Commit, type Fate, ModelConsul } from "./model.ts";

const NODES = ["a", "b", "c"] as const;
type Node = (typeof NODES)[number];

/** What happens at one call of a coordinator, before it takes effect. */
type Turn =
  | { readonly is: "nothing" }
  /** The caller is held up while others run. */
  | { readonly is: "pause"; readonly turns: number }
  | { readonly is: "lock moves"; readonly to: Node | null }
  | { readonly is: "order"; readonly paused: boolean }
  /** The next reading of the queue is an earlier one, or is empty. */
  | { readonly is: "reading"; readonly old: boolean }
  /** A producer puts an event on the queue, with the counter's next number. */
  | { readonly is: "event" }
  | { readonly is: "timeout"; readonly events: number }
  /** The counter is deleted, overwritten, or set back. */
  | { readonly is: "counter"; readonly value: string | null }
  /** The wall clock is set. */
  | { readonly is: "clock"; readonly stepMs: number }
  /** The hax of these nodes read the broadcast queue. */
  | { readonly is: "hax"; readonly nodes: readonly Node[] }
  | { readonly is: "fails"; readonly fate: Fate };

const turns: fc.Arbitrary<Turn> = fc.oneof(
  { arbitrary: fc.constant<Turn>({ is: "nothing" }), weight: 6 },
  fc.record({ is: fc.constant("pause" as const), turns: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ is: fc.constant("clock" as const), stepMs: fc.constantFrom(...STEPS_MS) }),
  fc.record({
    is: fc.constant("lock moves" as const),
    to: fc.constantFrom(...NODES, null),
  }),
  fc.record({ is: fc.constant("order" as const), paused: fc.boolean() }),
  fc.record({ is: fc.constant("reading" as const), old: fc.boolean() }),
  fc.constant<Turn>({ is: "event" }),
  fc.record({ is: fc.constant("timeout" as const), events: fc.integer({ min: 0, max: 130 }) }),
  fc.record({
    is: fc.constant("fails" as const),
    fate: fc.constantFrom<Fate>("refused", "answer-lost"),
  }),
);

/** What else happens where the counter goes back. */
const troubles: fc.Arbitrary<Turn> = fc.oneof(
  { arbitrary: turns, weight: 6 },
  { arbitrary: fc.constant<Turn>({ is: "event" }), weight: 3 },
  {
    arbitrary: fc.record({
      is: fc.constant("counter" as const),
      value: fc.constantFrom(null, "0", "3", "-1", "many", "9007199254740991"),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      is: fc.constant("hax" as const),
      nodes: fc.oneof(fc.constant(NODES), fc.subarray([...NODES])),
    }),
    weight: 3,
  },
);

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

/** The state, and those who change it besides the coordinators. */
class World {
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
const applying: Rule = {
  type: "n",
  prefix: true,
  async handle({ type, epoch }, { consul }) {
    const applied = await consul.kv.get("applied");
    const value = `${applied === null ? "" : `${applied.value} `}${epoch}:${type}`;
    return { ops: [txn.cas("applied", value, applied?.modifyIndex ?? 0)], outcome: "applied" };
  },
};

/** Has the event's number broadcast; independent of all others. */
const telling: Rule = {
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
const tellingItself: Rule = {
  ...telling,
  handle: ({ type }) => ({
    ops: [],
    broadcasts: [{ fid: makeFid("drive", Number(type.slice("told".length))), state: "failed" }],
    outcome: "told",
  }),
};

/**
 * A coordinator that takes itself for the leader until it is told better, and for the leader again
 * soon after.
 */
async function coordinate(
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

Deno.test("events are applied once, in order, by the holder of the lock, whatever happens", async () => {
  const worlds = fc.record({
    // Without a size of "max" none would be longer than ten.
    script: fc.array(turns, { maxLength: 120, size: "max" }),
    queued: fc.integer({ min: 0, max: 60 }),
    every: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ script, queued, every }) => {
      const world = new World(script, queued, every);
      await Promise.all(NODES.map((node) => coordinate(world, node)));
      const applied = world.applied.map((one) => one.split(":"));
      const numbers = applied.map(([number]) => Number(number));
      assertAscending(numbers);
      const events = applied.map(([, event]) => event ?? "");
      assertEquals(events.toSorted(), world.made.filter((one) => one.startsWith("n")).toSorted());
      const told = world.model.list("bq/").map((entry) => Number(parseBroadcast(entry).fid.key));
      assertAscending(told);
      assertEquals(told.length, world.made.length - events.length);
      assertEquals(world.model.commits.filter(({ by, holder }) => by !== holder), []);
      assertEquals(world.model.list("eq-rejected/"), []);
      assertEquals(world.model.commits.filter(handledWhilePaused), []);
    }),
    { numRuns: 100 },
  );
});

Deno.test("every broadcast is heard by every hax, in order, however the counter goes back", async () => {
  const worlds = fc.record({
    script: fc.array(troubles, { maxLength: 400, size: "max" }),
    queued: fc.integer({ min: 0, max: 60 }),
    every: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ script, queued, every }) => {
      const world = new World(script, queued, every);
      await Promise.all(
        NODES.map((node) => coordinate(world, node, [applying, tellingItself])),
      );
      await world.hear();
      const events = world.applied.map((one) => one.split(":")[1] ?? "");
      assertEquals(events.toSorted(), world.made.filter((one) => one.startsWith("n")).toSorted());
      const broadcasts = world.model.commits.flatMap(({ ops }) =>
        ops.filter(({ key, verb }) => key.startsWith("bq/") && verb === "cas")
      );
      assertAscending(broadcasts.map(({ key }) => parseEpochKey("bq/", key) ?? -1));
      const told = broadcasts.map(({ key, value = "" }) =>
        Number(parseBroadcast({ key, value }).fid.key)
      );
      assertEquals(told.length, world.made.length - events.length);
      for (const heard of world.heard.values()) assertEquals(heard, told);
      assertEquals(world.model.list("eq-rejected/"), []);
    }),
    { numRuns: 100 },
  );
});

function handledWhilePaused({ ops, paused }: Commit): boolean {
  return paused && ops.some(({ verb, key }) => verb === "delete" && key.startsWith("eq/"));
}

/** Each is greater than the one before: in order, and none twice. */
function assertAscending(numbers: readonly number[]): void {
  assertEquals(numbers, [...new Set(numbers)].toSorted((a, b) => a - b));
}
