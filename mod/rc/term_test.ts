import { assertEquals, assertMatch, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { leaderDeps } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { ConsulError } from "../consul/mod.ts";
import { timeoutKey } from "../kv/timeout_key.ts";
import { loggerOf } from "../lib/log.ts";
import { abortable } from "../lib/std/async.ts";
import { RcMetrics } from "./metrics.ts";
import { bookOf, RULES } from "./rules/mod.ts";
import { Term } from "./term.ts";

const START = new Date(2026, 10, 24, 3, 10, 0).getTime();

function setUp(paused = false) {
  const model = new ModelConsul();
  const metrics = new RcMetrics();
  const forever = Promise.withResolvers<void>().promise;
  const clock = new FakeClock(START);
  model.lock("mine");
  let over = 0;
  const begin = () =>
    new Term("mine", {
      ...leaderDeps(model, "mine", clock),
      node: "here",
      rules: bookOf(RULES),
      orders: {
        paused,
        untilResumed: (signal) => paused ? abortable(forever, signal) : Promise.resolve(),
      },
      metrics,
      log: loggerOf("rc"),
      onOver: () => over++,
    });
  return { model, clock, metrics, begin, over: () => over };
}

Deno.test("Term writes its report again where something else has written another", async () => {
  const { model, clock, begin } = setUp();
  const term = begin();
  await clock.advance(0);
  const own = model.get("hare/rc-report")?.value;
  for (const other of ["{}", `{"node": "there"}`]) {
    model.put("hare/rc-report", other);
    await clock.advance(5_000);
    assertEquals(model.get("hare/rc-report")?.value, own);
  }
  const ending = term.end("this process stops");
  await clock.advance(0);
  await ending;
});

Deno.test("Term handles events and timeouts until it is ended, and says what it did", async () => {
  await using log = await captureLog();
  const { model, clock, begin } = setUp();
  const term = begin();
  model.put("epoch", "0");
  model.put("eq/0", "what");
  model.put(timeoutKey(new Date(START - 120_000)), "tmo1");
  await clock.advance(30_000);
  assertEquals(model.list("eq/"), []);
  assertEquals(model.list("timeout/").length, 1); // set by tmo1
  assertEquals(term.isOver, false);

  const ending = term.end("this process stops");
  await clock.advance(0);
  await ending;
  assertEquals(term.isOver, true);
  assertEquals(clock.sleeping, 0);
  assertEquals(
    log.lines.at(-1),
    "info: leads no longer, after 30 s with 1 events handled, 1 moved aside: this process stops",
  );

  model.put("eq/1", "wake_RC");
  await clock.advance(60_000);
  assertEquals(Object.keys(model.values("eq/")), ["eq/1"]);
});

Deno.test("Term tells how long it lasted, and how old an event is, when the wall clock is stepped", async () => {
  for (const step of STEPS_MS) {
    await using log = await captureLog();
    const { model, clock, begin, metrics } = setUp(true);
    const term = begin();
    model.put("eq/0", "what");
    await clock.advance(10_000);
    clock.step(step);
    await clock.advance(20_000);
    assertEquals(metrics.leaderNumbers?.().oldestMs, 30_000, `a step of ${step} ms`);
    const ending = term.end("this process stops");
    await clock.advance(0);
    await ending;
    assertMatch(log.lines.at(-1) ?? "", /leads no longer, after 30 s with 0 events/);
  }
});

Deno.test("Term is over, and its loops with it, when Consul refuses a write", async () => {
  await using log = await captureLog();
  const { model, clock, begin, over } = setUp();
  const term = begin();
  model.lock("theirs");
  model.put("eq/0", "wake_RC");
  await clock.advance(0);
  assertEquals([term.isOver, over()], [true, 1]);
  assertEquals(clock.sleeping, 0);
  await term.end("another leads");
  assertEquals(log.matching(/leads no longer.*: Consul refused a write: leader/).length, 1);
});

Deno.test("Term.end() throws what made a loop fail", async () => {
  const { model, clock, begin, over } = setUp();
  const term = begin();
  await clock.advance(0);
  model.beforeCall = () => {
    throw new ConsulError("the token may not read", { kind: "forbidden", retryable: false });
  };
  model.put("eq/0", "wake_RC");
  await clock.advance(0);
  assertEquals([term.isOver, over(), clock.sleeping], [true, 1, 0]);
  await assertRejects(() => term.end("no matter"), ConsulError, "the token may not read");
});
