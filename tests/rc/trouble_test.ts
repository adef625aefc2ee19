/**
 * A coordinator whose Consul is slow, or answers 500, now and then or for a while: between the two
 * stands a server that passes requests on, or does worse.
 *
 * @module
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { EPOCH, EQ_PREFIX } from "../../mod/kv/keys.ts";
import { DEFAULT_SETTINGS, RcMetrics } from "../../mod/rc/mod.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { type CapturedLog, captureLog } from "../lib/capture_log.ts";
import { type BadServer, type Behaviour, serveBadly } from "../lib/bad_server.ts";
import { startConsul } from "../lib/consul.ts";
import { eventually, importConfiguration, leaderNow, registerConfd, startHere } from "./nodes.ts";
import { listing } from "./queue_world.ts";

const ADDRESS = "127.79.1.1";

/** What happens to a request. */
interface Trouble {
  /** Milliseconds before it is passed on. */
  readonly delayMs?: number;
  /** Answered with 500: in place of being passed on, or afterwards, so that only the answer is lost. */
  readonly fails?: "before" | "after";
}

const NO_LEADER: Behaviour = { status: 500, answer: "No cluster leader" };

/** Passes requests on to the agent, with what trouble there is at the moment; it ends with `end`. */
function serveBetween(trouble: (path: string) => Trouble, end: AbortSignal): BadServer {
  return serveBadly(async ({ method, path, query, body }) => {
    const { delayMs = 0, fails } = trouble(path);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (fails === "before" || end.aborted) return NO_LEADER;
    try {
      const response = await fetch(`http://${ADDRESS}:8500${path}?${query}`, {
        method,
        signal: end,
        ...(method === "PUT" ? { body } : {}),
      });
      const answer = await response.text();
      const index = response.headers.get("x-consul-index");
      const headers = index === null ? {} : { "x-consul-index": index };
      return fails === "after" ? NO_LEADER : { status: response.status, answer, headers };
    } catch (error) {
      if (end.aborted) return NO_LEADER;
      throw error;
    }
  });
}

async function withTrouble(
  test: (world: {
    consul: Consul;
    log: CapturedLog;
    metrics: RcMetrics;
    set: (trouble: (path: string) => Trouble) => void;
    put: (from: number, to: number) => Promise<string[]>;
  }) => Promise<void>,
): Promise<void> {
  await using log = await captureLog();
  await using agent = await startConsul({ address: ADDRESS, node: "node0" });
  await importConfiguration([agent]);
  await registerConfd(agent, 0);
  let trouble: (path: string) => Trouble = () => ({});
  const end = new AbortController();
  await using between = serveBetween((path) => trouble(path), end.signal);
  const metrics = new RcMetrics();
  const settings = DEFAULT_SETTINGS;
  await using _rc = startHere(between.address, { rules: [listing], settings, metrics });
  const { consul } = agent;
  await leaderNow(consul);
  try {
    await test({
      consul,
      log,
      metrics,
      set: (now) => trouble = now,
      put: async (from, to) => {
        const numbers = Array.from({ length: to - from }, (_, i) => from + i);
        for (const n of numbers) await consul.kv.put(`eq/${n}`, `n${n}`);
        return numbers.map((n) => `n${n}`);
      },
    });
  } finally {
    end.abort(); // a watch that was passed on may wait for minutes
  }
}

const listed = (consul: Consul, events: readonly string[]) =>
  eventually("all events", async () => (await consul.kv.get("list"))?.value.split(" "), events);

function errorsOf(metrics: RcMetrics, kind: string): number {
  const counter = metrics.metrics().find(({ name }) => name === "hare_rc_consul_errors_total");
  return counter?.samples.find(({ labels }) => labels.kind === kind)?.value ?? 0;
}

Deno.test("events are done once and in order while Consul answers 500 now and then", () =>
  withTrouble(async ({ consul, log, metrics, set, put }) => {
    let turn = 0;
    set((path) => {
      if (path.startsWith("/v1/agent/")) return {}; // its session shall live
      turn += 1;
      return turn % 5 === 0 ? { fails: "before" } : turn % 7 === 0 ? { fails: "after" } : {};
    });
    const events = await put(0, 40);
    await listed(consul, events);
    assertEquals(await consul.kv.keys("eq-rejected/"), []);
    assert(errorsOf(metrics, "server") > 10, "there was hardly any trouble");
    assertEquals(log.matching(/leads no longer/), []);
  }));

Deno.test("a time in which Consul answers nothing but 500 is said once, and waited out", () =>
  withTrouble(async ({ consul, log, set, put }) => {
    set((path) => path.startsWith("/v1/agent/") ? {} : { fails: "before" });
    const events = await put(0, 5);
    await consul.kv.put(EPOCH, "100");
    await consul.kv.put("timeout/197001010000.00", "n5"); // wakes more than one loop
    await eventually("word of it", () => {
      return Promise.resolve(
        log.matching(/^warning: Consul is away.*500: No cluster leader/).length,
      );
    }, 1);
    assertEquals(await consul.kv.get("list"), null);
    set(() => ({}));
    await listed(consul, [...events, "n5"]);
    await eventually("word of its end", () => {
      return Promise.resolve(log.matching(/^info: Consul is back after/).length);
    }, 1);
    assertEquals(log.matching(/^warning: Consul is away/).length, 1);
  }));

Deno.test("a slow Consul costs time, and leadership only when the check comes too late", () =>
  withTrouble(async ({ consul, log, set, put }) => {
    set(() => ({ delayMs: 200 }));
    const first = await put(0, 3);
    await listed(consul, first);
    assertEquals(log.matching(/leads no longer/), []);

    const session = (await consul.session.list())[0]?.id;
    set(() => ({ delayMs: 700, fails: "before" })); // beyond a quarter of the TTL
    const second = await put(3, 6);
    await eventually("the session's end", async () => {
      return (await consul.session.list()).some(({ id }) => id === session);
    }, false);
    set(() => ({}));
    await listed(consul, [...first, ...second]);
    await eventually("an empty queue", () => consul.kv.keys(EQ_PREFIX), []);
    assertEquals(log.matching(/leads no longer/).length > 0, true);
  }));
