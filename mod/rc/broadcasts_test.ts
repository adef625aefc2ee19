import { assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { leaderDeps } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { MAX_BROADCASTS } from "../kv/broadcast.ts";
import { bqKey } from "../kv/keys.ts";
import { loggerOf } from "../lib/log.ts";
import { Broadcasts, surplusOf } from "./broadcasts.ts";
import { Leadership, LeadershipOver } from "./leadership.ts";
import { Mishaps } from "./mishaps.ts";
import { Numbering } from "./numbering.ts";

const keys = (...epochs: number[]) => epochs.map(bqKey);
/** Index of the last change of every position. */
const MOVED = 50;

type Case = readonly [
  what: string,
  keys: readonly string[],
  positions: Record<string, number>,
  seen: readonly string[],
  unseen: readonly string[],
];
const cases: readonly Case[] = [
  ["what every hax has seen is to go", keys(1, 3, 5), { a: 5, b: 3 }, keys(1, 3), []],
  ["a hax without a position has seen nothing", keys(1, 3), { a: 5 }, [], []],
  ["a node without a hax does not count", keys(1, 3), { a: 5, b: 5, c: 0 }, keys(1, 3), []],
  ["the oldest go beyond the bound", keys(1, 2, 3, 4, 5), { a: 0, b: 0 }, [], keys(1, 2)],
  ["the bound counts what is left", keys(1, 2, 3, 4, 5), { a: 1, b: 9 }, keys(1), keys(2)],
  ["numbers are compared, not texts", ["bq/10", "bq/9"], { a: 9, b: 9 }, ["bq/9"], []],
  ["a key that is no number stays", ["bq/next", bqKey(1)], { a: 1, b: 1 }, keys(1), []],
];
for (const [what, found, positions, seen, unseen] of cases) {
  Deno.test(`surplusOf(): ${what}`, () => {
    const map = new Map(
      Object.entries(positions).map(([node, number]) => [node, { number, index: MOVED }]),
    );
    const entries = found.map((key) => ({ key, createIndex: MOVED - 1 }));
    assertEquals(surplusOf(entries, map, ["a", "b"], 3), { seen, unseen });
  });
}

Deno.test("surplusOf(): where no node has a hax nothing has been seen", () => {
  const entry = { key: bqKey(1), createIndex: 1 };
  assertEquals(surplusOf([entry], new Map(), []), { seen: [], unseen: [] });
});

Deno.test("surplusOf(): what was put there after a position had passed its number stays", () => {
  const at = (number: number, index: number) => ({ number, index });
  const entry = { key: bqKey(2), createIndex: 60 };
  const surplus = (a: number, b: number) =>
    surplusOf([entry], new Map([["a", at(9, a)], ["b", at(9, b)]]), ["a", "b"]).seen;
  assertEquals(surplus(50, 50), []);
  assertEquals(surplus(61, 50), []);
  assertEquals(surplus(61, 62), [bqKey(2)]);
});

function setUp() {
  const model = new ModelConsul();
  const clock = new FakeClock();
  model.lock("mine");
  for (const [i, node] of ["a", "b"].entries()) {
    model.put(`node/${node}/service/${6 + i}/types`, "ha");
    model.put(`node/${node}/service/${6 + i}/ep`, `${node}@tcp:12345:1:1`);
  }
  const deps = leaderDeps(model, "mine", clock);
  const leadership = new Leadership("mine", deps);
  const log = loggerOf("rc");
  const numbering = new Numbering({ ...deps, leadership, log });
  const mishaps = new Mishaps({ clock, log });
  const broadcasts = new Broadcasts({ ...deps, leadership, numbering, mishaps, log });
  return { model, clock, leadership, broadcasts };
}

Deno.test("Broadcasts removes what was seen when a position moves, at most once a second", async () => {
  const { model, clock, leadership, broadcasts } = setUp();
  const loops = [broadcasts.watch(), broadcasts.run()].map((loop: Promise<void>) =>
    loop.catch((error) => leadership.end(error))
  );
  for (let n = 1; n <= 200; n++) model.put(bqKey(n), "x");
  await clock.advance(1000);
  model.put("bq-seen/a", "200");
  model.put("bq-seen/b", "150\n");
  await clock.advance(0);
  assertEquals([model.list("bq/").length, broadcasts.length], [50, 50]);
  model.put("bq-seen/b", "160");
  model.put("bq-seen/b", "170");
  await clock.advance(500);
  assertEquals(model.list("bq/").length, 50);
  await clock.advance(500);
  assertEquals(model.list("bq/").length, 30);
  assertEquals(model.commits.every(({ ops }) => ops[0]?.verb === "check-session"), true);
  leadership.end(new LeadershipOver("the test is over"));
  await Promise.all(loops);
  assertEquals([leadership.signal.reason.message, clock.sleeping], ["the test is over", 0]);
});

Deno.test("Broadcasts.clean() holds the bound, and says what it takes from whom", async () => {
  await using log = await captureLog();
  const { model, broadcasts } = setUp();
  for (let n = 1; n <= MAX_BROADCASTS + 70; n++) model.put(bqKey(n), "x");
  await broadcasts.clean();
  assertEquals(model.list("bq/").length, MAX_BROADCASTS);
  assertEquals(model.list("bq/")[0]?.key, bqKey(71));
  assertEquals(log.matching(/removes 70 broadcasts that not every hax has seen/).length, 1);
});

Deno.test("Broadcasts keeps what a hax may not have seen whose configuration is broken", async () => {
  await using log = await captureLog();
  const { model, clock, leadership, broadcasts } = setUp();
  const loops = [broadcasts.watch(), broadcasts.run()].map((loop: Promise<void>) =>
    loop.catch((error) => leadership.end(error))
  );
  model.put(bqKey(1), "x");
  model.put("node/c/service/8/types", "ha");
  model.put("node/a/service/9/types", "of a node whose hax is known");
  for (const node of ["a", "b"]) model.put(`bq-seen/${node}`, "5");
  await clock.advance(2000);
  assertEquals(model.list("bq/").length, 1);
  assertEquals(log.matching(/kept for longer: key node\/c\/service\/8\/ep/).length, 1);
  assertEquals(log.matching(/node\/a\/service\/9/).length, 0);
  model.put("bq-seen/c", "5");
  await clock.advance(2000);
  assertEquals(model.list("bq/").length, 0);
  leadership.end(new LeadershipOver("the test is over"));
  await Promise.all(loops);
});

Deno.test("Broadcasts goes on where Consul refuses to remove an entry, and says so", async () => {
  await using log = await captureLog();
  const { model, clock, leadership, broadcasts } = setUp();
  const loops = [broadcasts.watch(), broadcasts.run()].map((loop: Promise<void>) =>
    loop.catch((error) => leadership.end(error))
  );
  model.refuses = ({ key }) => key === bqKey(1);
  model.put(bqKey(1), "x");
  for (const node of ["a", "b"]) model.put(`bq-seen/${node}`, "5");
  await clock.advance(2000);
  assertEquals([leadership.signal.aborted, model.list("bq/").length], [false, 1]);
  assertEquals(log.matching(/^error: bq\/ cannot be made shorter: the model refuses/).length, 1);
  model.refuses = () => false;
  model.put("bq-seen/b", "6");
  await clock.advance(2000);
  assertEquals(model.list("bq/").length, 0);
  leadership.end(new LeadershipOver("the test is over"));
  await Promise.all(loops);
});
