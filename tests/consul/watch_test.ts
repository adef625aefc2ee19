/**
 * Blocking queries against a real agent, with connections that break.
 *
 * @module
 */

import { Consul, type ConsulError, txn } from "../../mod/consul/mod.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { startRelay } from "../lib/relay.ts";

const CHANGES = 1000;
const LIMIT_MS = 120_000;

Deno.test("a watch loses no change of 1,000 while its connection breaks", async (t) => {
  await using agent = await startConsul({ address: "127.78.2.1" });
  await using relay = startRelay(agent.address, 8500);
  const cutOff = new Consul({ address: `http://${relay.address}`, random: () => 0.01 });
  const { kv } = agent.consul;

  await t.step("of one key: states come in order, and the last one comes", async () => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const errors: ConsulError[] = [];
    let recovered = 0;
    const watching = (async () => {
      const seen: number[] = [];
      const options = {
        signal,
        onError: (error: ConsulError) => void errors.push(error),
        onRecovered: () => void (recovered += 1),
      };
      for await (const entry of cutOff.kv.watch("state", options)) {
        seen.push(Number(entry?.value ?? 0));
        if (entry?.value === String(CHANGES)) break;
      }
      return seen;
    })();
    for (let i = 1; i <= CHANGES; i++) {
      await kv.put("state", String(i));
      if (i % 40 === 0) relay.cut();
    }
    const seen = await watching;
    assertEquals(seen.at(-1), CHANGES);
    assertEquals(seen, seen.toSorted((a, b) => a - b));
    assert(seen.length > 20, `only ${seen.length} of the states were seen`);
    assert(errors.length >= 5, `the connection broke only ${errors.length} times`);
    assert(errors.every(({ retryable }) => retryable));
    assertEquals(recovered > 0, true);
  });

  await t.step("of a queue: each entry is seen, and seen once when removed at once", async () => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const watching = (async () => {
      const seen: string[] = [];
      for await (const entries of cutOff.kv.watchPrefix("queue/", { signal })) {
        const head = entries.slice(0, 64);
        seen.push(...head.map(({ value }) => value));
        const removed = await agent.consul.txn(
          head.map(({ key, modifyIndex }) => txn.deleteCas(key, modifyIndex)),
        );
        assert(removed.ok);
        if (seen.length >= CHANGES) break;
      }
      return seen;
    })();
    for (let i = 1; i <= CHANGES; i++) {
      await kv.put(`queue/${String(i).padStart(9, "0")}`, String(i));
      if (i % 40 === 0) relay.cut();
    }
    const all = Array.from({ length: CHANGES }, (_, i) => String(i + 1));
    assertEquals(await watching, all);
    assertEquals(await kv.keys("queue/"), []);
  });

  await t.step("and none of a service's health", async () => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    await agent.consul.agent.registerService({ name: "w", checks: [{ ttl: "60s" }] });
    const seen: (string | undefined)[] = [];
    for await (const [one] of cutOff.health.watchService("w", { signal })) {
      const status = one?.checks.find(({ checkId }) => checkId === "service:w")?.status;
      if (status !== seen.at(-1)) seen.push(status);
      if (seen.length === 1) await agent.consul.agent.updateCheck("service:w", "passing", "");
      if (seen.length === 2) await agent.consul.agent.updateCheck("service:w", "warning", "soon");
      if (seen.length === 3) await agent.consul.agent.deregisterService("w");
      if (seen.length === 4) break;
    }
    assertEquals(seen, ["critical", "passing", "warning", undefined]);
  });
});

Deno.test("a watch goes on after its agent was killed and started again", async () => {
  const dataDir = await Deno.makeTempDir();
  const signal = AbortSignal.timeout(LIMIT_MS);
  try {
    const options = { address: "127.78.2.2", dataDir };
    const consul = new Consul({ address: "http://127.78.2.2:8500" });
    await using first = await startConsul(options);
    await first.consul.kv.put("state", "before");
    const kinds: string[] = [];
    const watch = consul.kv.watch("state", { signal, onError: ({ kind }) => kinds.push(kind) });
    assertEquals((await watch.next()).value?.value, "before");
    const after = watch.next();
    await first.kill();
    await using second = await startConsul(options);
    await second.consul.kv.put("state", "after");
    assertEquals((await after).value?.value, "after");
    assert(kinds.includes("unreachable"), kinds.join());
    await watch.return?.();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
