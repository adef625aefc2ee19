/**
 * Every family of Consul's API against a real agent.
 *
 * @module
 */

import { Consul, ConsulError, txn } from "../../mod/consul/mod.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";

Deno.test("the client speaks with a real agent", async (t) => {
  const address = "127.78.2.3";
  await using agent = await startConsul({ address, node: "ssc-vm1" });
  const { consul } = agent;
  const { kv, session } = consul;

  await t.step("kv: any text comes back, at any key that Consul can have", async () => {
    for (
      const key of ["a", "a/b", "a/", "a b", "ä/日本", "a%2Fb?c#d&e+f;g", "0x72:0x9", "\\", "~"]
    ) {
      const value = `välue of ${key} 😀\n`;
      await kv.put(`any/${key}`, value);
      assertEquals((await kv.get(`any/${key}`))?.value, value);
      // A key that ends with a slash is what Consul's web page makes for a folder.
      assertEquals((await kv.keys("any/")).includes(`any/${key}`), !key.endsWith("/"));
      const listed = (await kv.list("any/")).some((entry) => entry.key === `any/${key}`);
      assertEquals(listed, !key.endsWith("/"));
    }
    await kv.put("any/empty", "");
    assertEquals((await kv.get("any/empty"))?.value, "");
    await kv.deleteTree("any/");
    assertEquals(await kv.list("any/"), []);
  });

  await t.step("kv: what is absent is null, or an empty list", async () => {
    assertEquals(await kv.get("nothing"), null);
    assertEquals(await kv.list("nothing/"), []);
    assertEquals(await kv.keys("nothing/"), []);
    await kv.delete("nothing");
  });

  await t.step("kv: check-and-set sets only what did not change", async () => {
    assertEquals(await kv.cas("cas", "1", 0), true);
    assertEquals(await kv.cas("cas", "2", 0), false);
    const index = (await kv.get("cas", { consistent: true }))?.modifyIndex ?? 0;
    assertEquals(await kv.cas("cas", "2", index, { flags: Number.MAX_SAFE_INTEGER }), true);
    assertEquals(await kv.cas("cas", "3", index), false);
    const set = await kv.get("cas", { stale: true });
    assertEquals([set?.value, set?.flags], ["2", Number.MAX_SAFE_INTEGER]);
    assertEquals(await kv.deleteCas("cas", index), false);
    assertEquals(await kv.deleteCas("cas", (await kv.get("cas"))?.modifyIndex ?? 0), true);
    assertEquals(await kv.get("cas"), null);
  });

  await t.step("session: is created as defined, read back, listed, destroyed", async () => {
    await consul.agent.registerService({ name: "hare-rc", checks: [{ ttl: "60s" }] });
    const definition = {
      name: "hare-rc",
      lockDelay: "1ms",
      nodeChecks: ["serfHealth"],
      serviceChecks: ["service:hare-rc"],
    };
    const critical = await assertRejects(() => session.create(definition), ConsulError);
    assertMatch(critical.body ?? "", /Check 'service:hare-rc' is in critical state/);
    await consul.agent.updateCheck("service:hare-rc", "passing", "fine");
    const id = await session.create(definition);
    const info = await session.info(id);
    assertEquals(info && { ...info, createIndex: 0, modifyIndex: 0 }, {
      id,
      name: "hare-rc",
      node: "ssc-vm1",
      lockDelayMs: 1,
      behavior: "release",
      nodeChecks: ["serfHealth"],
      serviceChecks: ["service:hare-rc"],
      createIndex: 0,
      modifyIndex: 0,
    });
    assertEquals(await session.listNode("ssc-vm1"), info === null ? [] : [info]);
    assertEquals(await session.list(), info === null ? [] : [info]);
    assertEquals(await session.listNode("other"), []);
    await session.destroy(id);
    assertEquals(await session.info(id), null);
    await session.destroy(id); // once more does no harm
  });

  await t.step("session: one with a TTL is renewed, one that is gone is not", async () => {
    const id = await session.create({
      ...{ name: "x", lockDelay: "0s", ttl: "10s", nodeChecks: [], serviceChecks: [] },
    });
    await session.renew(id);
    await session.destroy(id);
    const error = await assertRejects(() => session.renew(id), ConsulError);
    assertEquals([error.kind, error.status], ["client", 404]);
  });

  await t.step("session: an unknown check is refused with Consul's words", async () => {
    const create = () =>
      session.create({ name: "x", lockDelay: "0s", nodeChecks: [], serviceChecks: ["service:no"] });
    const error = await assertRejects(create, ConsulError);
    assertEquals([error.kind, error.status], ["server", 500]);
    assertMatch(error.message, /Missing check 'service:no' registration/);
  });

  await t.step(
    "locks: one session holds a key at a time; releasing hands over at once",
    async () => {
      const make = () =>
        session.create({ name: "x", lockDelay: "15s", nodeChecks: [], serviceChecks: [] });
      const [a, b] = [await make(), await make()];
      assertEquals(await kv.acquire("lock", "a", a), true);
      assertEquals(await kv.acquire("lock", "b", b), false);
      assertEquals(await kv.release("lock", b), false);
      const held = await kv.get("lock");
      assertEquals([held?.value, held?.session, held?.lockIndex], ["a", a, 1]);
      assertEquals(await kv.release("lock", a, { value: "free" }), true);
      assertEquals((await kv.get("lock"))?.value, "free");
      assertEquals(await kv.acquire("lock", "b", b), true);
      await session.destroy(b);
      assertEquals((await kv.get("lock"))?.session, null);
      // For the lock delay, in which Consul does not even say that the session is gone.
      assertEquals(await kv.acquire("lock", "a", a), false);
      assertEquals(await kv.acquire("lock", "b", b), false);
      const gone = await assertRejects(() => kv.acquire("other", "b", b), ConsulError);
      assertMatch(gone.body ?? "", /invalid session/);
      await session.destroy(a);
    },
  );

  await t.step("txn: all or nothing, and it says which operation failed", async () => {
    const id = await session.create({
      ...{ name: "x", lockDelay: "0s", nodeChecks: [], serviceChecks: [] },
    });
    const done = await consul.txn([
      txn.lock("leader", "ssc-vm1", id),
      txn.checkSession("leader", id),
      txn.checkNotExists("t/a"),
      txn.set("t/a", "ü"),
      txn.cas("t/b", "b", 0),
      txn.get("t/a"),
      txn.delete("t/nothing"),
    ]);
    assert(done.ok);
    assertEquals(done.entries.map(({ key, value }) => [key, value]), [
      ["leader", ""],
      ["leader", ""],
      ["t/a", ""],
      ["t/b", ""],
      ["t/a", "ü"],
    ]);
    const index = done.entries.at(-1)?.modifyIndex ?? 0;
    const refused = await consul.txn([
      txn.set("t/a", "changed"),
      txn.checkIndex("t/a", index + 1_000_000),
      txn.checkSession("leader", "another"),
      txn.checkNotExists("t/b"),
    ]);
    assert(!refused.ok);
    assertEquals(refused.errors.map(({ index }) => index), [1, 2, 3]);
    assertEquals((await kv.get("t/a"))?.value, "ü");
    const over = await consul.txn([
      txn.checkIndex("t/a", index),
      txn.deleteCas("t/a", index),
      txn.unlock("leader", "", id),
    ]);
    assert(over.ok);
    assertEquals((await kv.get("leader"))?.session, null);
  });

  await t.step("txn: takes 64 operations", async () => {
    const ops = Array.from({ length: 64 }, (_, i) => txn.set(`many/${i}`, "x"));
    assert((await consul.txn(ops)).ok);
    assertEquals((await kv.keys("many/")).length, 64);
  });

  await t.step("agent: who it is, its services, its checks", async () => {
    const self = await consul.agent.self();
    assertEquals(self.nodeName, "ssc-vm1");
    assertEquals([self.address, self.server, self.datacenter], [address, true, "dc1"]);
    assertMatch(self.version, /^\d+\.\d+\.\d+/);
    const [member, ...others] = await consul.agent.members();
    assertEquals([member?.name, member?.status, member?.server], ["ssc-vm1", "alive", true]);
    assertEquals(others, []);

    await consul.agent.registerService({
      id: "9",
      name: "confd",
      address: "10.0.0.1@tcp:12345:2",
      port: 1,
      tags: ["t"],
      meta: { fid: "0x7200000000000001:0x9" },
      checks: [{ name: "alive", ttl: "60s", status: "warning", notes: "note" }],
    });
    const service = (await consul.agent.services()).find(({ id }) => id === "9");
    assertEquals(service && { ...service, modifyIndex: 0 }, {
      id: "9",
      name: "confd",
      tags: ["t"],
      address: "10.0.0.1@tcp:12345:2",
      port: 1,
      meta: { fid: "0x7200000000000001:0x9" },
      modifyIndex: 0,
    });
    const check = async () =>
      (await consul.agent.checks()).find(({ checkId }) => checkId === "service:9");
    assertEquals([(await check())?.status, (await check())?.name], ["warning", "alive"]);
    await consul.agent.updateCheck("service:9", "critical", "burnt down");
    assertEquals([(await check())?.status, (await check())?.output], ["critical", "burnt down"]);
    const health = await consul.agent.serviceHealth("9");
    assertEquals([health?.service.meta.fid, health?.checks.map(({ status }) => status)], [
      "0x7200000000000001:0x9",
      ["critical"],
    ]);
    assertEquals(await consul.agent.serviceHealth("10"), null);
    await consul.agent.updateCheck("service:9", "warning", "");
    assertEquals((await check())?.status, "warning");
    await consul.agent.reload();
  });

  await t.step("catalog and health: nodes, services, checks", async () => {
    await waitFor("the service in the catalog", async (signal) => {
      const [one] = await consul.health.service("confd", { signal });
      const status = one?.checks.find(({ checkId }) => checkId === "service:9")?.status;
      return status === "warning"
        ? { ready: true, value: undefined }
        : { ready: false, why: `it is ${status}` };
    }, { limitMs: 10_000 });
    assertEquals((await consul.catalog.nodes()).map(({ name }) => name), ["ssc-vm1"]);
    assertEquals(await consul.catalog.services(), { confd: ["t"], consul: [], "hare-rc": [] });
    const [confd] = await consul.catalog.service("confd");
    assertEquals([confd?.node, confd?.nodeAddress, confd?.id], ["ssc-vm1", address, "9"]);
    assertEquals(await consul.catalog.service("nothing"), []);
    const services = (await consul.catalog.nodeServices("ssc-vm1"))?.services ?? [];
    assertEquals(services.map(({ id }) => id).sort(), ["9", "consul", "hare-rc"]);
    assertEquals(await consul.catalog.nodeServices("nothing"), null);
    assertEquals(await consul.health.service("confd", { passing: true }), []);
    const checks = (await consul.health.node("ssc-vm1")).map(({ checkId }) => checkId).sort();
    assertEquals(checks, ["serfHealth", "service:9", "service:hare-rc"]);
    const warning = await consul.health.state("warning");
    assertEquals(warning.map(({ checkId }) => checkId), ["service:9"]);
    await consul.agent.deregisterService("9");
    assertEquals((await consul.agent.services()).map(({ id }) => id), ["hare-rc"]);
  });

  await t.step("status and operator: who leads Raft", async () => {
    assertEquals(await consul.status.leader(), `${address}:8300`);
    assertEquals(await consul.status.peers(), [`${address}:8300`]);
    const [server] = await consul.operator.raftConfiguration();
    assertEquals(
      [server?.node, server?.address, server?.leader, server?.voter],
      ["ssc-vm1", `${address}:8300`, true, true],
    );
  });

  await t.step(
    "calls of a frozen agent end at their time limit, and go on afterwards",
    async () => {
      await agent.pause();
      const error = await assertRejects(() => kv.get("a", { timeoutMs: 200 }), ConsulError);
      agent.resume();
      assertEquals(error.kind, "timeout");
      assertEquals(await kv.get("a"), null);
    },
  );

  await t.step("calls of an agent that is gone say so", async () => {
    await agent.stop();
    const error = await assertRejects(() => kv.get("a"), ConsulError);
    assertEquals(error.kind, "unreachable");
  });
});

Deno.test("the client says so when the agent takes no more connections, and goes on when it does", async () => {
  const address = "127.78.2.9";
  await using agent = await startConsul({
    address,
    hcl: ["limits { http_max_conns_per_client = 20 }"],
  });
  const others: Deno.TcpConn[] = [];
  try {
    for (let i = 0; i < 20; i++) {
      others.push(await Deno.connect({ hostname: address, port: 8500 }));
    }
    for (let i = 0; i < 12; i++) {
      using consul = new Consul({ address: agent.consul.address, tls: {} }); // its own connections
      const error = await assertRejects(() => consul.kv.get("leader"), ConsulError);
      assertEquals([error.kind, error.status, error.retryable], ["client", 429, true]);
      assertMatch(error.message, /429: too many connections of this address$/);
      assertMatch(error.hint ?? "", /http_max_conns_per_client/);
    }
  } finally {
    for (const connection of others) connection.close();
  }
  await waitFor("the agent to take connections again", async (signal) => {
    using consul = new Consul({ address: agent.consul.address });
    await consul.kv.get("leader", { signal });
    return { ready: true, value: undefined };
  }, { limitMs: 10_000 });
});
