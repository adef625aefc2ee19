import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeKv } from "../../tests/hax/fake_kv.ts";
import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { settle } from "../../tests/lib/fake_clock.ts";
import fc from "fast-check";
import { ConsulError } from "../consul/mod.ts";
import type { Note } from "../halink/mod.ts";
import { formatBroadcast } from "../kv/broadcast.ts";
import { BQ_PREFIX, bqKey, bqSeenKey, STATE_PREFIX, stateKey } from "../kv/keys.ts";
import { makeFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { Broadcasts } from "./broadcasts.ts";

const { signal } = new AbortController();

/** A hax of a node, and what it told: keys and states. */
function hax(kv: FakeKv, node = "node1", cas: FakeKv["kv"]["cas"] = kv.kv.cas) {
  const told: string[] = [];
  const broadcasts = new Broadcasts({
    consul: { kv: { ...kv.kv, cas } },
    node,
    random: Math.random,
    tell: (notes) => told.push(...notes.map(({ fid, state }) => `${fid.key} ${state}`)),
    log: loggerOf("test"),
  });
  return {
    told,
    broadcasts,
    apply: () => broadcasts.apply(kv.entries(BQ_PREFIX), signal),
    reconcile: () => broadcasts.reconcile(signal),
  };
}

function isConsulError(error: unknown): void {
  if (!(error instanceof ConsulError)) throw error;
}

/** The leader broadcasts a state, as entry `number`. */
function broadcast(kv: FakeKv, number: number, key: number, state: Note["state"]): void {
  const fid = makeFid("drive", key);
  const value = formatBroadcast({ fid, state });
  kv.set(bqKey(number), value);
  kv.set(stateKey(fid), value);
}

Deno.test("Broadcasts tell each entry once, in the order of numbers", async () => {
  const kv = new FakeKv();
  const { told, apply, broadcasts } = hax(kv);
  for (const number of [10, 9, 100]) broadcast(kv, number, number, "failed");
  await apply();
  await apply();
  broadcast(kv, 101, 9, "online");
  await apply();
  assertEquals(told, ["9 failed", "10 failed", "100 failed", "9 online"]);
  assertEquals(kv.value(bqSeenKey("node1")), "101");
  assertEquals(broadcasts.applied, 4);
  assertEquals(broadcasts.stateOf(makeFid("drive", 9)), "online");
});

Deno.test("Broadcasts compare numbers, not texts", async () => {
  const kv = new FakeKv();
  const { told, apply } = hax(kv);
  for (const key of [10, 9]) {
    kv.set(`${BQ_PREFIX}${key}`, formatBroadcast({ fid: makeFid("drive", key), state: "failed" }));
  }
  await apply();
  assertEquals(told, ["9 failed", "10 failed"]);
});

Deno.test("the position never goes back", async () => {
  const kv = new FakeKv();
  const { told, apply } = hax(kv);
  broadcast(kv, 4, 1, "failed");
  kv.set(bqSeenKey("node1"), "5");
  await apply();
  assertEquals([told, kv.value(bqSeenKey("node1"))], [[], "5"]);
});

Deno.test("Broadcasts tell, once, what came under a number that the position had passed", async () => {
  await using log = await captureLog();
  const kv = new FakeKv();
  const { told, apply } = hax(kv);
  kv.set(bqSeenKey("node1"), "500");
  for (const number of [1, 2]) broadcast(kv, number, number, "failed");
  await apply();
  await apply();
  assertEquals([told, kv.value(bqSeenKey("node1"))], [["1 failed", "2 failed"], "500"]);
  kv.failures.push("committed without an answer");
  broadcast(kv, 3, 3, "failed");
  await assertRejects(apply).then(isConsulError);
  await apply();
  broadcast(kv, 501, 4, "failed");
  await apply();
  assertEquals(told.slice(2), ["3 failed", "4 failed"]);
  assertEquals(kv.value(bqSeenKey("node1")), "501");
  assertEquals(log.lines, [
    "warning: the numbers of broadcasts went back: bq/000000001 comes after 500, and is told all the same",
  ]);
});

Deno.test("Broadcasts.reconcile() says once that the position is ahead of the counter", async () => {
  await using log = await captureLog();
  const kv = new FakeKv();
  const { reconcile } = hax(kv);
  kv.set(bqSeenKey("node1"), "500");
  kv.set("epoch", "400");
  await reconcile();
  await reconcile();
  kv.set("epoch", "500");
  await reconcile();
  assertEquals(log.lines, [
    "warning: bq-seen/node1 is 500, ahead of counter 400: KV was restored, or edited",
  ]);
});

Deno.test("Broadcasts ask nothing of Consul where the queue is empty", async () => {
  const kv = new FakeKv();
  const { told, apply } = hax(kv);
  kv.failures.push("away");
  await apply();
  assertEquals([told, kv.failures.length], [[], 1]);
});

Deno.test("Broadcasts go on where an earlier hax of the node stopped", async () => {
  const kv = new FakeKv();
  const before = hax(kv);
  broadcast(kv, 1, 1, "failed");
  await before.apply();
  const after = hax(kv);
  broadcast(kv, 2, 2, "failed");
  await after.apply();
  assertEquals([before.told, after.told], [["1 failed"], ["2 failed"]]);
});

Deno.test("two hax of a node never tell the same entry", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.constantFrom("a", "b", "put"), { maxLength: 30 }),
    async (steps) => {
      const kv = new FakeKv();
      const [a, b] = [hax(kv), hax(kv)];
      let number = 0;
      for (const step of steps) {
        if (step === "put") broadcast(kv, ++number, number, "failed");
        else await (step === "a" ? a : b).apply();
      }
      await Promise.all([a.apply(), b.apply()]);
      const all = [...a.told, ...b.told].map((text) => Number(text.split(" ")[0]));
      assertEquals(all.toSorted((x, y) => x - y), Array.from({ length: number }, (_, i) => i + 1));
    },
  ));
});

