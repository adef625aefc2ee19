import { assert, assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import type { KvEntry } from "../consul/mod.ts";
import { HareError } from "../lib/errors.ts";
import {
  addEvent,
  MAX_MOVED,
  type Move,
  moveTimeout,
  readTimeouts,
  type Timeout,
  timeoutKeyFor,
} from "./timeouts.ts";

function entry(key: string, value: string, modifyIndex = 7): KvEntry {
  return { key, value, flags: 0, session: null, lockIndex: 0, createIndex: 1, modifyIndex };
}

const at = (...parts: [number, number, number, number, number, number]) =>
  new Date(...parts).getTime();

Deno.test("readTimeouts() gives the earliest first, with their events", () => {
  const { timeouts, unreadable } = readTimeouts([
    entry("timeout/202611240310.05", "tmo2, wake_RC"),
    entry("timeout/202511240310.05", "tmo1", 3),
  ]);
  assertEquals(timeouts.map(({ key, index, due, events }) => [key, index, due, events]), [
    ["timeout/202511240310.05", 3, at(2025, 10, 24, 3, 10, 5), ["tmo1"]],
    ["timeout/202611240310.05", 7, at(2026, 10, 24, 3, 10, 5), ["tmo2", "wake_RC"]],
  ]);
  assertEquals(unreadable.size, 0);
});

Deno.test("readTimeouts() sets aside what it cannot read and reads the rest", () => {
  const { timeouts, unreadable } = readTimeouts([
    entry("timeout/soon", "tmo1"),
    entry("timeout/202613240310.05", "tmo1"),
    entry("timeout/202611240310.05", "tmo2"),
  ]);
  assertEquals(timeouts.map(({ events }) => events), [["tmo2"]]);
  assertEquals([...unreadable.keys()], ["timeout/soon", "timeout/202613240310.05"]);
});

function timeout(events: readonly string[]): Timeout {
  return { key: "timeout/202611240310.05", index: 7, due: 0, events, text: events.join(",") };
}

function move(...args: Parameters<typeof moveTimeout>): Move {
  const move = moveTimeout(...args);
  assert(move !== null, "no transaction takes it");
  return move;
}

Deno.test("moveTimeout() gives each event a fresh number and removes the key", () => {
  const { ops, epochs, left } = move(timeout(["tmo1", "tmo2"]), { last: 41, modifyIndex: 5 }, 0);
  assertEquals(epochs, [42, 43]);
  assertEquals(left, 0);
  assertEquals(ops, [
    { verb: "check-index", key: "timeout/202611240310.05", index: 7 },
    { verb: "delete", key: "timeout/202611240310.05" },
    { verb: "cas", key: "epoch", value: "43", index: 5 },
    { verb: "cas", key: "eq/000000042", value: "tmo1", index: 0 },
    { verb: "cas", key: "eq/000000043", value: "tmo2", index: 0 },
  ]);
});

for (const count of [MAX_MOVED - 1, MAX_MOVED, MAX_MOVED + 1, 3 * MAX_MOVED]) {
  Deno.test(`moveTimeout() of ${count} events fits one transaction and leaves the rest`, () => {
    const events = Array.from({ length: count }, (_, i) => `tmo${i}`);
    const { ops, epochs, left } = move(timeout(events), { last: 0, modifyIndex: 7 }, 0);
    assertEquals(ops.length + 1 <= 64, true); // the fence is one more
    assertEquals(epochs.length, Math.min(count, 60));
    assertEquals(left, count - epochs.length);
    const rest = ops.find(({ verb }) => verb === "set")?.value?.split(",") ?? [];
    assertEquals([...ops.slice(3).map(({ value }) => value), ...rest], events);
  });
}

Deno.test("moveTimeout() takes what fits one transaction, and nothing larger", () => {
  const events = (bytes: number) => ["tmo1", "x".repeat(bytes)];
  assertEquals(move(timeout(events(370_000)), { last: 0, modifyIndex: 7 }, 0).epochs, [1, 2]);
  assertEquals(moveTimeout(timeout(events(400_000)), { last: 0, modifyIndex: 7 }, 0), null);
});

Deno.test("moveTimeout() needs no number for a timeout without events", () => {
  const { ops } = move(timeout([]), { last: 0, modifyIndex: 7 }, 0);
  assertEquals(ops.map(({ verb }) => verb), ["check-index", "delete"]);
});

Deno.test("moveTimeout() passes numbers over that are taken", () => {
  assertEquals(move(timeout(["tmo1"]), { last: 41, modifyIndex: 7 }, 50).epochs, [50]);
});

Deno.test("timeoutKeyFor() names no time that no key can say", () => {
  for (const due of [Date.UTC(10_001, 0), Date.UTC(1969, 0), 8.64e15 + 1, NaN]) {
    assertThrows(() => timeoutKeyFor(due), HareError, "from the year 1970 to 9999 only");
  }
});

Deno.test("addEvent() keeps what is there, commas in JSON too", () => {
  assertEquals(addEvent("", "tmo1"), "tmo1");
  assertEquals(addEvent('drive {"a":1,"b":2}', "tmo1"), 'drive {"a":1,"b":2},tmo1');
});

/** Each minute of 2026 in another zone: how late the key's time is, and the key of some times. */
const IN_ZONE = `
  import { parseTimeoutKey } from ${JSON.stringify(import.meta.resolve("../kv/timeout_key.ts"))};
  import { timeoutKeyFor } from ${JSON.stringify(import.meta.resolve("./timeouts.ts"))};
  const late = [];
  for (let due = Date.UTC(2026, 0, 1); due < Date.UTC(2027, 0, 1); due += 60_000) {
    late.push(parseTimeoutKey(timeoutKeyFor(due)).getTime() - due);
  }
  const second = Date.UTC(2026, 9, 25, 1, 30); // in Berlin 02:30 for the second time
  console.log(JSON.stringify({
    earliest: late.reduce((a, b) => Math.min(a, b)),
    latest: late.reduce((a, b) => Math.max(a, b)),
    keys: [timeoutKeyFor(second - 3_600_000), timeoutKeyFor(second)],
  }));
`;

/** Local time is the whole process's, and other tests run in it: so this has one of its own. */
async function inZone(zone: string): Promise<{ earliest: number; latest: number; keys: string[] }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", IN_ZONE],
    env: { TZ: zone, NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

const zones: Readonly<Record<string, number>> = {
  "UTC": 0,
  "Europe/Berlin": 3_600_000,
  "Australia/Lord_Howe": 1_800_000,
};
for (const [zone, latest] of Object.entries(zones)) {
  Deno.test(`timeoutKeyFor() names no time that is early, in ${zone}`, async () => {
    const found = await inZone(zone);
    assertEquals([found.earliest, found.latest], [0, latest]);
  });
}

Deno.test("timeoutKeyFor() does not name the first of two equal hours for the second", async () => {
  const { keys } = await inZone("Europe/Berlin");
  assertEquals(keys, ["timeout/202610250230.00", "timeout/202610250300.00"]);
});
