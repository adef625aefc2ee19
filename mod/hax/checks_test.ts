import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, settle, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { type CheckStatus, ConsulError } from "../consul/mod.ts";
import type { ConfProcess } from "../kv/cluster.ts";
import { type Fid, makeFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { Checks } from "./checks.ts";
import type { Health } from "./health.ts";

const FINE: Health = { level: "passing", why: "it runs" };
const STARTS: Health = { level: "warning", why: "it starts" };
const DEAD: Health = { level: "critical", why: "it is gone" };
const HAX_CHECK = "service:1";
const CONFD_CHECK = "service:2";
const IOS_CHECK = "service:3";

function process(fidk: number, type: string): ConfProcess {
  return { node: "n", fidk, fid: makeFid("process", fidk), types: [type], endpoint: "1@tcp:1:2:3" };
}

/** A hax, a confd and an io server, and the agent, on a clock that stands still. */
async function fixture(initial = FINE) {
  const clock = new FakeClock();
  const began = clock.monotonic();
  const stop = new AbortController();
  const health = new Map<bigint, Health>([1n, 2n, 3n].map((key) => [key, initial]));
  const told: string[] = [];
  const agent = { fault: (_id: string): ConsulError | null => null };
  const raft = { isLed: true };
  const checks = new Checks({
    consul: {
      get isLed() {
        return raft.isLed;
      },
      agent: {
        keepConnection: () => undefined,
        updateCheck: (id: string, status: CheckStatus, note: string) => {
          const fault = agent.fault(id);
          if (fault !== null) return Promise.reject(fault);
          told.push(`${clock.monotonic() - began} ${id} ${status}: ${note}`);
          return Promise.resolve();
        },
      },
    },
    clock,
    log: loggerOf("test"),
    own: () => [process(1, "ha"), process(2, "confd"), process(3, "ios"), process(4, "rms")],
    healthOf: (fid: Fid) => health.get(fid.key) ?? null,
  });
  const ended = checks.run(stop.signal);
  await settle();
  return {
    checks,
    agent,
    raft,
    advance: (ms: number) => clock.advance(ms),
    step: (ms: number) => clock.step(ms),
    /** A process's health is another, and nobody says so. */
    turns: (key: bigint, to: Health) => health.set(key, to),
    /** A process's health is another, and hax is told. */
    becomes: async (key: bigint, to: Health) => {
      health.set(key, to);
      checks.ask();
      await settle();
    },
    /** What the agent was told since this was last asked. */
    told: () => told.splice(0),
    outcomes: () =>
      checks.metrics().flatMap(({ samples }) =>
        samples.map(({ labels, value }) => `${labels["outcome"]} ${value}`)
      ),
    [Symbol.asyncDispose]: async () => {
      stop.abort(new RangeError("enough"));
      await assertRejects(() => ended, RangeError, "enough");
    },
  };
}

/** The longest times between two updates of one check. */
const GAPS = { [HAX_CHECK]: 4_000, [CONFD_CHECK]: 4_000, [IOS_CHECK]: 11_000 };

function longestGaps(told: readonly string[]): Record<string, number> {
  const gaps = new Map<string, number>();
  const last = new Map<string, number>();
  for (const line of told) {
    const [at, id = ""] = line.split(" ");
    gaps.set(id, Math.max(gaps.get(id) ?? 0, Number(at) - (last.get(id) ?? 0)));
    last.set(id, Number(at));
  }
  return Object.fromEntries(gaps);
}

function refusal(status: number | undefined): ConsulError {
  const kind = status === undefined ? "unreachable" : "client";
  return new ConsulError(`Consul said ${status}`, { kind, retryable: true, status });
}

Deno.test("Checks tell the agent of each service, and again well before its time runs out", async () => {
  await using world = await fixture();
  assertEquals(world.told(), [
    `0 ${HAX_CHECK} passing: it runs`,
    `0 ${CONFD_CHECK} passing: it runs`,
    `0 ${IOS_CHECK} passing: it runs`,
  ]);
  await world.advance(60_000);
  assertEquals(longestGaps(world.told()), GAPS);
});

Deno.test("Checks are renewed in time whatever becomes of the wall clock", async () => {
  for (const step of STEPS_MS) {
    await using world = await fixture();
    await world.advance(5_000);
    world.step(step);
    await world.advance(55_000);
    const told = world.told();
    assertEquals(longestGaps(told), GAPS, `a step of ${step} ms`);
    assertEquals(told.length, 3 + 2 * 15 + 5, `a step of ${step} ms`);
  }
});

Deno.test("Checks hold a death in warning for two seconds whatever becomes of the wall clock", async () => {
  for (const step of STEPS_MS) {
    await using world = await fixture();
    await world.advance(100);
    await world.becomes(2n, DEAD);
    world.step(step);
    world.told();
    const ofConfd = () => world.told().filter((line) => line.includes(CONFD_CHECK));
    await world.advance(1_900);
    assertEquals(ofConfd(), [], `a step of ${step} ms`);
    await world.advance(1_100);
    assertEquals(ofConfd(), [`2100 ${CONFD_CHECK} critical: it is gone`], `a step of ${step} ms`);
  }
});

Deno.test("Checks tell at once what is different, be it only why", async () => {
  await using world = await fixture();
  await world.advance(500);
  world.told();
  await world.becomes(3n, STARTS);
  assertEquals(world.told(), [`500 ${IOS_CHECK} warning: it starts`]);
  await world.advance(100);
  await world.becomes(3n, { ...STARTS, why: "it still starts" });
  assertEquals(world.told(), [`600 ${IOS_CHECK} warning: it still starts`]);
});

Deno.test("Checks see within a second what nobody says", async () => {
  await using world = await fixture();
  await world.advance(100);
  world.told();
  world.turns(2n, STARTS);
  await world.advance(1_000);
  assertEquals(world.told(), [`1000 ${CONFD_CHECK} warning: it starts`]);
});

Deno.test("Checks hold a death in warning for two seconds: one that is back by then costs nothing", async () => {
  await using world = await fixture();
  await world.advance(100);
  world.told();
  const ofConfd = () => world.told().filter((line) => line.includes(CONFD_CHECK));
  await world.becomes(2n, DEAD);
  assertEquals(ofConfd(), [`100 ${CONFD_CHECK} warning: it is gone`]);
  await world.advance(1_500);
  await world.becomes(2n, STARTS);
  assertEquals(ofConfd(), [`1600 ${CONFD_CHECK} warning: it starts`]);
  await world.advance(500);
  await world.becomes(2n, DEAD);
  assertEquals(ofConfd(), [`2100 ${CONFD_CHECK} warning: it is gone`]);
  await world.advance(2_500);
  assertEquals(ofConfd(), [`4100 ${CONFD_CHECK} critical: it is gone`]);
  await world.becomes(2n, FINE);
  assertEquals(ofConfd(), [`4600 ${CONFD_CHECK} passing: it runs`]);
});

Deno.test("Checks of a hax that has just been started have nothing pass for better than it is", async () => {
  await using world = await fixture(DEAD);
  assertEquals(world.told()[1], `0 ${CONFD_CHECK} critical: it is gone`);
});

Deno.test("Checks wait for an agent that is away, and tell an agent started anew of all", async () => {
  await using world = await fixture();
  await world.advance(100);
  world.told();
  world.agent.fault = () => refusal(undefined);
  world.checks.tellAnew();
  await settle();
  await world.advance(3_000);
  assertEquals(world.told(), []);
  assertEquals(world.outcomes(), ["taken 3", "unanswered 4"]);
  world.agent.fault = () => null;
  await world.advance(1_000);
  assertEquals(world.told().map((line) => line.split(" ")[1]), [HAX_CHECK, CONFD_CHECK, IOS_CHECK]);
});

Deno.test("Checks say once why the agent does not take one, and go on with the others", async () => {
  await using world = await fixture();
  await using log = await captureLog();
  await world.advance(100);
  world.told();
  world.agent.fault = (id) => id === CONFD_CHECK ? refusal(404) : null;
  world.checks.tellAnew();
  await settle();
  assertEquals(world.told().map((line) => line.split(" ")[1]), [HAX_CHECK, IOS_CHECK]);
  await world.advance(20_000);
  assertEquals(log.lines.filter((line) => line.includes(CONFD_CHECK)).length, 1);
  world.agent.fault = () => null;
  world.told();
  await world.advance(5_000);
  assertEquals(world.told().some((line) => line.includes(`${CONFD_CHECK} passing`)), true);
});

Deno.test("Checks report a change when Raft has a leader, and renew the last reported state until then", async () => {
  await using world = await fixture();
  world.told();
  world.raft.isLed = false;
  await world.becomes(2n, STARTS);
  assertEquals(world.told(), []);
  await world.advance(10_000);
  const renewals = world.told();
  assertEquals(renewals.some((line) => line.includes(`${CONFD_CHECK} passing: it runs`)), true);
  assertEquals(renewals.filter((line) => !line.endsWith(" passing: it runs")), []);
  world.raft.isLed = true;
  await world.advance(1_000);
  assertEquals(
    world.told().some((line) => line.endsWith(`${CONFD_CHECK} warning: it starts`)),
    true,
  );
});
