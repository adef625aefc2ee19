import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { makeLeader } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { timeoutKey } from "../kv/timeout_key.ts";
import { LeadershipOver } from "./leadership.ts";

const START = new Date(2026, 10, 24, 3, 10, 0).getTime();

/** A timer on its own; the function given runs while it does. */
async function withTimer(
  test: (world: { model: ModelConsul; clock: FakeClock; look: () => void }) => Promise<void>,
): Promise<void> {
  const model = new ModelConsul();
  const clock = new FakeClock(START);
  model.lock("mine");
  model.put("epoch", "0");
  const { timer, leadership } = makeLeader(model, "mine", clock);
  const running = [timer.watch(), timer.run()].map((loop: Promise<void>) =>
    loop.catch((error) => leadership.end(error))
  );
  await clock.advance(0);
  try {
    await test({ model, clock, look: () => timer.look() });
  } finally {
    leadership.end(new LeadershipOver("the test is over"));
    await Promise.all(running);
  }
  assertEquals(leadership.signal.reason.message, "the test is over");
  assertEquals(clock.sleeping, 0);
  assertEquals(model.commits.every(({ ops }) => ops[0]?.verb === "check-session"), true);
}

const keyIn = (seconds: number) => timeoutKey(new Date(START + seconds * 1000));

Deno.test("Timer fires at the second, not before", () =>
  withTimer(async ({ model, clock }) => {
    model.put(keyIn(90), "tmo1");
    await clock.advance(89_999);
    assertEquals(model.values("eq/"), {});
    await clock.advance(1);
    assertEquals(model.values("eq/"), { "eq/000000001": "tmo1" });
    assertEquals([model.values("timeout/"), model.get("epoch")?.value], [{}, "1"]);
  }));

Deno.test("Timer fires at once what is past, the earliest first", () =>
  withTimer(async ({ model, clock }) => {
    model.put("epoch", "41");
    model.put(keyIn(-60), "tmo2");
    model.put(keyIn(-120), "tmo1");
    await clock.advance(0);
    assertEquals(model.values("eq/"), { "eq/000000042": "tmo1", "eq/000000043": "tmo2" });
    assertEquals(model.values("timeout/"), {});
  }));

Deno.test("Timer sees at once a timeout earlier than the one it sleeps for", () =>
  withTimer(async ({ model, clock }) => {
    model.put(keyIn(50), "tmo50");
    await clock.advance(1000);
    model.put(keyIn(2), "tmo2");
    await clock.advance(1000);
    assertEquals(model.values("eq/"), { "eq/000000001": "tmo2" });
  }));

Deno.test("Timer does not fire what was removed", () =>
  withTimer(async ({ model, clock }) => {
    model.put(keyIn(2), "tmo2");
    await clock.advance(1000);
    model.delete(keyIn(2));
    await clock.advance(60_000);
    assertEquals(model.values("eq/"), {});
  }));

Deno.test("Timer fires what a key holds when it is due, more than one transaction carries too", () =>
  withTimer(async ({ model, clock }) => {
    model.put(keyIn(5), "tmo0");
    await clock.advance(1000);
    const events = Array.from({ length: 150 }, (_, i) => `tmo${i}`);
    model.put(keyIn(5), events.join(","));
    await clock.advance(4000);
    assertEquals(model.list("eq/").map(({ value }) => value), events);
    assertEquals(model.values("timeout/"), {});
  }));

Deno.test("Timer passes numbers over that were typed by hand", () =>
  withTimer(async ({ model, clock }) => {
    model.put("eq/000000002", "by hand");
    model.put(keyIn(-1), "tmo1,tmo2");
    await clock.advance(0);
    assertEquals(model.values("eq/"), {
      "eq/000000002": "by hand",
      "eq/000000003": "tmo1",
      "eq/000000004": "tmo2",
    });
  }));

Deno.test("Timer removes a timeout without events", () =>
  withTimer(async ({ model, clock }) => {
    model.put(keyIn(-1), " , ");
    await clock.advance(0);
    assertEquals([model.values("timeout/"), model.values("eq/")], [{}, {}]);
  }));

Deno.test("Timer reports a key that names no time once, and leaves it", async () => {
  await using log = await captureLog();
  await withTimer(async ({ model, clock }) => {
    model.put("timeout/soon", "tmo1");
    await clock.advance(1000);
    model.put(keyIn(2), "tmo2");
    await clock.advance(200_000);
    assertEquals(model.values("timeout/"), { "timeout/soon": "tmo1" });
  });
  assertEquals(log.matching(/^warning/).length, 1);
  assertEquals(log.matching(/timeout\/soon is left: it names no time/).length, 1);
});

