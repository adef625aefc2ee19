import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { setUpQueue } from "../../tests/rc/queue_world.ts";
import { txn } from "../consul/mod.ts";
import { type Rule, UnusableEvent } from "./rules/mod.ts";

/** A rule for events `bad` that does as told, once for each time it is asked. */
function ruleOf(...answers: (() => void)[]): Rule & { asked: number } {
  return {
    type: "bad",
    asked: 0,
    handle() {
      answers[this.asked++]?.();
      return Promise.resolve({ ops: [txn.set("done", "yes")], outcome: "done" });
    },
  };
}

const rejected: readonly (readonly [event: string, reason: RegExp])[] = [
  ["unheard_of {}", /^no rule for events of type unheard_of$/],
  ["", /is no event: it does not begin with a type/],
  ["process {", /what follows the type is no JSON/],
];
for (const [event, reason] of rejected) {
  Deno.test(`EventQueue.work() moves ${JSON.stringify(event)} aside, with the reason`, async () => {
    const { model, work } = setUpQueue();
    model.put("eq/1", event);
    model.put("eq/000000002", "n2");
    await work();
    assertEquals(model.values("eq/"), {});
    assertEquals(model.values("list"), { list: "n2" });
    const kept = JSON.parse(model.get("eq-rejected/000000001")?.value ?? "null");
    assertEquals([kept.event, kept.time], [event, "2026-11-24T00:00:00.000Z"]);
    assert(reason.test(kept.reason), kept.reason);
    assertEquals(model.commits.every(({ ops }) => ops[0]?.verb === "check-session"), true);
  });
}

Deno.test("EventQueue.work() keeps what was moved aside under the same number before", async () => {
  const { model, work } = setUpQueue();
  model.put("epoch", "41");
  model.put("eq-rejected/000000042", "the counter has not come here yet");
  for (const event of ["first", "second", "third"]) {
    model.put("eq/0", event);
    await work();
  }
  const kept = model.list("eq-rejected/").map(({ key, value }) => [key, value.slice(0, 20)]);
  assertEquals(kept, [
    ["eq-rejected/000000000", '{"event":"first","re'],
    ["eq-rejected/000000042", "the counter has not "],
    ["eq-rejected/000000043", '{"event":"second","r'],
    ["eq-rejected/000000044", '{"event":"third","re'],
  ]);
  assertEquals(model.get("epoch")?.value, "44");
});

Deno.test("EventQueue.work() keeps the beginning of an event that is too large to keep", async () => {
  const { model, work } = setUpQueue();
  model.put("eq/1", `bad "${"é".repeat(200_000)}"`);
  await work();
  const kept = JSON.parse(model.get("eq-rejected/000000001")?.value ?? "null");
  assertEquals(kept.bytes, 400_006);
  assertEquals(kept.event.startsWith('bad "éé'), true);
  assert((model.get("eq-rejected/000000001")?.value.length ?? 0) < 200_000, "still large");
});

const fail = () => {
  throw new Error("the unit does not restart");
};

Deno.test("EventQueue.work() asks a rule that failed again, and keeps the order", async () => {
  const rule = ruleOf(fail, fail);
  const { model, work } = setUpQueue(rule);
  model.put("eq/1", "bad");
  model.put("eq/2", "n2");
  await work();
  assertEquals(rule.asked, 3);
  assertEquals(model.commits.map(({ ops }) => ops[2]?.key), ["eq/1", "eq/2"]);
  assertEquals(model.values("eq-rejected/"), {});
});

Deno.test("EventQueue.work() moves an event aside when its rule keeps failing", async () => {
  const rule = ruleOf(...Array.from({ length: 99 }, () => fail));
  const { model, work } = setUpQueue(rule);
  model.put("eq/1", "bad");
  model.put("eq/2", "n2");
  await work();
  assertEquals(rule.asked, 5);
  const kept = JSON.parse(model.get("eq-rejected/000000001")?.value ?? "null");
  assertEquals(kept.reason, "its rule failed 5 times: the unit does not restart");
  assertEquals(model.values("list"), { list: "n2" });
});

Deno.test("EventQueue.work() does not ask again about an event that no rule can use", async () => {
  const rule = ruleOf(() => {
    throw new UnusableEvent("its fid is none");
  });
  const { model, work } = setUpQueue(rule);
  model.put("eq/1", "bad");
  await work();
  assertEquals(rule.asked, 1);
  assertEquals(Object.keys(model.values("eq-rejected/")), ["eq-rejected/000000001"]);
});

Deno.test("EventQueue.work() treats effects that cannot be written as a failure", async () => {
  const rule: Rule = {
    type: "bad",
    handle: () => Promise.resolve({ ops: [{ verb: "lock", key: "k" }], outcome: "never" }),
  };
  const { model, work } = setUpQueue(rule);
  model.put("eq/1", "bad");
  await work();
  assertEquals(Object.keys(model.values("eq-rejected/")), ["eq-rejected/000000001"]);
});

for (const [what, least, result] of [["less", 1000, "rejected"], ["nothing", 0, "left"]] as const) {
  Deno.test(`EventQueue.work() goes on where Consul takes ${what} of an event`, async () => {
    await using log = await captureLog();
    const { model, mishaps, work } = setUpQueue();
    model.refuses = ({ key, value = "" }) => key.startsWith("eq-rejected/") && value.length > least;
    model.put("eq/1", `bad "${"x".repeat(5000)}"`);
    model.put("eq/2", "n2");
    await work();
    assertEquals(model.values("list"), { list: "n2" });
    const letter = JSON.parse(model.get("eq-rejected/000000001")?.value ?? "{}");
    const isKept = result === "rejected";
    assertEquals(letter.bytes, isKept ? 5006 : undefined);
    assertEquals(Object.keys(model.values("eq/")), isKept ? [] : ["eq/1"]);
    assert(mishaps.last?.what.startsWith("eq/1 ") === true, mishaps.last?.what);
    const said = isKept ? /^warn.*eq\/1 bad/ : /^error: eq\/1 bad.*is left: no rule/;
    assertEquals(log.matching(said).length, 1);
  });
}

Deno.test("EventQueue.work() logs a fault of a rule with its stack, and treats it as a failure", async () => {
  await using log = await captureLog();
  const rule = ruleOf(() => {
    throw new TypeError("undefined is not a function");
  });
  const { model, work } = setUpQueue(rule);
  model.put("eq/1", "bad");
  await work();
  assertEquals(rule.asked, 2);
  assertEquals(model.get("done")?.value, "yes");
  assertEquals(log.matching(/eq\/1: unexpected failure: TypeError: undefined is not/).length, 1);
});
