import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { setUpQueue } from "../../tests/rc/queue_world.ts";
import { RC_PAUSED } from "../kv/keys.ts";
import { makeFid, parseFid } from "../lib/fid.ts";
import { renderMetrics } from "../lib/metrics.ts";
import { LeadershipOver } from "./leadership.ts";
import type { Rule } from "./rules/mod.ts";

Deno.test("EventQueue.work() commits effects and removal together, in order, fenced", async () => {
  const { model, work } = setUpQueue();
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
  const { model, work } = setUpQueue(telling);
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

Deno.test("EventQueue.work() counts once for what is committed in a row", async () => {
  const { model, work } = setUpQueue(telling);
  model.put("epoch", "40");
  for (let n = 1; n <= 25; n++) model.put(`eq/${n}`, n === 13 ? "n13" : "tell");
  await work();
  const counts = model.commits.map(({ ops }) => ops.find(({ key }) => key === "epoch")?.value);
  assertEquals(counts, ["65", undefined, undefined, "77", undefined]);
  const numbers = model.list("bq/").map(({ key }) => Number(key.slice(3)));
  const range = (first: number) => Array.from({ length: 12 }, (_, i) => first + i);
  assertEquals(numbers, [...range(41), ...range(66)]);
});

Deno.test("EventQueue.work() passes over a number in reserve that was typed by hand", async () => {
  const { model, work } = setUpQueue(telling);
  model.put("epoch", "40");
  for (let n = 1; n <= 25; n++) model.put(`eq/${n}`, "tell");
  model.put("bq/000000053", "typed by hand");
  await work();
  assertEquals(model.get("bq/000000053")?.value, "typed by hand");
  const told = model.list("bq/").filter(({ value }) => value.startsWith("{"));
  const fids = told.map(({ value }) => Number(parseFid(JSON.parse(value).fid).key));
  assertEquals(fids, Array.from({ length: 25 }, (_, i) => i + 1));
});

Deno.test("EventQueue.work() commits together again when only the counter has moved on", async () => {
  const { model, work } = setUpQueue(telling);
  model.put("epoch", "40");
  for (const n of [1, 2, 3]) model.put(`eq/${n}`, "tell");
  let writes = 0;
  model.beforeCall = (call) => {
    if (call === "txn" && ++writes < 4) model.put("epoch", String(40 + writes));
    return "done";
  };
  await work();
  assertEquals([writes, model.commits.length], [4, 1]);
  const keys = model.list("bq/").map(({ key }) => key);
  assertEquals(keys, ["bq/000000044", "bq/000000045", "bq/000000046"]);
});

Deno.test("EventQueue.work() finds one by one what it could not commit together", async () => {
  const { model, clock, queue, work } = setUpQueue(telling);
  model.put("epoch", "40");
  for (const n of [1, 2, 3]) model.put(`eq/${n}`, "tell");
  const reading = model.list("eq/");
  model.put("bq/000000041", "typed by hand");
  model.delete("eq/2");
  const working = queue.work(reading);
  await clock.advance(60_000);
  await working;
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

for (const counter of ["many", "-1", "9007199254740991", "1"]) {
  Deno.test(`EventQueue.work() goes on after the last number where the counter is ${counter}`, async () => {
    const { model, numbering, work } = setUpQueue(telling);
    model.put("epoch", counter);
    model.put("bq-seen/node1", "40");
    for (const n of [1, 2]) model.put(`eq/${n}`, "tell");
    await numbering.open();
    await work();
    assertEquals([model.values("eq/"), model.values("eq-rejected/")], [{}, {}]);
    assertEquals(Object.keys(model.values("bq/")), ["bq/000000041", "bq/000000042"]);
    assertEquals(model.get("epoch")?.value, "42");
  });
}

for (const counter of [null, "many", "1"]) {
  Deno.test(`EventQueue.work() repeats no number where the counter becomes ${counter}`, async () => {
    const { model, numbering, work } = setUpQueue(telling);
    model.put("epoch", "40");
    await numbering.open();
    for (const n of [38, 39, 40]) model.put(`eq/${n}`, "tell");
    await work();
    for (const { key } of model.list("bq/")) model.delete(key); // every hax has seen them
    if (counter === null) model.delete("epoch");
    else model.put("epoch", counter);
    for (const n of [2, 3]) model.put(`eq/${n}`, "tell");
    await work();
    assertEquals(Object.keys(model.values("bq/")), ["bq/000000044", "bq/000000045"]);
    assertEquals(model.get("epoch")?.value, "45");
  });
}

Deno.test("EventQueue.work() logs a line an event: key, event, outcome, index, time", async () => {
  await using log = await captureLog();
  const { model, work } = setUpQueue();
  model.put("eq/1", "n1");
  const index = model.get("eq/1")?.modifyIndex;
  model.put("eq/2", "what? \u001b[2J");
  await work();
  assertEquals(log.lines[0], `info: eq/1 n1: listed (index ${index}, 0 ms)`);
  assertEquals(log.lines[1]?.startsWith("warning: eq/2 what? \\u001b[2J: moved to eq-rej"), true);
  assertEquals(log.lines.length, 2);
});

Deno.test("EventQueue.work() asks anew when others change what the rule had read", async () => {
  const { model, work } = setUpQueue();
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
  const { model, work } = setUpQueue();
  model.put("eq/1", "n1");
  let writes = 0;
  model.beforeCall = (call) => call === "txn" && ++writes === 1 ? "answer-lost" : "done";
  await work();
  assertEquals(writes, 2);
  assertEquals(model.values("list"), { list: "n1" });
  assertEquals(model.values("eq/"), {});
});

Deno.test("EventQueue.work() neither applies nor skips an entry that was changed meanwhile", async () => {
  const { model, queue } = setUpQueue();
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
  const { model, queue } = setUpQueue();
  model.put("eq/1", "n1");
  const reading = model.list("eq/");
  model.delete("eq/1");
  await queue.work(reading);
  assertEquals(model.values("list"), {});
});

Deno.test("EventQueue.work() passes over what it has done already, though it is read once more", async () => {
  await using log = await captureLog();
  const { model, queue } = setUpQueue();
  model.put("eq/1", "n1");
  const reading = model.list("eq/");
  await queue.work(reading);
  model.put("eq/2", "n2");
  await queue.work([...reading, ...model.list("eq/")]);
  model.put("eq/1", "n1again");
  await queue.work(model.list("eq/"));
  assertEquals(model.values("list"), { list: "n1 n2 n1again" });
  assertEquals(log.lines.length, 3);
});

Deno.test("EventQueue.work() of a deposed leader changes nothing", async () => {
  const { model, queue, leadership } = setUpQueue();
  model.put("eq/1", "n1");
  model.put("eq/2", "unheard_of");
  model.lock("theirs");
  await assertRejects(() => queue.work(model.list("eq/")), LeadershipOver, "refused a write");
  assertEquals(leadership.signal.aborted, true);
  assertEquals(model.commits, []);
});

Deno.test("EventQueue.work() finishes the event in hand when it is to stop, and no other", async () => {
  const { model, queue, leadership } = setUpQueue();
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
  const { model, work } = setUpQueue();
  model.put("eq/next", "n1");
  await work();
  await work();
  assertEquals(log.matching(/eq\/next is left/).length, 1);
  assertEquals(model.values("eq/"), { "eq/next": "n1" });
});

Deno.test("EventQueue.work() reads again after a quarter of a long queue", async () => {
  const { model, work } = setUpQueue();
  for (let n = 0; n < 800; n++) model.put(`eq/${n}`, "n");
  await work();
  assertEquals(model.list("eq/").length, 600);
});

Deno.test("EventQueue.work() handles nothing while it is paused, and knows how many wait", async () => {
  const { model, clock, queue, orders, leadership } = setUpQueue();
  const watching = orders.watch(leadership.signal);
  model.put(RC_PAUSED, "by a test");
  model.put("eq/1", "n1");
  await clock.advance(0);
  const working = queue.work(model.list("eq/"));
  model.put("eq/2", "n2");
  await clock.advance(1000);
  assertEquals([queue.backlog.length, model.commits], [2, []]);
  const { key, since, seenAt = 0 } = queue.backlog.oldest ?? {};
  assertEquals([key, since], ["eq/1", new Date(Date.UTC(2026, 10, 24))]);
  assertEquals(clock.monotonic() - seenAt, 1000);
  model.delete(RC_PAUSED);
  await clock.advance(0);
  await working;
  assertEquals(model.values("list"), { list: "n1" });
  leadership.end(new LeadershipOver("the test is over"));
  await watching;
});

Deno.test("EventQueue.work() commits nothing during a pause that it has not heard of", async () => {
  const { model, queue, leadership, clock } = setUpQueue();
  model.put("eq/1", "n1");
  model.put("eq/2", "unheard_of");
  model.put(RC_PAUSED, "by a test");
  const working = queue.work(model.list("eq/"));
  await clock.advance(10_000);
  assertEquals(model.commits, []);
  leadership.end(new LeadershipOver("the process stops"));
  await assertRejects(() => working, LeadershipOver, "the process stops");
});

Deno.test("EventQueue.work() tells how long an event took when the wall clock is stepped meanwhile", async () => {
  for (const step of STEPS_MS) {
    for (const independent of [true, false]) {
      const slow: Rule = {
        type: "slow",
        independent,
        async handle() {
          clock.step(step);
          await clock.sleep(20);
          return { ops: [], outcome: "done" };
        },
      };
      const { clock, metrics, model, work } = setUpQueue(slow);
      model.put("eq/1", "slow");
      model.put("eq/2", "slow");
      await work();
      const times = model.list("hare/history/").map(({ value }) => JSON.parse(value).ms);
      assertEquals(times, independent ? [40, 40] : [20, 20], `a step of ${step} ms`);
      assertStringIncludes(
        renderMetrics(metrics.metrics()),
        `_sum ${independent ? 0.08 : 0.04}`,
      );
    }
  }
});
