/**
 * The wall clock is set back and forth, on one host and on all, while a cluster comes up, elects its
 * leaders, and handles events. Only timeouts may notice.
 *
 * @module
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { enqueue } from "../../mod/kv/enqueue.ts";
import { parseHistory } from "../../mod/kv/history.ts";
import { EQ_PREFIX, HISTORY_PREFIX, LEADER } from "../../mod/kv/keys.ts";
import { timeoutKey } from "../../mod/kv/timeout_key.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { join } from "../../mod/lib/std/path.ts";
import { Dev, EXAMPLES, mustPass, until } from "../dev/cluster.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { testUnless, WHY_NOT_LONG } from "../lib/conditional.ts";
import { STEPS_MS } from "../lib/fake_clock.ts";
import { HostClocks, WHY_NO_CLOCKS } from "./host_clocks.ts";

const HOSTS = ["node1", "node2", "node3"] as const;
const EVENT = "wake_RC";
const MINUTE_MS = 60_000;
/**
 * A busy machine may let the coordinators' TTL of 2 s pass. Where a step makes a check fail, it does
 * so for as long as the step.
 */
const BAD_MS = 5_000;

/** A cluster whose hosts' clocks can be set, and what has become of it so far. */
class SteppedCluster implements AsyncDisposable {
  readonly dev: Dev;
  readonly clocks: HostClocks;
  readonly consul: Consul;
  /** Events that were put on the queue. */
  #events = 0;
  /** When each check was first found not passing since it passed last; and those for too long. */
  readonly #notPassing = new Map<string, number>();
  readonly #bad = new Set<string>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  private constructor(dev: Dev, clocks: HostClocks) {
    this.dev = dev;
    this.clocks = clocks;
    this.consul = dev.consul(1);
    this.#watching = this.#watch();
  }

  /** Brings one up while all clocks, the operator's too, are set again and again. */
  static async up(net: string): Promise<SteppedCluster> {
    const clocks = await HostClocks.make(HOSTS);
    const dev = await Dev.make(net, clocks.env);
    await upUnderSteps(dev, clocks);
    return new SteppedCluster(dev, clocks);
  }

  /** The leader and its session. */
  async leader(): Promise<{ readonly node: string; readonly session: string | null }> {
    const entry = await this.consul.kv.get(LEADER, { consistent: true });
    return { node: entry?.value ?? "", session: entry?.session ?? null };
  }

  /** Puts events on the queue, and waits until they are handled. */
  async handleEvents(count: number): Promise<void> {
    await enqueue(this.consul, EQ_PREFIX, Array(count).fill(EVENT));
    this.#events += count;
    await waitFor("an empty queue", async (signal) => {
      const keys = await this.consul.kv.keys(EQ_PREFIX, { signal });
      return keys.length === 0
        ? { ready: true, value: undefined }
        : { ready: false, why: keys.join(" ") };
    }, { limitMs: 10_000 });
  }

  /** Sets a timeout for a time of the machine's clock. */
  async setTimeoutIn(ms: number): Promise<string> {
    const key = timeoutKey(new Date(systemClock.now() + ms));
    await this.consul.kv.put(key, EVENT);
    return key;
  }

  /** Waits until a timeout has been moved to the queue. */
  async fired(key: string): Promise<void> {
    await waitFor(`${key} to be moved`, async (signal) => {
      const entry = await this.consul.kv.get(key, { signal });
      return entry === null ? { ready: true, value: undefined } : { ready: false, why: "it waits" };
    }, { limitMs: 5_000 });
    this.#events += 1;
  }

  /** Waits until every hax has renewed its checks: those of the shortest TTL, 12 s, each 4 s. */
  async renewed(): Promise<void> {
    const before = await this.#updates();
    await waitFor("the checks to be renewed", async () => {
      const now = await this.#updates();
      // hax's own, and its confd's
      const late = HOSTS.filter((_, i) => (now[i] ?? 0) < (before[i] ?? 0) + 2);
      return late.length === 0
        ? { ready: true, value: undefined }
        : { ready: false, why: `not on ${late.join(", ")}` };
    }, { limitMs: 8_000 });
  }

  async #updates(): Promise<readonly number[]> {
    return await Promise.all(HOSTS.map(async (_, i) => {
      const answer = await fetch(`http://${this.dev.address(i + 1)}:8008/metrics`);
      const [, count] = /^hare_hax_check_updates_total\{outcome="taken"\} (\d+)$/m
        .exec(await answer.text()) ?? [];
      return Number(count);
    }));
  }

  /** Kills the leader's coordinator, and waits until another leads. */
  async killLeader(): Promise<string> {
    const { node } = await this.leader();
    mustPass(await this.dev.dev("kill", `${node}/rc`));
    await waitFor("another leader", async () => {
      const now = await this.leader();
      return now.session !== null && now.node !== node
        ? { ready: true, value: undefined }
        : { ready: false, why: `the key tells of ${now.node}` };
    }, { limitMs: 10_000 });
    return node;
  }

  /** All events were handled once, and no check has failed but those of `killed`. */
  async assertUnharmed(killed: readonly string[]): Promise<void> {
    const records = (await this.consul.kv.list(HISTORY_PREFIX)).map(parseHistory);
    const handled = records.flatMap((record) =>
      record.kind === "event" && record.event === EVENT ? [record.key] : []
    );
    assertEquals([handled.length, new Set(handled).size], [this.#events, this.#events]);
    const ofKilled = killed.map((node) => `${node} service:hare-rc critical`);
    assertEquals([...this.#bad].filter((check) => !ofKilled.includes(check)), []);
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      for (const { node, checkId, status } of await this.consul.health.state("any")) {
        const name = `${node} ${checkId}`;
        if (status === "passing") {
          this.#notPassing.delete(name);
          continue;
        }
        const now = systemClock.monotonic();
        const since = this.#notPassing.get(name) ?? now;
        this.#notPassing.set(name, since);
        if (now - since > BAD_MS) this.#bad.add(`${name} ${status}`);
      }
      await systemClock.sleep(100, this.#stop.signal).catch(() => {}); // the loop's condition ends it
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await this.dev[Symbol.asyncDispose]();
    await this.clocks[Symbol.asyncDispose]();
  }
}

/** `hare dev up` while all clocks are set again and again. */
async function upUnderSteps(dev: Dev, clocks: HostClocks): Promise<void> {
  const stop = new AbortController();
  const stepping = (async () => {
    for (let i = 0; !stop.signal.aborted; i++) {
      await clocks.set(STEPS_MS[i % STEPS_MS.length] ?? 0);
      await systemClock.sleep(500, stop.signal).catch(() => {}); // the loop's condition ends it
    }
    await clocks.set(0);
  })();
  const began = systemClock.monotonic();
  const { stdout } = await dev.up(join(EXAMPLES, "three-nodes.yaml")).finally(async () => {
    stop.abort();
    await stepping;
  });
  const [, seconds] = /^3 nodes are up, after (\d+\.\d) s\.$/m.exec(stdout) ?? [];
  const most = (systemClock.monotonic() - began) / 1000;
  assert(Number(seconds) <= most, `it tells of ${seconds} s, and it took ${most} s`);
  await until("a healthy cluster", () => dev.ask(1, "status"));
}

testUnless(
  WHY_NO_CLOCKS,
  "the clock is set on one host, then on all: only timeouts notice",
  async () => {
    await using cluster = await SteppedCluster.up("127.77.30");
    const { clocks } = cluster;
    const first = await cluster.leader();
    const soon = await cluster.setTimeoutIn(30 * MINUTE_MS);
    const late = await cluster.setTimeoutIn(120 * MINUTE_MS);
    await clocks.set(-120_000, [first.node]);
    await cluster.handleEvents(20);
    await cluster.renewed();
    assertEquals(await cluster.leader(), first);
    assertEquals(await cluster.consul.kv.keys("timeout/"), [soon, late]);

    await clocks.set(3_600_000);
    await cluster.fired(soon);
    assertEquals(await cluster.leader(), first);

    await clocks.set(-3_600_000);
    const killed = await cluster.killLeader();
    await cluster.handleEvents(20);
    assertEquals(await cluster.consul.kv.keys("timeout/"), [late]);
    await cluster.assertUnharmed([killed]);
  },
);

testUnless(
  WHY_NO_CLOCKS ?? WHY_NOT_LONG,
  "the clock is set by each step, on one host and on all, through elections: only timeouts notice",
  async () => {
    await using cluster = await SteppedCluster.up("127.77.31");
    const { clocks, dev } = cluster;
    const killed: string[] = [];
    for (const ofAll of [false, true]) {
      for (const step of STEPS_MS) {
        await clocks.set(0);
        const leader = await cluster.leader();
        const due = await cluster.setTimeoutIn(Math.abs(step) / 2);
        await clocks.set(step, ofAll ? undefined : [leader.node]);
        await cluster.handleEvents(25);
        // Longer than the shortest TTL.
        for (let i = 0; i < 4; i++) await cluster.renewed();
        assertEquals(await cluster.leader(), leader, `${step} ms, all: ${ofAll}`);
        if (step > 0) await cluster.fired(due);
        else await cluster.consul.kv.delete(due);
        assertEquals(await cluster.consul.kv.keys("timeout/"), []);

        // Back, amid an election.
        const election = cluster.killLeader();
        await clocks.set(0);
        killed.push(await election);
        await cluster.handleEvents(25);
        await upUnderSteps(dev, clocks);
      }
    }
    await cluster.assertUnharmed(killed);
  },
);
