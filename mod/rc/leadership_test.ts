import { leaderDeps } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { txn } from "../consul/mod.ts";
import { Leadership, LeadershipOver } from "./leadership.ts";

function setUp(): { model: ModelConsul; leadership: Leadership; clock: FakeClock } {
  const model = new ModelConsul();
  const clock = new FakeClock();
  model.lock("mine");
  return { model, clock, leadership: new Leadership("mine", leaderDeps(model, "mine", clock)) };
}

Deno.test("Leadership.write() commits while the session holds the lock", async () => {
  const { model, leadership } = setUp();
  assertEquals(await leadership.write([txn.set("a", "1"), txn.set("b", "2")]), { committed: true });
  assertEquals([model.get("a")?.value, model.get("b")?.value], ["1", "2"]);
});

Deno.test("Leadership.write() of a deposed leader changes nothing and ends leadership", async () => {
  const { model, leadership } = setUp();
  model.lock("theirs");
  await assertRejects(
    () => leadership.write([txn.set("a", "1")]),
    LeadershipOver,
    "Consul refused a write",
  );
  assertEquals(model.get("a"), null);
  assertEquals(leadership.signal.aborted, true);
});

Deno.test("Leadership.write() names failed conditions by their place in what it was given", async () => {
  const { model, leadership } = setUp();
  model.put("b", "there");
  const written = await leadership.write([txn.set("a", "1"), txn.cas("b", "2", 0)]);
  assertEquals(written, { committed: false, errors: [{ index: 1, what: "b: index is stale" }] });
  assertEquals(leadership.signal.aborted, false);
});

Deno.test("Leadership.write() is tried again while Consul is away", async () => {
  const { model, leadership, clock } = setUp();
  let calls = 0;
  model.beforeCall = () => ++calls < 3 ? "refused" : "done";
  const writing = leadership.write([txn.set("a", "1")]);
  await clock.advance(1000);
  assertEquals(await writing, { committed: true });
  assertEquals(calls, 3);
});

Deno.test("Leadership.write() gives up when leadership ends while Consul is away", async () => {
  const { model, leadership, clock } = setUp();
  model.beforeCall = () => "refused";
  const writing = leadership.write([txn.set("a", "1")]);
  await clock.advance(10);
  leadership.end(new LeadershipOver("the process stops"));
  await assertRejects(() => writing, LeadershipOver, "the process stops");
});

Deno.test("Leadership.end() keeps the first reason", () => {
  const { leadership } = setUp();
  leadership.end(new LeadershipOver("first"));
  leadership.end(new Error("second"));
  assertEquals(leadership.signal.reason.message, "first");
});
