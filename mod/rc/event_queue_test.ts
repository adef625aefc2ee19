import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { makeLeader } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { txn } from "../consul/mod.ts";
import { RC_PAUSED } from "../kv/keys.ts";
import { makeFid, parseFid } from "../lib/fid.ts";
import { LeadershipOver } from "./leadership.ts";
import { type Rule, UnusableEvent } from "./rules/mod.ts";

/** Writes the type of each event to a list, so that order and repetition can be seen. */
const listing: Rule = {
  type: "n",
  prefix: true,
  async handle({ type }, { consul }) {
    const list = await consul.kv.get("list");
    const value = list === null ? type : `${list.value} ${type}`;
    return { ops: [txn.cas("list", value, list?.modifyIndex ?? 0)], outcome: "listed" };
  },
};

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

function setUp(...rules: readonly Rule[]) {
  const model = new ModelConsul();
  const clock = new FakeClock(Date.UTC(2026, 10, 24));
  model.lock("mine");
  const leader = makeLeader(model, "mine", clock, [listing, ...rules]);
  const work = async () => {
    const working = leader.queue.work(model.list("eq/"));
    await clock.advance(60_000);
    await working;
  };
  return { model, clock, ...leader, work };
}

Deno.test("EventQueue.work() commits effects and removal together, in order, fenced", async () => {
  const { model, work } = setUp();
  for (const n of [3, 1, 2]) model.put(`eq/${n}`, `n${n}`);
  await work();
  assertEquals(model.values("list"), { list: "n1 n2 n3" });
  assertEquals(model.values("eq/"), {});
  const time = "2026-11-24T00:00:00.000Z";
  assertEquals(
    model.commits.map(({ ops }) => ops.map(({ verb, key }) => `${verb} ${key}`)),
    [1, 2, 3].map((n) => [
      "check-session leader",
      "check-not-exists hare/rc/paused",
      `check-index eq/${n}`,
      `delete eq/${n}`,
      `set hare/history/${time}-${n}`,
      "cas list",
    ]),
  );
});

/** Independent of all others; the state of each is broadcast. */
const telling: Rule = {
  type: "tell",
  independent: true,
  handle: ({ epoch }) => ({
    ops: [],
    broadcasts: [{ fid: makeFid("drive", epoch), state: "failed" }],
    outcome: "told",
  }),
};

Deno.test("EventQueue.work() commits independent events together, in order, fenced", async () => {
  const { model, work } = setUp(telling);
  model.put("epoch", "40");
  for (let n = 1; n <= 25; n++) model.put(`eq/${n}`, n === 13 ? "n13" : "tell");
  await work();
  assertEquals(model.values("eq/"), {});
  assertEquals(model.commits.map(({ ops }) => ops.filter(({ verb }) => verb === "delete").length), [
    10,
    2,
    1,
    10,
    2,
  ]);
  for (const { ops } of model.commits) {
    assertEquals(ops.slice(0, 2).map(({ verb }) => verb), ["check-session", "check-not-exists"]);
    assert(ops.length <= 64, `${ops.length} operations`);
  }
  const told = model.list("bq/").map(({ value }) => parseFid(JSON.parse(value).fid).key);
  const others = Array.from({ length: 25 }, (_, i) => BigInt(i + 1)).filter((n) => n !== 13n);
  assertEquals(told, others);
  assertEquals(model.values("list"), { list: "n13" });
  assertEquals(model.list("hare/history/").length, 25);
});

Deno.test("EventQueue.work() finds one by one what it could not commit together", async () => {
  const { model, queue, work } = setUp(telling);
  model.put("epoch", "40");
  for (const n of [1, 2, 3]) model.put(`eq/${n}`, "tell");
  const reading = model.list("eq/");
  model.put("bq/000000041", "typed by hand");
  model.delete("eq/2");
  await queue.work(reading);
  await work();
  assertEquals(model.values("eq/"), {});
  const told = model.list("bq/").map(({ key, value }) => [key, value.slice(-30)]);
  assertEquals(
    told.slice(1).map(([, value]) => value),
    [
      '0000000001:0x1","state":"failed"}',
      '0000000001:0x3","state":"failed"}',
    ].map((value) => value.slice(-30)),
  );
  assertEquals(model.get("bq/000000041")?.value, "typed by hand");
});

Deno.test("EventQueue.work() moves broadcasts aside while the counter is no number", async () => {
  const { model, work } = setUp(telling);
  model.put("epoch", "many");
  for (const n of [1, 2]) model.put(`eq/${n}`, "tell");
  await work();
  assertEquals([model.values("eq/"), model.values("bq/")], [{}, {}]);
  assertEquals(model.list("eq-rejected/").length, 2);
  assert(model.get("eq-rejected/000000001")?.value.includes("key epoch has value") ?? false);
});

Deno.test("EventQueue.work() logs a line an event: key, event, outcome, index, time", async () => {
  await using log = await captureLog();
  const { model, work } = setUp();
  model.put("eq/1", "n1");
  const index = model.get("eq/1")?.modifyIndex;
  model.put("eq/2", "what? \u001b[2J");
  await work();
  assertEquals(log.lines[0], `info: eq/1 n1: listed (index ${index}, 0 ms)`);
  assertEquals(log.lines[1]?.startsWith("warning: eq/2 what? \\u001b[2J: moved to eq-rej"), true);
  assertEquals(log.lines.length, 2);
});

