import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { makeLeader } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { MAX_EVENTS, MAX_TERMS, parseHistory } from "../kv/history.ts";
import { HISTORY_PREFIX, historyKey } from "../kv/keys.ts";
import { LeadershipOver } from "./leadership.ts";

const START = Date.UTC(2026, 10, 24, 3, 10);

function setUp() {
  const model = new ModelConsul();
  const clock = new FakeClock(START);
  const lead = (session: string) => {
    model.lock(session);
    return makeLeader(model, session, clock).history;
  };
  const records = () => model.list(HISTORY_PREFIX).map(parseHistory);
  return { model, clock, lead, records };
}

const handled = (epoch: number) => ({
  key: `eq/${epoch}`,
  epoch,
  text: "tmo1",
  ms: 3,
  result: "handled" as const,
  outcome: "done",
});

Deno.test("History.open() writes the term down, and the end of one that was lost", async () => {
  const { clock, lead, records } = setUp();
  await lead("a").open();
  await clock.advance(5000);
  await lead("b").open();
  const [first, second] = ["2026-11-24T03:10:00.000Z", "2026-11-24T03:10:05.000Z"];
  const kind = "term" as const;
  assertEquals(records(), [
    { kind, term: 1, node: "node-a", began: first, ended: second, how: "was lost" },
    { kind, term: 2, node: "node-b", began: second, ended: null, how: null },
  ]);
});

Deno.test("History.open() counts on where Consul counts from 0 again", async () => {
  const { model, lead, records } = setUp();
  await lead("a").open();
  await lead("b").open();
  model.put("leader", "as somebody wrote it");
  await lead("c").open();
  assertEquals(model.get("leader")?.lockIndex, 1);
  assertEquals(records().map((record) => record.term), [1, 2, 3]);
});

Deno.test("History.close() writes down how the term ended, unless the lock is lost", async () => {
  const { model, clock, lead, records } = setUp();
  const history = lead("a");
  await history.open();
  await clock.advance(1000);
  await history.close("this process stops");
  const [record] = records();
  assert(record?.kind === "term");
  assertEquals([record.ended, record.how], ["2026-11-24T03:10:01.000Z", "this process stops"]);
  model.lock("b");
  await assertRejects(() => history.close("too late"), LeadershipOver);
});

Deno.test("History.add() keeps an event with its term, node, duration and outcome", async () => {
  const { model, lead, records } = setUp();
  const history = lead("a");
  await history.open();
  const text = `site "${"x".repeat(300)}\u001b"`;
  const { ops } = history.add([{ ...handled(7), text }]);
  assertEquals(model.commit(ops).ok, true);
  const record = records().find(({ kind }) => kind === "event");
  assert(record?.kind === "event");
  assertEquals([record.term, record.node, record.key, record.ms], [1, "node-a", "eq/7", 3]);
  assertEquals([record.event.length, record.outcome], [201, "done"]);
});

Deno.test("History keeps a bounded number of events, also over a change of leaders", async () => {
  const { model, clock, lead, records } = setUp();
  const events = () => records().filter(({ kind }) => kind === "event");
  const add = async (history: ReturnType<typeof lead>, epoch: number) => {
    await clock.advance(1);
    const addition = history.add([handled(epoch)]);
    assertEquals(model.commit(addition.ops).ok, true);
    addition.committed();
  };
  const first = lead("a");
  await first.open();
  for (let n = 0; n < MAX_EVENTS + 5; n++) await add(first, n);
  assertEquals(events().length, MAX_EVENTS);
  const second = lead("b");
  await second.open();
  for (let n = 0; n < 5; n++) await add(second, MAX_EVENTS + 5 + n);
  assertEquals(events().length, MAX_EVENTS);
  const oldest = events()[0];
  assertEquals(oldest?.kind === "event" && oldest.key, "eq/10");
});

Deno.test("History removes the oldest, also when the clock was set", async () => {
  for (const step of STEPS_MS) {
    const { model, clock, lead, records } = setUp();
    const add = (history: ReturnType<typeof lead>, epoch: number) => {
      const addition = history.add([handled(epoch)]);
      assertEquals(model.commit(addition.ops).ok, true);
      addition.committed();
    };
    const first = lead("a");
    await first.open();
    for (let n = 0; n < MAX_EVENTS; n++) add(first, n);
    clock.step(step);
    for (let n = 0; n < 10; n++) add(first, MAX_EVENTS + n);
    await clock.advance(1);
    const second = lead("b");
    await second.open();
    for (let n = 0; n < 10; n++) add(second, MAX_EVENTS + 10 + n);
    const kept = records().flatMap((record) => record.kind === "event" ? [record.key] : []);
    assertEquals(
      new Set(kept),
      new Set(Array.from({ length: MAX_EVENTS }, (_, n) => `eq/${n + 20}`)),
    );
  }
});

Deno.test("History.open() removes what is too much, and what cannot be read", async () => {
  const { model, lead, records } = setUp();
  const began = new Date(START).toISOString();
  for (let term = 1; term <= MAX_TERMS + 120; term++) {
    const record = { kind: "term", term, node: "a", began, ended: began, how: "was lost" };
    model.put(historyKey(new Date(START + term), term), JSON.stringify(record));
  }
  model.put(`${HISTORY_PREFIX}by hand`, "what?");
  await lead("a").open();
  assertEquals(records().length, MAX_TERMS);
});
