/**
 * A coordinator on one node with a real Consul: what it needs before it leads, what it does with
 * events and timeouts, and what it makes of a Consul that is away.
 *
 * @module
 */

import { txn } from "../../mod/consul/mod.ts";
import { IMPORTED, LEADER } from "../../mod/kv/keys.ts";
import { parseTimeoutKey, timeoutKey } from "../../mod/kv/timeout_key.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { loggerOf } from "../../mod/lib/log.ts";
import { Leadership, LeadershipOver } from "../../mod/rc/leadership.ts";
import { Reachability } from "../../mod/rc/reachability.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../lib/assert.ts";
import { type CapturedLog, captureLog } from "../lib/capture_log.ts";
import { startConsul } from "../lib/consul.ts";
import {
  confdOf,
  eventually,
  FAST,
  importConfiguration,
  leaderNow,
  nodeAt,
  registerConfd,
  setConfd,
  startHere,
} from "./nodes.ts";

const ADDRESS = "127.79.1.1";
const NODE = "node0";

const withNode = nodeAt(ADDRESS, NODE);

function logged(log: CapturedLog, pattern: RegExp): Promise<void> {
  return eventually(`a line like ${pattern}`, () => {
    return Promise.resolve(log.matching(pattern).length > 0);
  }, true);
}

Deno.test("a coordinator waits for the import, its confd's check, and then leads with all checks", () =>
  withNode(async ({ agent, consul, log }) => {
    await using coordinator = startHere(ADDRESS);
    await logged(log, /waits for the configuration to be imported/);
    await consul.kv.put(IMPORTED, "now");
    await logged(log, /node0 cannot be elected yet: the configuration has no confd on node0/);
    await importConfiguration([agent]);
    await logged(log, /node0 cannot be elected yet: Missing check 'service:9' registration/);
    assertEquals(await consul.session.list(), []);
    await registerConfd(agent, 0, "critical");
    await logged(log, /node0 cannot be elected yet: Check 'service:9' is in critical state/);
    assertEquals(await consul.session.list(), []);
    await setConfd(agent, 0, "warning"); // not started yet, but not failed
    assertEquals(await leaderNow(consul), NODE);

    const [session, ...others] = await consul.session.listNode(NODE);
    assertEquals(others, []);
    assertEquals(session?.name, "hare-rc");
    assertEquals(session?.lockDelayMs, FAST.lockDelayMs);
    assertEquals(session?.nodeChecks, ["serfHealth"]);
    assertEquals(session?.serviceChecks, ["service:hare-rc", `service:${confdOf(0)}`]);
    // Each thing waited for was said once, however often it was tried.
    assertEquals(log.matching(/Missing check 'service:9'/).length, 1);

    await coordinator.stop();
    assertEquals(await consul.session.list(), []);
    assertEquals((await consul.kv.get(LEADER))?.session, null);
    assertEquals((await consul.agent.services()).map(({ name }) => name), ["confd"]);
  }));

Deno.test("a lock that was taken again is another term, with the same session too", () =>
  withNode(async ({ agent, consul, log }) => {
    await importConfiguration([agent]);
    await registerConfd(agent, 0);
    await using _ = startHere(ADDRESS);
    await leaderNow(consul);
    const terms = async () =>
      (await consul.kv.list("hare/history/")).map(({ value }) => JSON.parse(value).term);
    await eventually("the history of the first term", terms, [1]);
    const [session] = await consul.session.list();
    await consul.kv.release(LEADER, session?.id ?? "");
    await eventually("the history of both terms", terms, [1, 2]);
    assertEquals((await consul.session.list()).map(({ id }) => id), [session?.id]);
    assertEquals(log.matching(/leads no longer.*the lock was free/).length, 1);
  }));

