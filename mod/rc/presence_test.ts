import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { type Behaviour, serveBadly } from "../../tests/lib/bad_server.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { makeInstance } from "../../tests/rc/nodes.ts";
import { Consul } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import { loggerOf } from "../lib/log.ts";
import { OtherCoordinator, Presence, RC_CHECK } from "./presence.ts";
import { Reachability } from "./reachability.ts";
import { DEFAULT_SETTINGS, passEveryMs } from "./settings.ts";

const log = loggerOf("rc");

for (const step of STEPS_MS) {
  Deno.test(`Presence passes its check in time when the clock is stepped by ${step} ms meanwhile`, async () => {
    const clock = new FakeClock();
    let passed = 0;
    await using server = serveBadly(({ path }): Behaviour => {
      if (path.startsWith("/v1/agent/health/")) return { status: 404, answer: "{}" };
      if (!path.startsWith("/v1/agent/check/pass/")) return { answer: "" };
      passed += 1;
      clock.step(step);
      return { answer: "" };
    });
    const presence = new Presence({
      consul: new Consul({ address: server.address, clock }),
      settings: DEFAULT_SETTINGS,
      instance: makeInstance("a"),
      random: () => 0.5,
      ...{ clock, reachability: new Reachability({ clock, log }), log, onReturn: () => {} },
    });
    const stop = new AbortController();
    const keeping = presence.keep(stop.signal).catch(() => {}); // rejects with the signal's reason
    for (let n = 1; n <= 3; n++) {
      while (clock.sleeping === 0) await new Promise((done) => setTimeout(done, 1));
      assertEquals([passed, clock.untilNext], [n, passEveryMs(DEFAULT_SETTINGS)]);
      await clock.advance(clock.untilNext ?? 0);
    }
    stop.abort();
    await keeping;
  });
}

/** An agent with or without a registered coordinator, and a presence that starts there. */
async function withAgent(
  other: Readonly<Record<string, string>> | null,
  test: (world: {
    presence: Presence;
    clock: FakeClock;
    /** Stops the process for this number of milliseconds. */
    stopFor: (ms: number) => void;
    checks: Record<string, unknown>;
    services: Record<string, unknown>;
    registered: () => string | undefined;
  }) => Promise<void>,
): Promise<void> {
  const service = { ID: "hare-rc", Service: "hare-rc", Address: "", Port: 0, ModifyIndex: 0 };
  const check = { ...{ Node: "a", CheckID: RC_CHECK, Name: "", Notes: "", Output: "" } };
  const named = { ServiceID: "hare-rc", ServiceName: "hare-rc", ModifyIndex: 0 };
  const services: Record<string, unknown> = other === null
    ? {}
    : { "hare-rc": { ...service, Meta: other } };
  const checks = { [RC_CHECK]: { ...check, ...named, Status: "passing" } };
  let registered: string | undefined;
  await using server = serveBadly(({ path, body }): Behaviour => {
    if (path === "/v1/agent/health/service/id/hare-rc") {
      const { "hare-rc": Service } = services;
      if (Service === undefined) return { status: 404, answer: "{}" };
      return { answer: JSON.stringify({ Service, Checks: Object.values(checks) }) };
    }
    if (path === "/v1/agent/service/register") registered = body;
    return { answer: "" };
  });
  const clock = new FakeClock();
  let stopped = 0;
  const own: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + stopped,
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
  const presence = new Presence({
    consul: new Consul({ address: server.address, clock }),
    settings: DEFAULT_SETTINGS,
    instance: { id: "me", pid: 1, host: "h", since: "now", lock: "h/1:2" },
    random: () => 0.5,
    clock: own,
    ...{ reachability: new Reachability({ clock, log }), log, onReturn: () => {} },
  });
  const stopFor = (ms: number) => stopped += ms;
  await test({ presence, clock, stopFor, checks, services, registered: () => registered });
}

/** Advances the clock from sleep to sleep until `work` has ended. */
async function passTime(clock: FakeClock, work: Promise<unknown>): Promise<void> {
  let ended = false;
  work.catch(() => {}).finally(() => ended = true);
  while (!ended) {
    await new Promise((done) => setTimeout(done, 1));
    await clock.advance(clock.untilNext ?? 0);
  }
}

const never = new AbortController().signal;
const OTHER = { instance: "other", pid: "77", host: "h", since: "noon", ttl: "2000ms" };

Deno.test("Presence.claim() registers this process, and tells which it is", () =>
  withAgent(null, async ({ presence, registered }) => {
    await presence.claim(never);
    const { Meta } = JSON.parse(registered() ?? "");
    assertEquals([Meta.instance, Meta.pid, Meta.lock, Meta.ttl], ["me", "1", "h/1:2", "2000ms"]);
  }));

Deno.test("Presence.claim() takes the place at once of one that held the same lock file", () =>
  withAgent({ ...OTHER, lock: "h/1:2" }, async ({ presence, clock, registered }) => {
    const began = clock.monotonic();
    await presence.claim(never);
    assertEquals([registered() === undefined, clock.monotonic()], [false, began]);
  }));

Deno.test("Presence.claim() leaves a coordinator that lives as it is, and names it", () =>
  withAgent({ ...OTHER, lock: "h/1:3" }, async ({ presence, clock, registered }) => {
    const claiming = presence.claim(never);
    await passTime(clock, claiming);
    await assertRejects(
      () => claiming,
      OtherCoordinator,
      "a recovery coordinator runs on this node already: process 77 on h, since noon",
    );
    assertEquals([registered(), clock.monotonic() >= 2000], [undefined, true]);
  }));

Deno.test("Presence.claim() takes the place of one whose check turns critical", () =>
  withAgent({ ...OTHER, lock: "h/1:3" }, async ({ presence, clock, checks, registered }) => {
    const claiming = presence.claim(never);
    while (clock.sleeping === 0) await new Promise((done) => setTimeout(done, 1));
    Object.assign(checks[RC_CHECK] as object, { Status: "critical" });
    await passTime(clock, claiming);
    await claiming;
    assertEquals(registered() === undefined, false);
  }));

Deno.test("Presence.keep() ends when another took the place of a process that was stopped", () =>
  withAgent(null, async ({ presence, clock, stopFor, services }) => {
    const keeping = presence.keep(never);
    keeping.catch(() => {}); // awaited below
    while (clock.sleeping === 0) await new Promise((done) => setTimeout(done, 1));
    services["hare-rc"] = {
      ...{ ID: "hare-rc", Service: "hare-rc", Address: "", Port: 0, ModifyIndex: 0 },
      Meta: { ...OTHER, lock: "h/1:3" },
    };
    stopFor(60_000);
    await clock.advance(clock.untilNext ?? 0);
    await assertRejects(() => keeping, OtherCoordinator, "another process has become");
  }));