const rejected: readonly (readonly [event: string, reason: RegExp])[] = [
  ["unheard_of {}", /^no rule for events of type unheard_of$/],
  ["", /is no event: it does not begin with a type/],
  ["process {", /what follows the type is no JSON/],
];
for (const [event, reason] of rejected) {
  Deno.test(`EventQueue.work() moves ${JSON.stringify(event)} aside, with the reason`, async () => {
    const { model, work } = setUp();
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
  const { model, work } = setUp();
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
  const { model, work } = setUp();
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
  const { model, work } = setUp(rule);
  model.put("eq/1", "bad");
  model.put("eq/2", "n2");
  await work();
  assertEquals(rule.asked, 3);
  assertEquals(model.commits.map(({ ops }) => ops[2]?.key), ["eq/1", "eq/2"]);
  assertEquals(model.values("eq-rejected/"), {});
});

Deno.test("EventQueue.work() moves an event aside when its rule keeps failing", async () => {
  const rule = ruleOf(...Array.from({ length: 99 }, () => fail));
  const { model, work } = setUp(rule);
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
  const { model, work } = setUp(rule);
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
  const { model, work } = setUp(rule);
  model.put("eq/1", "bad");
  await work();
  assertEquals(Object.keys(model.values("eq-rejected/")), ["eq-rejected/000000001"]);
});

Deno.test("EventQueue.work() asks anew when others change what the rule had read", async () => {
  const { model, work } = setUp();
  model.put("eq/1", "n1");
  let writes = 0;
  model.beforeCall = (call) => {
    if (call === "txn" && ++writes === 1) model.put("list", "meanwhile");
    return "done";
  };
  await work();
  assertEquals(writes, 2);
  assertEquals(model.values("list"), { list: "meanwhile n1" });
});

Deno.test("EventQueue.work() applies once what was committed without an answer", async () => {
  const { model, work } = setUp();
  model.put("eq/1", "n1");
  let writes = 0;
  model.beforeCall = (call) => call === "txn" && ++writes === 1 ? "answer-lost" : "done";
  await work();
  assertEquals(writes, 2);
  assertEquals(model.values("list"), { list: "n1" });
  assertEquals(model.values("eq/"), {});
});

Deno.test("EventQueue.work() neither applies nor skips an entry that was changed meanwhile", async () => {
  const { model, queue } = setUp();
  model.put("eq/1", "n1");
  model.put("eq/2", "n2");
  const reading = model.list("eq/");
  model.put("eq/1", "n1changed");
  await queue.work(reading);
  assertEquals(model.values("eq/"), { "eq/1": "n1changed", "eq/2": "n2" });
  await queue.work(model.list("eq/"));
  assertEquals(model.values("list"), { list: "n1changed n2" });
});

Deno.test("EventQueue.work() does not handle an entry that was removed meanwhile", async () => {
  const { model, queue } = setUp();
  model.put("eq/1", "n1");
  const reading = model.list("eq/");
  model.delete("eq/1");
  await queue.work(reading);
  assertEquals(model.values("list"), {});
});

Deno.test("EventQueue.work() of a deposed leader changes nothing", async () => {
  const { model, queue, leadership } = setUp();
  model.put("eq/1", "n1");
  model.put("eq/2", "unheard_of");
  model.lock("theirs");
  await assertRejects(() => queue.work(model.list("eq/")), LeadershipOver, "refused a write");
  assertEquals(leadership.signal.aborted, true);
  assertEquals(model.commits, []);
});

Deno.test("EventQueue.work() finishes the event in hand when it is to stop, and no other", async () => {
  const { model, queue, leadership } = setUp();
  for (const n of [1, 2]) model.put(`eq/${n}`, `n${n}`);
  model.beforeCall = () => {
    leadership.end(new LeadershipOver("the process stops"));
    return "done";
  };
  await assertRejects(() => queue.work(model.list("eq/")), LeadershipOver, "the process stops");
  assertEquals(model.values("list"), { list: "n1" });
  assertEquals(Object.keys(model.values("eq/")), ["eq/2"]);
});

Deno.test("EventQueue.work() reports a key that is no number once and leaves it", async () => {
  await using log = await captureLog();
  const { model, work } = setUp();
  model.put("eq/next", "n1");
  await work();
  await work();
  assertEquals(log.matching(/eq\/next is left/).length, 1);
  assertEquals(model.values("eq/"), { "eq/next": "n1" });
});

Deno.test("EventQueue.work() reads again after a quarter of a long queue", async () => {
  const { model, work } = setUp();
  for (let n = 0; n < 800; n++) model.put(`eq/${n}`, "n");
  await work();
  assertEquals(model.list("eq/").length, 600);
});

Deno.test("EventQueue.work() handles nothing while it is paused, and knows how many wait", async () => {
  const { model, clock, queue, orders, leadership } = setUp();
  const watching = orders.watch(leadership.signal);
  model.put(RC_PAUSED, "by a test");
  model.put("eq/1", "n1");
  await clock.advance(0);
  const working = queue.work(model.list("eq/"));
  model.put("eq/2", "n2");
  await clock.advance(1000);
  assertEquals([queue.backlog.length, model.commits], [2, []]);
  assertEquals(queue.backlog.oldest, { key: "eq/1", since: Date.UTC(2026, 10, 24) });
  model.delete(RC_PAUSED);
  await clock.advance(0);
  await working;
  assertEquals(model.values("list"), { list: "n1" });
  leadership.end(new LeadershipOver("the test is over"));
  await watching;
});

Deno.test("EventQueue.work() commits nothing during a pause that it has not heard of", async () => {
  const { model, queue, leadership, clock } = setUp();
  model.put("eq/1", "n1");
  model.put("eq/2", "unheard_of");
  model.put(RC_PAUSED, "by a test");
  const working = queue.work(model.list("eq/"));
  await clock.advance(10_000);
  assertEquals(model.commits, []);
  leadership.end(new LeadershipOver("the process stops"));
  await assertRejects(() => working, LeadershipOver, "the process stops");
});