Deno.test("Timer reads again when told to look, and now and then, whatever its watch says", () =>
  withTimer(async ({ model, clock, look }) => {
    const reads: number[] = [];
    model.beforeCall = () => {
      reads.push(clock.monotonic() - began);
      return "done";
    };
    const began = clock.monotonic();
    look();
    await clock.advance(0);
    assertEquals(reads, [0]);
    await clock.advance(60_000);
    for (const step of [-3_600_000, 7_200_000]) {
      clock.step(step);
      await clock.advance(60_000);
    }
    assertEquals(reads, [0, 60_000, 120_000, 180_000]);
  }));

Deno.test("Timer fires within a second what a step of the wall clock makes due", async () => {
  for (const step of STEPS_MS.filter((ms) => ms > 0)) {
    await withTimer(async ({ model, clock }) => {
      model.put(keyIn(step / 1000), "tmo1");
      model.put(keyIn(step / 1000 + 60), "tmo2");
      await clock.advance(10_000);
      clock.step(step);
      await clock.advance(1_000);
      assertEquals(model.values("eq/"), { "eq/000000001": "tmo1" }, `a step of ${step} ms`);
    });
  }
});

Deno.test("Timer fires once, and at its time, what a step back defers", async () => {
  for (const step of STEPS_MS.filter((ms) => ms < 0)) {
    await withTimer(async ({ model, clock }) => {
      model.put(keyIn(5), "past");
      model.put(keyIn(20), "to come");
      await clock.advance(10_000);
      clock.step(step);
      await clock.advance(60_000);
      assertEquals(model.values("eq/"), { "eq/000000001": "past" }, `a step of ${step} ms`);
      clock.step(-step - 60_000);
      await clock.advance(9_999);
      assertEquals(model.values("eq/"), { "eq/000000001": "past" }, `a step of ${step} ms`);
      await clock.advance(1);
      const fired = { "eq/000000001": "past", "eq/000000002": "to come" };
      assertEquals(model.values("eq/"), fired, `a step of ${step} ms`);
      await clock.advance(60_000);
      assertEquals(model.values("eq/"), fired);
    });
  }
});

Deno.test("Timer of a deposed leader moves nothing", async () => {
  const model = new ModelConsul();
  model.lock("theirs");
  model.put(keyIn(-1), "tmo1");
  const { timer } = makeLeader(model, "mine", new FakeClock(START));
  await assertRejects(() => timer.fireDue(), LeadershipOver, "refused a write");
  assertEquals(model.values("eq/"), {});
  assertEquals(model.values("timeout/"), { [keyIn(-1)]: "tmo1" });
});

Deno.test("Timer fires once what was committed without an answer", () =>
  withTimer(async ({ model, clock }) => {
    let writes = 0;
    model.beforeCall = (call) => call === "txn" && ++writes === 1 ? "answer-lost" : "done";
    model.put(keyIn(-1), "tmo1");
    await clock.advance(10_000);
    assertEquals(writes, 2);
    assertEquals(model.list("eq/").map(({ value }) => value), ["tmo1"]);
  }));

Deno.test("Timer moves a timeout aside that no transaction takes, and fires the others", () =>
  withTimer(async ({ model, clock }) => {
    await using log = await captureLog();
    model.put("epoch", "41");
    model.put(keyIn(-60), "x".repeat(500_000));
    model.put(keyIn(-30), "tmo1");
    // A digest is computed outside of JavaScript: the fake clock does not know when it is ready.
    for (let ms = 0; ms < 1000 && model.list("timeout/").length > 0; ms++) await clock.advance(1);
    assertEquals(Object.keys(model.values("timeout/")), []);
    assertEquals(model.values("eq/"), { "eq/000000043": "tmo1" });
    const letter = JSON.parse(model.get("eq-rejected/000000042")?.value ?? "null");
    assertEquals([letter.key, letter.bytes], [keyIn(-60), 500_000]);
    assertEquals(letter.reason, "no transaction of Consul takes so much");
    assertEquals(log.matching(/^error: timeout\/.* is moved to eq-rejected\/000000042/).length, 1);
  }));

Deno.test("Timer tries a timeout again that Consul refuses, then moves it aside", () =>
  withTimer(async ({ model, clock }) => {
    await using log = await captureLog();
    model.refuses = ({ key }) => key.startsWith("eq/");
    model.put(keyIn(-60), "tmo1");
    await clock.advance(1);
    clock.step(-3_600_000);
    await clock.advance(120_000);
    assertEquals(model.values("timeout/"), {});
    const letter = JSON.parse(model.get("eq-rejected/000000001")?.value ?? "null");
    assertEquals(letter.event, "tmo1");
    assertEquals(letter.reason, "it could not be moved 5 times: the model refuses eq/000000001");
    assertEquals(log.matching(/cannot be moved to the event queue/).length, 1);
  }));
