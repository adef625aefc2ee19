import * as fc from "fast-check";
import { assert, assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import type { Fid } from "../lib/fid.ts";
import {
  BQ_PREFIX,
  bqKey,
  bqSeenKey,
  EQ_PREFIX,
  EQ_REJECTED_PREFIX,
  eqKey,
  eqRejectedKey,
  formatEpoch,
  historyKey,
  mkfsKey,
  nodePrefix,
  parseBqSeenKey,
  parseEpochKey,
  parseMkfsKey,
  parseProcessKey,
  parseServiceKey,
  parseStateKey,
  PROCESSES_PREFIX,
  processKey,
  serviceKey,
  stateKey,
} from "./keys.ts";

const fid: fc.Arbitrary<Fid> = fc.record({
  container: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  key: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});
const node = fc.string({ minLength: 1, maxLength: 64 }).filter((name) => !name.includes("/"));
const queues = [[EQ_PREFIX, eqKey], [BQ_PREFIX, bqKey], [
  EQ_REJECTED_PREFIX,
  eqRejectedKey,
]] as const;

Deno.test("parseEpochKey() returns what the builders were given", () => {
  for (const [prefix, key] of queues) {
    fc.assert(fc.property(fc.maxSafeNat(), (epoch) => {
      assertEquals(parseEpochKey(prefix, key(epoch)), epoch);
    }));
  }
});

Deno.test("parseEpochKey() reads unpadded numbers, typed by hand", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.nat(12), (epoch, zeros) => {
    assertEquals(parseEpochKey(EQ_PREFIX, `eq/${"0".repeat(zeros)}${epoch}`), epoch);
  }));
  assertEquals(parseEpochKey(EQ_PREFIX, "eq/0"), 0);
});

Deno.test("parseEpochKey() takes no other key for an entry of the queue", () => {
  const others = [
    "eq/",
    "eq",
    "bq/1",
    "eq/1/",
    "eq/1/2",
    "eq/-1",
    "eq/1.5",
    "eq/0x1",
    "eq/ 1",
    "eq/1 ",
  ];
  for (const key of [...others, "eq/٣", "eq/9007199254740992", "eq-rejected/1", "xeq/1", ""]) {
    assertEquals(parseEpochKey(EQ_PREFIX, key), null, key);
  }
});

Deno.test("keys of up to nine digits have the order of their numbers", () => {
  const epoch = fc.nat(999_999_999);
  fc.assert(fc.property(epoch, epoch, (a, b) => {
    assertEquals(eqKey(a) < eqKey(b), a < b);
  }));
});

Deno.test("formatEpoch() prints nine digits, and refuses what is no epoch", () => {
  assertEquals(formatEpoch(2), "000000002");
  assertEquals(formatEpoch(1_234_567_890), "1234567890");
  for (const wrong of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => formatEpoch(wrong), RangeError);
  }
});

Deno.test("parsers of keys with a fid return what the builders were given", () => {
  fc.assert(fc.property(fid, (fid) => {
    assertEquals(parseStateKey(stateKey(fid)), fid);
    assertEquals(parseProcessKey(processKey(fid)), fid);
    assertEquals(parseMkfsKey(mkfsKey(fid)), fid);
  }));
  for (
    const key of ["processes/", "processes/9", "processes/0x1:0x2/x", "hare/mkfs/0x1:0x2", "x"]
  ) {
    assertEquals([parseProcessKey(key), parseStateKey(key)], [null, null], key);
  }
});

Deno.test("a process's key is a prefix of no other process's key and its slash", () => {
  // The original read processes/0x…:0x9 and got 0x…:0x96 too.
  assert(PROCESSES_PREFIX.endsWith("/"));
  fc.assert(fc.property(fid, fid, (a, b) => {
    fc.pre(a.container !== b.container || a.key !== b.key);
    assert(!`${processKey(a)}/`.startsWith(`${processKey(b)}/`));
  }));
});

Deno.test("parseServiceKey() returns what serviceKey() was given", () => {
  const attribute = fc.constantFrom("types" as const, "ep" as const);
  fc.assert(fc.property(node, fc.maxSafeNat(), attribute, (node, fidk, attribute) => {
    const key = serviceKey(node, fidk, attribute);
    assertEquals(parseServiceKey(key), { node, fidk, attribute });
    assert(key.startsWith(nodePrefix(node)));
  }));
  for (
    const key of [
      "node/a/service/9",
      "node/a/service/9/",
      "node/a/service/9/types/x",
      "node/a/service/x/ep",
      "node//service/9/ep",
      "node/a/b/service/9/ep",
      "node/a/service/9/epp",
      "node/a/service/9007199254740992/ep",
    ]
  ) {
    assertEquals(parseServiceKey(key), null, key);
  }
  assertThrows(() => serviceKey("a", -1, "ep"), RangeError);
});

Deno.test("parseBqSeenKey() returns what bqSeenKey() was given", () => {
  fc.assert(fc.property(node, (node) => assertEquals(parseBqSeenKey(bqSeenKey(node)), node)));
  for (const key of ["bq-seen/", "bq-seen/a/b", "bq/a"]) {
    assertEquals(parseBqSeenKey(key), null, key);
  }
});

Deno.test("a name that would add parts to a key is refused", () => {
  for (const name of ["", "a/b", "/"]) {
    assertThrows(() => bqSeenKey(name), HareError, "cannot be part of a Consul key");
    assertThrows(() => nodePrefix(name), HareError, "cannot be part of a Consul key");
  }
});

Deno.test("historyKey() has the order of time", () => {
  assertEquals(
    historyKey(new Date(Date.UTC(2026, 10, 24, 3, 10)), 1),
    "hare/history/2026-11-24T03:10:00.000Z-1",
  );
});
