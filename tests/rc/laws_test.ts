/**
 * The laws of the event queue, under random interleavings: two coordinators of which each may
 * believe that it leads, a lock that moves between them at any moment, producers, and calls that
 * fail before or after they had their effect.
 *
 * Each event is applied once; none is lost; in the order of numbers; and no transaction is committed
 * by anybody but the holder of the lock.
 *
 * @module
 */

import * as fc from "fast-check";
import type { Clock } from "../../mod/lib/clock.ts";
import { txn } from "../../mod/consul/mod.ts";
import { eqKey } from "../../mod/kv/keys.ts";
import { timeoutKey } from "../../mod/kv/timeout_key.ts";
import { LeadershipOver } from "../../mod/rc/leadership.ts";
import type { Rule } from "../../mod/rc/rules/mod.ts";
import { assertEquals } from "../lib/assert.ts";
import { makeLeader } from "./leader.ts";
import { type Fate, ModelConsul } from "./model.ts";

/** What happens at one call of a coordinator, before it takes effect. */
type Turn =
  | { readonly is: "nothing" }
  /** The caller is held up while others run. */
  | { readonly is: "pause"; readonly turns: number }
  | { readonly is: "lock moves"; readonly to: "a" | "b" | null }
  /** A producer puts an event on the queue, with the counter's next number. */
  | { readonly is: "event" }
  | { readonly is: "timeout"; readonly events: number }
  | { readonly is: "fails"; readonly fate: Fate };

const turns: fc.Arbitrary<Turn> = fc.oneof(
  { arbitrary: fc.constant<Turn>({ is: "nothing" }), weight: 6 },
  fc.record({ is: fc.constant("pause" as const), turns: fc.integer({ min: 1, max: 30 }) }),
  fc.record({
    is: fc.constant("lock moves" as const),
    to: fc.constantFrom("a" as const, "b" as const, null),
  }),
  fc.constant<Turn>({ is: "event" }),
  fc.record({ is: fc.constant("timeout" as const), events: fc.integer({ min: 0, max: 130 }) }),
  fc.record({
    is: fc.constant("fails" as const),
    fate: fc.constantFrom<Fate>("refused", "answer-lost"),
  }),
);

/** Time that everybody who waits for lets pass. */
class HurriedClock implements Clock {
  #now = Date.UTC(2026, 10, 24);

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#now += ms;
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

  constructor(script: readonly Turn[], queued: number) {
    this.#script = [...script];
    this.model.lock("a");
    this.model.put("epoch", "0");
    for (let i = 0; i < queued; i++) this.#produce();
    this.model.beforeCall = () => this.#turn();
  }

  get done(): boolean {
    return this.#script.length === 0 && this.model.list("eq/").length === 0 &&
      this.model.list("timeout/").length === 0;
  }

  /** What was applied, in order. */
  get applied(): string[] {
    return this.model.get("applied")?.value.split(" ") ?? [];
  }

  async #turn(): Promise<Fate> {
    const turn = this.#script.shift();
    // In the end one leads, so that all comes to an end.
    if (turn === undefined) {
      if (this.model.holder === null) this.model.lock("a");
      return "done";
    }
    switch (turn.is) {
      case "nothing":
        return "done";
      case "pause":
        await microtasks(turn.turns);
        return "done";
      case "lock moves":
        this.model.lock(turn.to);
        return "done";
      case "event":
        this.#produce();
        return "done";
      case "timeout":
        this.#setTimeout(turn.events);
        return "done";
      case "fails":
        return turn.fate;
    }
  }

  #produce(): void {
    const epoch = Number(this.model.get("epoch")?.value) + 1;
    this.model.put("epoch", String(epoch));
    this.model.put(eqKey(epoch), this.#make());
  }

  #setTimeout(events: number): void {
    const key = timeoutKey(new Date(this.clock.now() - 1000));
    if (this.model.get(key) !== null) return;
    this.model.put(key, Array.from({ length: events }, () => this.#make()).join(","));
  }

  #make(): string {
    const event = `n${this.made.length}`;
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

/**
 * A coordinator that takes itself for the leader until it is told better, and for the leader again
 * soon after.
 */
async function coordinate(world: World, session: string): Promise<void> {
  const { model, clock } = world;
  while (!world.done) {
    const { history, queue, timer } = makeLeader(model, session, clock, [applying]);
    try {
      await history.open();
      while (!world.done) {
        await timer.fireDue();
        timer.look();
        await queue.work(await model.client(session).kv.list("eq/"));
      }
    } catch (error) {
      const away = error instanceof Error && error.message.endsWith("is away");
      if (!(error instanceof LeadershipOver) && !away) throw error;
      await microtasks(5);
    }
  }
}

Deno.test("events are applied once, in order, by the holder of the lock, whatever happens", async () => {
  const worlds = fc.record({
    script: fc.array(turns, { maxLength: 120 }),
    queued: fc.integer({ min: 0, max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ script, queued }) => {
      const world = new World(script, queued);
      await Promise.all([coordinate(world, "a"), coordinate(world, "b")]);
      const applied = world.applied.map((one) => one.split(":"));
      const numbers = applied.map(([number]) => Number(number));
      assertEquals(numbers, numbers.toSorted((a, b) => a - b));
      const events = applied.map(([, event]) => event ?? "");
      assertEquals(events.toSorted(), world.made.toSorted());
      assertEquals(world.model.commits.filter(({ by, holder }) => by !== holder), []);
      assertEquals(world.model.list("eq-rejected/"), []);
    }),
    { numRuns: 500 },
  );
});
