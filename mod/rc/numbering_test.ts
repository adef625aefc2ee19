import { assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { makeLeader } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { LeadershipOver } from "./leadership.ts";

function setUp(values: Readonly<Record<string, string>>) {
  const model = new ModelConsul();
  const clock = new FakeClock();
  model.lock("mine");
  for (const [key, value] of Object.entries(values)) model.put(key, value);
  return { model, clock, ...makeLeader(model, "mine", clock) };
}

type Case = readonly [what: string, values: Record<string, string>, counter: string | undefined];
const cases: readonly Case[] = [
  ["a counter that is ahead stays", { epoch: "50", "eq/000000007": "x" }, "50"],
  ["a counter that is missing continues after the queue", { "eq/000000007": "x" }, "7"],
  ["an entry typed by hand counts", { epoch: "3", "eq/9": "x" }, "9"],
  ["what was dead-lettered counts", { epoch: "3", "eq-rejected/000000008": "x" }, "8"],
  ["a broadcast counts", { epoch: "3", "bq/000000008": "x" }, "8"],
  ["a position counts", { epoch: "3", "bq-seen/a": "6", "bq-seen/b": "5" }, "6"],
  [
    "what is no number does not count",
    { epoch: "3", "bq-seen/a": "x", "eq/": "", "bq/y": "" },
    "3",
  ],
  ["an absurd number does not count", { epoch: "3", "bq-seen/a": "9007199254740991" }, "3"],
  ["a counter that is no number is replaced", { epoch: "x", "bq-seen/a": "6" }, "6"],
  ["a counter at its end is replaced", { epoch: "9007199254740991", "bq-seen/a": "6" }, "6"],
  ["where there is nothing, there is no counter", {}, undefined],
];
for (const [what, values, counter] of cases) {
  Deno.test(`Numbering.open(): ${what}`, async () => {
    const { model, numbering } = setUp(values);
    await numbering.open();
    assertEquals(model.get("epoch")?.value, counter);
    assertEquals(model.commits.every(({ ops }) => ops[0]?.verb === "check-session"), true);
  });
}

Deno.test("Numbering.watch() sets the counter right when it goes back, and says so once", async () => {
  await using log = await captureLog();
  const { model, clock, leadership, numbering } = setUp({ epoch: "50" });
  await numbering.open();
  const watching = numbering.watch().catch((error) => leadership.end(error));
  await clock.advance(0);
  model.delete("epoch");
  await clock.advance(1000);
  assertEquals(model.get("epoch")?.value, "50");
  model.put("epoch", "70"); // producers increment the counter
  await clock.advance(1000);
  model.put("epoch", "7");
  await clock.advance(1000);
  assertEquals(model.get("epoch")?.value, "70");
  leadership.end(new LeadershipOver("the test is over"));
  await watching;
  assertEquals(log.lines, [
    "warning: counter epoch was missing: numbers continue after 50, its own last one",
    'warning: counter epoch had gone back to "7": numbers continue after 70, its own last one',
  ]);
});
