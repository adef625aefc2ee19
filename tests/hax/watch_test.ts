/**
 * Consul's watches on real agents: those that post to hax, and those by which `hare watch-service`
 * and `hare watch-bq` hear of what changes.
 */

import { renderServices } from "../../mod/agent/services.ts";
import { formatBroadcast } from "../../mod/kv/broadcast.ts";
import { bqKey } from "../../mod/kv/keys.ts";
import { readTextFileIfAny } from "../../mod/lib/files.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { assertEquals } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { HARE } from "../lib/hare.ts";
import { eventually, importConfiguration, registerServices, startHax } from "./node.ts";

const failed = (key: number) => formatBroadcast({ fid: makeFid("drive", key), state: "failed" });
const IOS = { id: "12", name: "ios", checks: [{ ttl: "1h", status: "passing" as const }] };

Deno.test("hax takes what the watches of its node's services post", async () => {
  const address = "127.80.7.1";
  const { watches } = JSON.parse(renderServices([], { address, port: 8008 }));
  const hcl = [JSON.stringify({ watches })];
  await using agent = await startConsul({ address, node: "ssc-vm1", hcl });
  const { consul } = agent;
  await importConfiguration(consul);
  await registerServices(consul, address);
  await using hax = startHax(consul, address);
  await hax.ready();
  const metric = async (name: string) => {
    const { body } = await hax.get("/metrics");
    const line = String(body).split("\n").find((line) => line.startsWith(name));
    return Number(line?.split(" ").at(-1) ?? 0);
  };
  const hints = (about: string) => metric(`hare_hax_hints_total{about="${about}"}`);
  const before = { keys: await hints("keys"), services: await hints("services") };
  await consul.kv.put(bqKey(7), failed(1));
  await eventually("notice of a broadcast", async () => await hints("keys") > before.keys, true);
  await consul.agent.registerService({ ...IOS, id: "99" });
  await eventually("notice of ios", async () => await hints("services") > before.services, true);
  await consul.agent.deregisterService("99");
  await consul.kv.delete(bqKey(7));
  await eventually("no broadcast", async () => await hints("keys") > before.keys + 1, true);
  assertEquals(await metric('hare_hax_http_requests_total{path="/",status="400"}'), 0);
});

Deno.test("watch-service and watch-bq of the binary tell what changes, until they are stopped", async () => {
  const address = "127.80.7.2";
  const env = { CONSUL_HTTP_ADDR: `${address}:8500` };
  await using agent = await startConsul({ address, node: "ssc-vm1" });
  const { consul } = agent;
  await consul.agent.registerService(IOS);
  await consul.kv.put(bqKey(1), failed(1));
  const dir = await Deno.makeTempDir();
  const [told, seen] = [`${dir}/told`, `${dir}/seen`];
  const start = async (file: string, ...args: readonly string[]) => {
    const output = await Deno.open(file, { write: true, create: true });
    const child = new Deno.Command(HARE, { args: [...args], env, stdout: "piped", stderr: "null" })
      .spawn();
    return { child, written: child.stdout.pipeTo(output.writable) };
  };
  const services = await start(seen, "watch-service", "ios");
  const broadcasts = await start(`${dir}/out`, "watch-bq", "--exec", `tee -a '${told}'`);
  try {
    const fid = "0x7200000000000001:0xc";
    const lines = (...statuses: readonly string[]) =>
      statuses.map((status) => `${JSON.stringify([{ fid, status }])}\n`).join("");
    await eventually("the present state", () => readTextFileIfAny(seen), lines("online"));
    await consul.agent.updateCheck("service:12", "critical", "");
    const both = lines("online", "offline");
    await eventually("the change", () => readTextFileIfAny(seen), both);

    // It follows the queue from some moment on: what is put before that is not told.
    let n = 1;
    await eventually("the first broadcast", async () => {
      await consul.kv.put(bqKey(++n), failed(n));
      return await readTextFileIfAny(told) !== null;
    }, true);
    const first = n;
    for (let i = 0; i < 20; i++) await consul.kv.put(bqKey(++n), failed(n));
    const expected = Array.from({ length: 20 }, (_, i) => `${failed(first + 1 + i)}\n`).join("");
    await eventually(
      "all broadcasts in order",
      async () => (await readTextFileIfAny(told))?.endsWith(expected),
      true,
    );
    for (const { child, written } of [services, broadcasts]) {
      child.kill("SIGTERM");
      await written;
      assertEquals((await child.status).code, 0);
    }
    assertEquals(await Deno.readTextFile(seen), both);
    assertEquals(await Deno.readTextFile(`${dir}/out`), await Deno.readTextFile(told));
  } finally {
    for (const { child } of [services, broadcasts]) await child[Symbol.asyncDispose]();
    await Deno.remove(dir, { recursive: true });
  }
});
