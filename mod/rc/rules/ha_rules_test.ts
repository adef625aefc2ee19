import { assertEquals, assertRejects } from "../../../tests/lib/assert.ts";
import { ModelConsul } from "../../../tests/rc/model.ts";
import type { Json } from "../../kv/event.ts";
import { processKey } from "../../kv/keys.ts";
import { parseFid } from "../../lib/fid.ts";
import { writeTogether } from "../transaction.ts";
import { findRule, RULES, UnusableEvent } from "./mod.ts";

const process = "0x7200000000000001:0x9";
const service = "0x7300000000000001:0xa";
const drive = "0x6b00000000000001:0x11";
const pool = "0x6f00000000000001:0x34";
const m0d = (state: string, generation = 3) => ({
  fid: process,
  state: `M0_CONF_HA_PROCESS_${state}`,
  type: "M0D",
  pid: 12,
  generation,
});

/** What the rule for `type` makes of an event, and commits. */
async function handle(type: string, body: Json | undefined, record?: Json) {
  const model = new ModelConsul();
  model.lock("mine");
  model.put("epoch", "41");
  if (record !== undefined) model.put(processKey(parseFid(process)), JSON.stringify(record));
  const consul = model.client("mine");
  const context = { consul, now: 0, lookAtTimeouts: () => {} };
  const event = { key: "eq/000000007", epoch: 7, index: 1234, type, body };
  const effects = await findRule(RULES, type)?.handle(event, context);
  if (effects === undefined) throw new Error("there is no rule");
  const { outcome } = effects;
  const entry = { key: event.key, epoch: event.epoch, index: 0, text: "" };
  model.put(event.key, "");
  const ops = writeTogether(
    [{ entry: { ...entry, index: model.get(event.key)?.modifyIndex ?? 0 }, effects }],
    [],
    { counter: { last: 41, modifyIndex: model.get("epoch")?.modifyIndex ?? 0 } },
  );
  assertEquals(await consul.txn(ops), { ok: true, entries: [] });
  return { outcome, told: model.values("bq/"), states: model.values("hare/state/") };
}

const nobody: readonly (readonly [what: string, body: Json, record: Json | undefined])[] = [
  ["a process that starts", m0d("STARTING"), m0d("STARTING")],
  ["a process that stops", m0d("STOPPING"), m0d("STOPPING")],
  ["a start of an earlier generation", m0d("STARTED", 2), m0d("STARTED", 3)],
  ["an end of an earlier generation, however late", m0d("STOPPED", 2), m0d("STARTED", 3)],
  ["an end after which it has been started", m0d("STOPPED"), m0d("STARTING")],
  ["a process that is not on record", m0d("STARTED"), undefined],
  ["a process of unknown type", { fid: process, state: "M0_CONF_HA_PROCESS_STOPPED" }, {
    state: "M0_CONF_HA_PROCESS_STOPPED",
  }],
];
for (const state of ["STARTING", "STARTED", "STOPPING", "STOPPED"]) {
  for (const type of ["M0MKFS", "OTHER"]) {
    Deno.test(`process tells nobody of ${type} that is ${state}`, async () => {
      const body = { ...m0d(state), type };
      assertEquals((await handle("process", body, body)).told, {});
    });
  }
}
for (const [what, body, record] of nobody) {
  Deno.test(`process tells nobody of ${what}`, async () => {
    const { told, states } = await handle("process", body, record);
    assertEquals([told, states], [{}, {}]);
  });
}

const told: readonly (readonly [type: string, body: Json, fid: string, state: string])[] = [
  ["process", m0d("STARTED"), process, "online"],
  ["process", m0d("STOPPED"), process, "failed"],
  ["service", { fid: service, state: "M0_CONF_HA_SERVICE_STARTED" }, service, "online"],
  ["service", { fid: service, state: "M0_CONF_HA_SERVICE_FAILED" }, service, "failed"],
  ["drive", { fid: drive, state: "failed" }, drive, "failed"],
  ["drive", { fid: "0x6b00000000000001:17", state: "repaired", more: 1 }, drive, "repaired"],
  ["repair", { fid: pool }, pool, "repair"],
  ["rebalance", { fid: pool }, pool, "rebalance"],
];
for (const [type, body, fid, state] of told) {
  Deno.test(`${type} ${JSON.stringify(body)} tells all: ${state}`, async () => {
    const value = JSON.stringify({ fid, state });
    const { told, states } = await handle(type, body, body);
    assertEquals(told, { "bq/000000042": value });
    assertEquals(states, { [`hare/state/${fid}`]: value });
  });
}

Deno.test("process names the process, its type and its pid", async () => {
  const body = { ...m0d("STARTED"), more: true };
  assertEquals(
    (await handle("process", body, body)).outcome,
    `process ${process} (M0D, pid 12) is STARTED: all are told that it is online`,
  );
});

Deno.test("service tells nobody of one that starts, or that stops with its process", async () => {
  for (const state of ["STARTING", "STOPPING", "STOPPED"]) {
    const body = { fid: service, state: `M0_CONF_HA_SERVICE_${state}` };
    const { outcome, told } = await handle("service", body);
    assertEquals([outcome, told], [`service ${service} is ${state}`, {}]);
  }
});

Deno.test("io-error is taken note of, whatever else it holds", async () => {
  const { outcome, told } = await handle("io-error", { fid: drive, errno: 5 });
  assertEquals([outcome, told], [`took note of an error at ${drive}`, {}]);
  assertEquals((await handle("io-error", {})).outcome, "took note of an error");
});

const unusable: readonly (readonly [type: string, body: Json | undefined, why: string])[] = [
  ["process", undefined, "its JSON"],
  ["process", "started", "its JSON"],
  ["process", { state: "M0_CONF_HA_PROCESS_STARTED" }, "fid"],
  ["process", { ...m0d("STARTED"), fid: "0x9" }, "is no fid"],
  ["process", { fid: process, state: "online" }, "state"],
  ["process", { ...m0d("STARTED"), type: "m0d" }, "type"],
  ["service", { fid: process, state: "M0_CONF_HA_SERVICE_STARTED" }, "the fid of a service"],
  ["service", { fid: service, state: "M0_CONF_HA_PROCESS_STARTED" }, "state"],
  ["drive", { fid: pool, state: "failed" }, "the fid of a drive or sdev"],
  ["drive", { fid: drive, state: "offline" }, "state"],
  ["drive", undefined, "its JSON"],
  ["repair", { fid: drive }, "the fid of a pool"],
  ["rebalance", {}, "fid"],
  ["io-error", undefined, "its JSON"],
];
for (const [type, body, why] of unusable) {
  Deno.test(`${type} refuses ${JSON.stringify(body)}`, async () => {
    await assertRejects(async () => await handle(type, body), UnusableEvent, why);
  });
}