Deno.test("each node's hax tells all", async () => {
  const kv = new FakeKv();
  const [one, two] = [hax(kv, "node1"), hax(kv, "node2")];
  broadcast(kv, 1, 1, "repair");
  await one.apply();
  await two.apply();
  assertEquals([one.told, two.told], [["1 repair"], ["1 repair"]]);
});

Deno.test("Broadcasts tell nothing while the position cannot be moved on", async () => {
  const kv = new FakeKv();
  const { told, apply } = hax(kv);
  broadcast(kv, 1, 1, "failed");
  kv.failures.push("away");
  await assertRejects(apply, ConsulError);
  assertEquals(told, []);
  await apply();
  assertEquals(told, ["1 failed"]);
});

Deno.test("Broadcasts keep the order where Consul's answers do not", async () => {
  const kv = new FakeKv();
  const answer = Promise.withResolvers<void>();
  let held = true;
  const { told, apply, reconcile, broadcasts } = hax(kv, "node1", async (...call) => {
    const isSet = await kv.kv.cas(...call);
    if (held) {
      held = false;
      await answer.promise; // the first position is moved on, but nobody knows it yet
    }
    return isSet;
  });
  broadcast(kv, 1, 1, "failed");
  const first = apply();
  await settle();
  broadcast(kv, 2, 1, "online");
  const later = Promise.all([apply(), reconcile()]);
  await settle();
  answer.resolve();
  await Promise.all([first, later]);
  assertEquals(told, ["1 failed", "1 online"]);
  assertEquals(broadcasts.stateOf(makeFid("drive", 1)), "online");
});

Deno.test("what was claimed without an answer is told next, also where it has left the queue", async () => {
  const kv = new FakeKv();
  const { told, apply } = hax(kv);
  broadcast(kv, 1, 1, "failed");
  broadcast(kv, 2, 1, "repair");
  kv.failures.push("committed without an answer");
  await assertRejects(apply, ConsulError);
  assertEquals([told, kv.value(bqSeenKey("node1"))], [[], "2"]);
  kv.remove(bqKey(1));
  kv.remove(bqKey(2));
  await apply();
  assertEquals(told, ["1 failed", "1 repair"]);
  await apply();
  assertEquals(told.length, 2);
});

Deno.test("what another hax of the node has claimed since is not told again", async () => {
  const kv = new FakeKv();
  const [a, b] = [hax(kv), hax(kv)];
  broadcast(kv, 1, 1, "failed");
  kv.failures.push("away");
  await assertRejects(a.apply, ConsulError);
  await b.apply();
  await a.apply();
  assertEquals([a.told, b.told], [[], ["1 failed"]]);
});

