import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, settle, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { FakeKv } from "../../tests/hax/fake_kv.ts";
import { ConsulError, type KvEntry, type WatchOptions } from "../consul/mod.ts";
import type { LinkEvents, Note } from "../halink/mod.ts";
import { formatBroadcast } from "../kv/broadcast.ts";
import { BQ_PREFIX, bqKey, EQ_PREFIX, stateKey } from "../kv/keys.ts";
import { HareError } from "../lib/errors.ts";
import { type Fid, formatFid, makeFid } from "../lib/fid.ts";
import { abortable } from "../lib/std/async.ts";
import { identityOf } from "./identity.ts";
import { LinkKeeper } from "./link_keeper.ts";

const NODE = "node1";
const NINE = makeFid("process", 9);
const ERROR = { kind: "error", error: "stob io", fid: makeFid("sdev", 3), source: NINE } as const;

/** A keeper between a store in memory and a link that notes down what is done with it. */
class World implements AsyncDisposable {
  readonly kv = new FakeKv();
  readonly clock = new FakeClock();
  /** What was done with the link, in order. */
  readonly calls: string[] = [];
  /** The processes of the node that are there. */
  readonly up = new Set<string>();
  /** What the library does on its calls. */
  open: () => Promise<void> = () => Promise.resolve();
  start: () => Promise<void> = () => Promise.resolve();
  stop: () => Promise<void> = () => Promise.resolve();
  /** How often those who wait were looked at. */
  looks = 0;
  /** Somebody waits for an entrypoint. */
  isAsked = false;
  /** The processes of the node that run. */
  readonly running: { readonly fid: Fid; readonly pid: number }[] = [];
  /** Consul does not answer watches. */
  isAway = false;
  /** The library's side. */
  events: LinkEvents | undefined;
  readonly keeper: LinkKeeper;
  readonly #stop = new AbortController();
  #ended: Promise<void> | undefined;
  #changed = Promise.withResolvers<void>();

