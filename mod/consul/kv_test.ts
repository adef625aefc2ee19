import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { serveBadly } from "../../tests/lib/bad_server.ts";
import { HareError } from "../lib/errors.ts";
import { Consul } from "./consul.ts";
import { MAX_VALUE_BYTES } from "./kv.ts";

Deno.test("kv refuses keys that would become other keys on their way", async () => {
  const consul = new Consul({ address: "http://127.0.0.1:1" });
  for (const key of ["", ".", "a/../b", "./a", "a//b", "/a", "//"]) {
    const error = await assertRejects(() => consul.kv.put(key, "x"), HareError);
    assert(error.constructor === HareError, `${key}: ${error}`); // and was not sent
  }
});

Deno.test("kv refuses a value that is too large, with key and size, by its bytes", async () => {
  await using server = serveBadly(() => ({ answer: "true" }));
  const { kv } = new Consul({ address: server.address });
  await kv.put("a", "x".repeat(MAX_VALUE_BYTES));
  await kv.put("a", "ü".repeat(MAX_VALUE_BYTES / 2));
  for (const value of ["x".repeat(MAX_VALUE_BYTES + 1), "ü".repeat(MAX_VALUE_BYTES / 2 + 1)]) {
    const error = await assertRejects(() => kv.cas("big/one", value, 0), HareError);
    assertEquals(
      error.message,
      `the value for key big/one has ${
        new TextEncoder().encode(value).length
      } bytes; Consul takes at most 524288`,
    );
  }
  assertEquals(server.requests.length, 2);
});

Deno.test("kv.get() keeps the bytes of a value that is no text", async () => {
  const values = new Map([
    ["text", [0x61, 0xc3, 0xa9]],
    ["mark", [0xef, 0xbf, 0xbd]], // U+FFFD itself
    ["bytes", [0x61, 0xff]],
  ]);
  const base64 = (bytes: readonly number[]) => btoa(String.fromCharCode(...bytes));
  await using server = serveBadly(({ path }) => {
    const Key = path.replace("/v1/kv/", "");
    const Value = base64(values.get(Key) ?? []);
    const entry = { LockIndex: 0, Key, Flags: 0, Value, CreateIndex: 1, ModifyIndex: 1 };
    return { answer: JSON.stringify([entry]) };
  });
  const { kv } = new Consul({ address: server.address });
  const found = await Promise.all([...values.keys()].map((key) => kv.get(key)));
  assertEquals(found.map((entry) => [entry?.value, entry?.binary]), [
    ["aé", undefined],
    ["\ufffd", undefined],
    ["a\ufffd", base64([0x61, 0xff])],
  ]);
});

Deno.test("kv.list() reads 50,000 entries within seconds", async () => {
  const value = btoa('{"state": "M0_CONF_HA_PROCESS_STARTED", "type": "M0D"}');
  const list = Array.from({ length: 50_000 }, (_, i) => ({
    LockIndex: 0,
    Key: `eq/${String(i).padStart(9, "0")}`,
    Flags: 0,
    Value: value,
    CreateIndex: i + 1,
    ModifyIndex: i + 1,
  }));
  const answer = JSON.stringify(list);
  await using server = serveBadly(() => ({ answer }));
  const { kv } = new Consul({ address: server.address });
  const started = performance.now();
  const entries = await kv.list("eq/");
  const ms = performance.now() - started;
  assertEquals(entries.length, 50_000);
  assertEquals(entries.at(-1), {
    key: "eq/000049999",
    value: '{"state": "M0_CONF_HA_PROCESS_STARTED", "type": "M0D"}',
    flags: 0,
    session: null,
    lockIndex: 0,
    createIndex: 50_000,
    modifyIndex: 50_000,
  });
  assert(ms < 20_000, `it took ${ms.toFixed()} ms`);
});