Deno.test("a claim that is carried out late neither loses nor repeats a broadcast", async () => {
  const kv = new FakeKv();
  let late: (() => Promise<boolean>) | null = null;
  const { told, apply } = hax(kv, "node1", (...call) => {
    const cas = () => kv.kv.cas(...call);
    if (late === null) {
      late = cas;
      return Promise.reject(new ConsulError("no answer", { kind: "timeout", retryable: true }));
    }
    return late().then(cas);
  });
  broadcast(kv, 1, 1, "failed");
  await assertRejects(apply, ConsulError);
  broadcast(kv, 2, 1, "repair");
  await apply();
  assertEquals([told, kv.value(bqSeenKey("node1"))], [["1 failed", "1 repair"], "2"]);
});

Deno.test("Broadcasts are told once and in order, however often Consul does not answer", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.constantFrom("away", "committed without an answer", "put", "apply", "leave")),
    async (steps) => {
      const kv = new FakeKv();
      const { told, apply } = hax(kv);
      let number = 0;
      for (const step of steps) {
        if (step === "put") broadcast(kv, ++number, number, "failed");
        else if (step === "apply") await apply().catch(isConsulError);
        else if (step === "leave") {
          // The leader removes what was seen.
          const seen = Number(kv.value(bqSeenKey("node1")) ?? 0);
          for (let n = 1; n <= seen; n++) kv.remove(bqKey(n));
        } else kv.failures.push(step);
      }
      kv.failures.splice(0);
      await apply();
      assertEquals(told, Array.from({ length: number }, (_, i) => `${i + 1} failed`));
    },
  ));
});

Deno.test("a comparison tells nothing that is older than what was told meanwhile", async () => {
  const kv = new FakeKv();
  const { list } = kv.kv;
  kv.kv.list = (prefix) => {
    const entries = list(prefix);
    if (prefix === STATE_PREFIX) broadcast(kv, 2, 1, "online"); // right after they were read
    return entries;
  };
  const { told, reconcile } = hax(kv);
  broadcast(kv, 1, 1, "failed");
  await reconcile();
  assertEquals(told, ["1 failed", "1 online"]);
});

Deno.test("a hax that was away too long is told the last states in place of what it missed", async () => {
  await using log = await captureLog();
  const kv = new FakeKv();
  const { told, apply, reconcile } = hax(kv);
  broadcast(kv, 1, 1, "failed");
  broadcast(kv, 2, 2, "failed");
  await apply();
  await reconcile();
  // A day later: the leader has dropped what was not seen, but for the last.
  for (
    const [number, key, state] of [[3, 1, "repair"], [4, 1, "repaired"], [5, 3, "failed"]] as const
  ) {
    broadcast(kv, number, key, state);
  }
  for (const number of [1, 2, 3, 4]) kv.remove(bqKey(number));
  await apply();
  assertEquals(told.splice(0), ["1 failed", "2 failed", "3 failed"]);
  await reconcile();
  assertEquals(told.splice(0), ["1 repaired"]);
  await reconcile();
  assertEquals(told, []);
  assertEquals(log.matching(/unseen/), ["warning: 1 states had left the broadcast queue unseen"]);
});

Deno.test("a new hax learns the states that were broadcast before it began", async () => {
  await using log = await captureLog();
  const kv = new FakeKv();
  broadcast(kv, 1, 1, "failed");
  kv.remove(bqKey(1));
  const { told, reconcile, broadcasts } = hax(kv);
  await reconcile();
  assertEquals(told, ["1 failed"]);
  assertEquals(broadcasts.notes.map(({ fid, state }) => `${fid.key} ${state}`), ["1 failed"]);
  assertEquals(log.matching(/unseen/), [], "it was not there to see them");
});

Deno.test("entries that make no sense are named, and block nothing", async () => {
  await using log = await captureLog();
  const kv = new FakeKv();
  const { told, apply } = hax(kv);
  kv.set(bqKey(1), "{");
  kv.set(bqKey(2), '{"fid": "0x6b00000000000001:0x1", "state": "unknown"}');
  broadcast(kv, 3, 3, "failed");
  kv.set(`${BQ_PREFIX}tomorrow`, "no number");
  await apply();
  assertEquals(told, ["3 failed"]);
  assertEquals(log.matching(/passed over/).length, 2);
});

Deno.test("a position that is no number tells everything again", async () => {
  const kv = new FakeKv();
  const { told, apply } = hax(kv);
  for (const number of [0, 1]) broadcast(kv, number, number, "failed");
  kv.set(bqSeenKey("node1"), "yesterday");
  await apply();
  assertEquals(told, ["0 failed", "1 failed"]);
});
