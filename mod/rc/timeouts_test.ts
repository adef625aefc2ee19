import fc from "fast-check";
import { assertEquals } from "../../tests/lib/assert.ts";
import type { KvEntry } from "../consul/mod.ts";
import { parseTimeoutKey } from "../kv/timeout_key.ts";
import {
  addEvent,
  MAX_MOVED,
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
  assertEquals(timeouts, [
    { key: "timeout/202511240310.05", index: 3, due: at(2025, 10, 24, 3, 10, 5), events: ["tmo1"] },
    {
      key: "timeout/202611240310.05",
      index: 7,
      due: at(2026, 10, 24, 3, 10, 5),
      events: ["tmo2", "wake_RC"],
    },
  ]);
  assertEquals(unreadable.size, 0);
});

Deno.test("readTimeouts() sets aside what it cannot read and reads the rest", () => {
  const { timeouts, unreadable } = readTimeouts([
    entry("timeout/soon", "tmo1"),
    entry("timeout/202613240310.05", "tmo1"),
    entry("timeout/202611240310.05", "tmo2"),
    entry("timeout/202611240310.06", "x".repeat(300_000)),
  ]);
  assertEquals(timeouts.map(({ events }) => events), [["tmo2"]]);
  assertEquals([...unreadable.keys()], [
    "timeout/soon",
    "timeout/202613240310.05",
    "timeout/202611240310.06",
  ]);
});

function timeout(events: readonly string[]): Timeout {
  return { key: "timeout/202611240310.05", index: 7, due: 0, events };
}

Deno.test("moveTimeout() gives each event a fresh number and removes the key", () => {
  const { ops, epochs, left } = moveTimeout(timeout(["tmo1", "tmo2"]), entry("epoch", "41", 5), 0);
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
    const { ops, epochs, left } = moveTimeout(timeout(events), entry("epoch", "0"), 0);
    assertEquals(ops.length + 1 <= 64, true); // the fence is one more
    assertEquals(epochs.length, Math.min(count, 60));
    assertEquals(left, count - epochs.length);
    const rest = ops.find(({ verb }) => verb === "set")?.value?.split(",") ?? [];
    assertEquals([...ops.slice(3).map(({ value }) => value), ...rest], events);
  });
}

Deno.test("moveTimeout() passes numbers over that are taken", () => {
  assertEquals(moveTimeout(timeout(["tmo1"]), entry("epoch", "41"), 50).epochs, [50]);
});

Deno.test("addEvent() keeps what is there, commas in JSON too", () => {
  assertEquals(addEvent("", "tmo1"), "tmo1");
  assertEquals(addEvent('drive {"a":1,"b":2}', "tmo1"), 'drive {"a":1,"b":2},tmo1');
});

const DAY = 86_400_000;

/** Runs `test` where local time is that of `zone`. */
function inZone(zone: string, test: () => void): void {
  const before = Deno.env.get("TZ");
  Deno.env.set("TZ", zone);
  try {
    test();
  } finally {
    if (before === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", before);
  }
}

for (const zone of ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]) {
  Deno.test(`timeoutKeyFor() names a time that is not early, in ${zone}`, () => {
    inZone(zone, () => {
      const year = at(2026, 0, 1, 0, 0, 0);
      fc.assert(
        fc.property(fc.integer({ min: year, max: year + 366 * DAY }), (due) => {
          const late = (parseTimeoutKey(timeoutKeyFor(due))?.getTime() ?? NaN) - due;
          return late >= 0 && late <= 3_600_000 + 60_000;
        }),
        { numRuns: 2000 },
      );
    });
  });
}

Deno.test("timeoutKeyFor() does not name the first of two equal hours for the second", () => {
  inZone("Europe/Berlin", () => {
    const second = Date.UTC(2026, 9, 25, 1, 30); // 02:30 for the second time
    assertEquals(timeoutKeyFor(second - 3_600_000), "timeout/202610250230.00");
    assertEquals(timeoutKeyFor(second), "timeout/202610250300.00");
  });
});