Deno.test("the timeout demonstration", () =>
  withNode(async ({ agent, consul, log }) => {
    await importConfiguration([agent]);
    await registerConfd(agent, 0);
    let skipped = 0;
    const clock = { ...systemClock, now: () => Date.now() + skipped };
    await using _ = startHere(ADDRESS, { clock });
    await consul.kv.put(timeoutKey(new Date(Date.now() - 120_000)), "tmo1");
    await consul.kv.put("eq/0", "wake_RC");
    await logged(log, /^info: eq\/0 wake_RC: looks at the timeouts \(index \d+, \d+ ms\)$/);
    await logged(log, /^info: timeout\/\d{12}\.\d\d is due: tmo1 → eq\/000000001$/);
    await logged(log, /^info: eq\/000000001 tmo1: set tmo\d+ at timeout\/\d{12}\.\d\d \(index/);
    const set = await consul.kv.list("timeout/");
    assertEquals(set.length, 1);
    assertMatch(set[0]?.value ?? "", /^tmo\d+$/);
    const due = parseTimeoutKey(set[0]?.key ?? "")?.getTime() ?? 0;
    assert(Math.abs(due - Date.now() - 60_000) < 5000, `due in ${due - Date.now()} ms`);
    assertEquals(await consul.kv.list("eq/"), []);

    skipped = 61_000; // a minute later
    await consul.kv.put("eq/1", "wake_RC");
    await logged(log, new RegExp(`^info: eq/000000002 ${set[0]?.value}: set tmo\\d+ at`));
    const [next, ...others] = await consul.kv.list("timeout/");
    assertEquals(others, []);
    const again = (parseTimeoutKey(next?.key ?? "")?.getTime() ?? 0) - due;
    assert(again >= 60_000 && again < 70_000, `again after ${again} ms`);
  }));

Deno.test("what cannot be handled is moved aside, or left and reported, and blocks nothing", () =>
  withNode(async ({ agent, consul, log }) => {
    await importConfiguration([agent]);
    await registerConfd(agent, 0);
    await using _ = startHere(ADDRESS);
    await leaderNow(consul);
    const huge = `unheard_of "${"x".repeat(500_000)}"`; // more than a transaction can carry
    await consul.kv.put("eq/000000005", huge);
    await consul.kv.put("eq/7", "process {");
    await consul.kv.put("eq/next", "wake_RC");
    await consul.kv.put("timeout/tomorrow", "tmo1");
    await consul.kv.put("eq/000000009", "wake_RC");
    await logged(log, /eq\/000000009 wake_RC: looks/);
    assertEquals(await consul.kv.keys("eq/"), ["eq/next"]);
    const rejected = await consul.kv.list("eq-rejected/");
    assertEquals(rejected.map(({ key }) => key), [
      "eq-rejected/000000005",
      "eq-rejected/000000007",
    ]);
    assertEquals(JSON.parse(rejected[0]?.value ?? "").bytes, huge.length);
    assertEquals(JSON.parse(rejected[1]?.value ?? "").event, "process {");
    await logged(log, /timeout\/tomorrow is left/);
    assertEquals(await consul.kv.keys("timeout/"), ["timeout/tomorrow"]);
  }));

Deno.test("leadership ends with the confd's check, and is taken again", () =>
  withNode(async ({ agent, consul, log }) => {
    await importConfiguration([agent]);
    await registerConfd(agent, 0);
    await using _ = startHere(ADDRESS);
    await leaderNow(consul);
    await setConfd(agent, 0, "warning");
    await consul.kv.put("eq/1", "wake_RC");
    await logged(log, /eq\/1 wake_RC/);
    assertEquals(log.matching(/leads no longer/), []);

    await setConfd(agent, 0, "critical");
    await logged(log, /leads no longer.* with 1 events handled, 0 moved aside/);
    await logged(log, /cannot be elected yet: Check 'service:9' is in critical state/);
    await consul.kv.put("eq/2", "wake_RC");
    await setConfd(agent, 0, "passing");
    await logged(log, /eq\/2 wake_RC/);
    assertEquals((await consul.session.list()).length, 1);
  }));

Deno.test("an agent that has forgotten the service is told of it again", () =>
  withNode(async ({ agent, consul, log }) => {
    await importConfiguration([agent]);
    await registerConfd(agent, 0);
    await using _ = startHere(ADDRESS);
    await leaderNow(consul);
    const before = await consul.session.list();
    await consul.agent.deregisterService("hare-rc");
    await logged(log, /the agent has forgotten service hare-rc/);
    await eventually("a new session", async () => {
      const after = await consul.session.list();
      return after.length === 1 && after[0]?.id !== before[0]?.id;
    }, true);
    assertEquals(await leaderNow(consul), NODE);
  }));

Deno.test("Consul itself refuses the late write of a leader whose session has ended", () =>
  withNode(async ({ consul }) => {
    const lead = async () => {
      const checks = { nodeChecks: ["serfHealth"], serviceChecks: [] };
      const session = await consul.session.create({ name: "test", lockDelay: "0s", ...checks });
      assertEquals(await consul.kv.acquire(LEADER, NODE, session), true);
      const reachability = new Reachability({ clock: systemClock, log: loggerOf("rc") });
      const deps = { consul, clock: systemClock, random: Math.random, reachability };
      return new Leadership(session, deps);
    };
    const old = await lead();
    assertEquals(await old.write([txn.set("written", "by the old")]), { committed: true });
    await consul.session.destroy(old.session);
    const late = () => old.write([txn.set("written", "late")]);
    await assertRejects(late, LeadershipOver, "Consul refused a write");
    const next = await lead();
    assertEquals(await next.write([txn.set("written", "by the next")]), { committed: true });
    await assertRejects(late, LeadershipOver, "Consul refused a write");
    assertEquals((await consul.kv.get("written"))?.value, "by the next");

    // What makes an entry's removal happen once: Consul lets `check-index` fail where a key is gone.
    const gone = await next.write([txn.checkIndex("eq/1", 5), txn.delete("eq/1")]);
    assertEquals(gone.committed, false);
  }));

Deno.test("a coordinator waits for Consul at its start and while it is away, saying so once", async () => {
  await using log = await captureLog();
  const dataDir = await Deno.makeTempDir({ prefix: "hare-test-rc-" });
  const start = () => startConsul({ address: ADDRESS, node: NODE, dataDir });
  try {
    await using coordinator = startHere(ADDRESS);
    await logged(log, /^warning: Consul is away/);
    {
      await using agent = await start();
      await importConfiguration([agent]);
      await registerConfd(agent, 0);
      await leaderNow(agent.consul);
      assertEquals(log.matching(/^warning/).length, 1);
      assertEquals(log.matching(/^info: Consul is back after/).length, 1);
      await agent.kill();
      await eventually("the second outage", () => {
        return Promise.resolve(log.matching(/^warning: Consul is away/).length);
      }, 2);
    }
    await using again = await start();
    await setConfd(again, 0, "passing"); // an agent takes TTL checks for critical when it starts
    await again.consul.kv.put("eq/1", "wake_RC");
    await logged(log, /eq\/1 wake_RC: looks/);
    await eventually("the second return", () => {
      return Promise.resolve(log.matching(/^info: Consul is back after/).length);
    }, 2);
    assertEquals(log.matching(/^warning: Consul is away/).length, 2);
    assertEquals((await again.consul.session.list()).length, 1);
    await coordinator.stop();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("a coordinator stops soon though Consul is away", async () => {
  await using log = await captureLog();
  const coordinator = startHere("127.79.1.9");
  await logged(log, /^warning: Consul is away/);
  const began = performance.now();
  await coordinator.stop();
  assert(performance.now() - began < 1000, "it took its time");

  await using agent = await startConsul({ address: ADDRESS, node: NODE });
  await importConfiguration([agent]);
  await registerConfd(agent, 0);
  const leader = startHere(ADDRESS);
  await leaderNow(agent.consul);
  await agent.pause();
  try {
    const paused = performance.now();
    await leader.stop();
    assert(performance.now() - paused < 5000, "it waited for Consul");
    await logged(log, /could not hand over: its session ends with its check/);
  } finally {
    agent.resume();
  }
});
