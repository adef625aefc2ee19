/**
 * One coordinator a node, and one leader, with a real Consul: whatever somebody writes to its keys, and
 * whichever sessions there are.
 *
 * @module
 */

import { LEADER, RC_SWITCHOVER } from "../../mod/kv/keys.ts";
import { readLeader } from "../../mod/kv/leader.ts";
import { HareError } from "../../mod/lib/errors.ts";
import { assertEquals, assertRejects } from "../lib/assert.ts";
import {
  eventually,
  importConfiguration,
  leaderNow,
  makeInstance,
  nodeAt,
  registerConfd,
  setConfd,
  startHere,
} from "./nodes.ts";

const ADDRESS = "127.79.10.1";
const NODE = "node0";

const withNode = nodeAt(ADDRESS, NODE);

Deno.test("a second coordinator of a node refuses, and touches no session of the first one", () =>
  withNode(async ({ agent, consul, log }) => {
    await importConfiguration([agent]);
    await registerConfd(agent, 0);
    await using _ = startHere(ADDRESS);
    await leaderNow(consul);
    const before = await consul.session.list();
    const instance = makeInstance("another lock file");
    const second = startHere(ADDRESS, { instance });
    await assertRejects(() => second.ended, HareError, "runs on this node already: process");
    assertEquals(await consul.session.list(), before);
    assertEquals((await consul.kv.get(LEADER))?.session, before[0]?.id);
    assertEquals(log.matching(/leads no longer/), []);
  }));

Deno.test("a lock that a session without a process holds is released whenever it is seen", () =>
  withNode(async ({ agent, consul }) => {
    await importConfiguration([agent]);
    await registerConfd(agent, 0);
    await using _ = startHere(ADDRESS);
    await leaderNow(consul);
    await setConfd(agent, 0, "critical");
    const checks = { nodeChecks: ["serfHealth"], serviceChecks: [] };
    const stray = await consul.session.create({ name: "hare-rc", lockDelay: "0s", ...checks });
    await eventually("the lock", () => consul.kv.acquire(LEADER, NODE, stray), true);
    await setConfd(agent, 0, "passing");
    await eventually("one session, which is another", async () => {
      const sessions = await consul.session.list();
      return sessions.length === 1 && sessions[0]?.id !== stray &&
        (await consul.kv.get(LEADER))?.session === sessions[0]?.id;
    }, true);
  }));

Deno.test("the session determines the leader, and the leader corrects the value", () =>
  withNode(async ({ agent, consul }) => {
    await importConfiguration([agent]);
    await registerConfd(agent, 0);
    await using _ = startHere(ADDRESS);
    await leaderNow(consul);
    await consul.kv.put(LEADER, "node9");
    assertEquals((await readLeader(consul))?.node, NODE);
    await eventually("the value", async () => (await consul.kv.get(LEADER))?.value, NODE);
    await consul.kv.put(RC_SWITCHOVER, '{"from": "node0", "to": "nowhere"}');
    await eventually("no order", async () => await consul.kv.get(RC_SWITCHOVER), null);
    assertEquals((await readLeader(consul))?.node, NODE);
  }));