  constructor() {
    const called = async (name: string, act: () => Promise<void>) => {
      this.calls.push(name);
      await act();
    };
    this.keeper = new LinkKeeper({
      consul: {
        kv: { ...this.kv.kv, watchPrefix: (prefix, options) => this.#watch(prefix, options) },
        txn: (ops) => this.kv.txn(ops),
      },
      clock: this.clock,
      random: () => 1,
      startOf: (pid) => pid,
      open: async ({ endpoint }, events) => {
        this.events = events;
        await called(`open ${endpoint}`, this.open);
        return {
          start: () => called("start", this.start),
          stop: () => called("stop", this.stop),
          leave: (lastWord) => {
            this.calls.push("leave");
            lastWord();
          },
          isAsked: this.isAsked,
          answerWaiting: () => void (this.looks += 1),
          sendStates: (link, { notes }) => void this.calls.push(`${link}: ${textOf(notes)}`),
          sendFailureVector: () => {},
        };
      },
      entrypoint: () => ({ known: false, why: "nobody leads" }),
      layout: () => ({
        processes: [6, 9, 12].map((fidk) => ({
          ...{ node: NODE, fidk, fid: makeFid("process", fidk), endpoint: `ep-${fidk}` },
          types: fidk === 9 ? ["confd"] : [],
        })),
      }),
      processes: {
        hear: () => {},
        isUp: (fid) => this.up.has(formatFid(fid)),
        running: () => this.running,
      },
    });
  }

  /** Begins, and waits until nothing more happens by itself. */
  async begin(): Promise<void> {
    this.#ended = this.keeper.run(identityOf(NODE, "6"), this.#stop.signal);
    this.#ended.catch(() => {}); // whoever waits for the end hears of it
    await this.pass(0);
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await settle();
  }

  /** Ends it, as SIGTERM would. */
  async end(): Promise<void> {
    this.#stop.abort();
    let hasEnded = this.#ended === undefined;
    this.#ended?.finally(() => hasEnded = true).catch(() => {}); // told below
    while (!hasEnded) await this.pass(100);
    await this.#ended;
  }

  /** The end that comes by itself. */
  get ended(): Promise<void> {
    return this.#ended ?? Promise.resolve();
  }

  /** The leader broadcasts a state, as entry `number`; `null` is one that has left the queue. */
  async broadcast(number: number | null, fid: Fid, state: Note["state"]): Promise<void> {
    const value = formatBroadcast({ fid, state });
    if (number !== null) this.kv.set(bqKey(number), value);
    this.kv.set(stateKey(fid), value);
    await this.change();
  }

  /** Watches see what is so now. */
  async change(): Promise<void> {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    await settle();
  }

  async *#watch(
    prefix: string,
    { signal, onError }: WatchOptions,
  ): AsyncIterableIterator<KvEntry[]> {
    while (!signal.aborted) {
      if (this.isAway) {
        onError?.(new ConsulError("Consul is away", { kind: "unreachable", retryable: true }), 1);
        continue;
      }
      yield this.kv.entries(prefix);
      await abortable(this.#changed.promise, signal).catch(() => {}); // the loop's condition ends it
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end().catch(() => {}); // its test has looked at it
  }
}

function textOf(notes: readonly Note[]): string {
  return notes.map(({ fid, state }) => `${fid.key} ${state}`).join(", ");
}

const peer = (key: number) => ({
  process: makeFid("process", key),
  endpoint: "ep",
  pid: 100 + key,
  isFirst: true,
});

Deno.test("LinkKeeper opens, starts and stops its link in this order", async () => {
  await using world = new World();
  const { keeper, calls } = world;
  const started = Promise.withResolvers<void>();
  world.start = () => started.promise;
  assertEquals(keeper.state, "starts");
  await world.begin();
  assertEquals([keeper.state, calls], ["starts", ["open ep-6", "start"]]);
  started.resolve();
  await world.pass(0);
  assertEquals(keeper.state, "up");
  world.stop = () => Promise.resolve(assertEquals(keeper.state, "up"));
  await world.end();
  assertEquals([keeper.state, calls], ["stopped", ["open ep-6", "start", "stop"]]);
});

Deno.test("LinkKeeper leaves processes that are linked to the next hax, once they have heard all", async () => {
  await using world = new World();
  await world.begin();
  world.events?.connected(1n, peer(6));
  world.events?.connected(2n, peer(9));
  await world.broadcast(1, makeFid("drive", 1), "failed");
  const ended = world.end();
  await world.pass(1_000);
  world.calls.push("heard");
  world.events?.sent(2n, true);
  await ended;
  assertEquals(world.calls.slice(4), ["heard", "leave", "2: 6 online"]);
});

Deno.test("LinkKeeper leaves who asks to the next hax, and those who hear nothing", async () => {
  for (const isAsked of [true, false]) {
    await using world = new World();
    world.isAsked = isAsked;
    await world.begin();
    world.events?.connected(1n, peer(6));
    if (!isAsked) world.events?.connected(2n, peer(9));
    await world.broadcast(1, makeFid("drive", 1), "failed");
    await world.end();
    assertEquals(world.calls.includes("leave"), true);
    assertEquals(world.calls.includes("stop"), false);
  }
});

Deno.test("LinkKeeper waits for the processes that were linked with an earlier hax", async () => {
  await using world = new World();
  await world.begin();
  world.events?.connected(1n, peer(6));
  world.events?.mayLink(peer(6), 0);
  world.running.push({ fid: NINE, pid: 109 });
  const mayLink = () => world.events?.mayLink(peer(12), 0);
  assertEquals(mayLink(), false);
  const { looks } = world;
  await world.pass(100);
  assertEquals(world.looks, looks + 1, "whoever was not let in is looked at again");
  world.events?.connected(2n, peer(9));
  assertEquals(mayLink(), true);
  world.events?.closed(2n);
  assertEquals(mayLink(), false);
  await world.pass(16_000);
  assertEquals(mayLink(), true, "not for ever");
});

Deno.test("LinkKeeper waits as long as it is to when the wall clock is stepped", async () => {
  for (const step of STEPS_MS) {
    await using world = new World();
    await world.begin();
    world.events?.connected(1n, peer(6));
    world.events?.mayLink(peer(6), 0);
    world.running.push({ fid: NINE, pid: 109 });
    const mayLink = () => world.events?.mayLink(peer(12), 0);
    world.clock.step(step);
    assertEquals(mayLink(), false, `a step of ${step} ms`);
    await world.pass(16_000);
    assertEquals(mayLink(), true, `a step of ${step} ms`);
    world.events?.connected(2n, peer(9));
    await world.broadcast(1, makeFid("drive", 1), "failed");
    const ended = world.end();
    await world.pass(1_000);
    world.clock.step(step);
    await world.pass(13_000);
    assertEquals(world.calls.includes("leave"), false, `a step of ${step} ms`);
    await world.pass(1_200);
    assertEquals(world.calls.includes("leave"), true, `a step of ${step} ms`);
    await ended;
  }
});

Deno.test("LinkKeeper leaves a link that still starts to the end of the process", async () => {
  await using world = new World();
  world.start = () => new Promise(() => {});
  await world.begin();
  await world.end();
  assertEquals([world.keeper.state, world.calls], ["stopped", ["open ep-6", "start"]]);
});

for (const call of ["open", "start"] as const) {
  Deno.test(`LinkKeeper ends with the library's fault when it cannot ${call}`, async () => {
    await using world = new World();
    world[call] = () => Promise.reject(new HareError("the library is of no use"));
    await world.begin();
    await assertRejects(() => world.ended, HareError, "the library is of no use");
    assert(!world.calls.includes("stop"));
  });
}

Deno.test("LinkKeeper still queues what is said until the link has ended", async () => {
  await using world = new World();
  world.stop = async () => {
    world.kv.failures.push("away", "away");
    await settle();
    world.events?.message(1n, ERROR);
  };
  await world.begin();
  await world.end();
  assertEquals(world.kv.entries(EQ_PREFIX).map(({ value }) => value.split(" ")[0]), ["io-error"]);
});

Deno.test("LinkKeeper tells each linked process what is broadcast, and what was, but of itself", async () => {
  await using world = new World();
  await world.begin();
  world.events?.connected(1n, peer(12));
  await world.broadcast(1, NINE, "failed");
  world.events?.connected(2n, peer(9));
  world.events?.connected(3n, peer(12));
  await world.broadcast(2, makeFid("drive", 1), "repair");
  assertEquals(world.calls.slice(2), [
    "1: 9 failed, 10 failed",
    "3: 9 failed, 10 failed",
    ...["1: 1 repair", "2: 1 repair", "3: 1 repair"],
  ]);
});

Deno.test("LinkKeeper does not tell that a process has failed which is there again", async () => {
  await using log = await captureLog();
  await using world = new World();
  await world.begin();
  world.events?.connected(1n, peer(12));
  world.up.add(formatFid(NINE));
  await world.broadcast(1, NINE, "failed");
  await world.broadcast(2, NINE, "online");
  assertEquals(world.calls.slice(2), ["1: 9 online, 10 online"]);
  assertEquals(log.matching(/0x9 is there again: that it failed is not told/).length, 1);
});

Deno.test("LinkKeeper makes good, once Consul is back, what has left the queue meanwhile", async () => {
  await using world = new World();
  await world.begin();
  world.events?.connected(1n, peer(12));
  await world.broadcast(1, makeFid("drive", 1), "failed");
  world.isAway = true;
  await world.change();
  await world.broadcast(null, makeFid("drive", 2), "failed");
  await world.pass(10_000);
  assertEquals(world.calls.slice(2), ["1: 1 failed"], "it cannot know");
  world.isAway = false;
  await world.pass(1_000);
  assertEquals(world.calls.slice(2), ["1: 1 failed", "1: 2 failed"]);
  assertEquals(world.kv.entries(BQ_PREFIX).length, 1);
});
