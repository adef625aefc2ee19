import { assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { ConsulError } from "../consul/mod.ts";
import { loggerOf } from "../lib/log.ts";
import { Reachability } from "./reachability.ts";

const away = new ConsulError("connection refused", { kind: "unreachable", retryable: true });

Deno.test("Reachability says once that Consul is away and once that it is back", async () => {
  await using log = await captureLog();
  const clock = new FakeClock();
  const reachability = new Reachability({ clock, log: loggerOf("rc") });
  reachability.recovered("events");
  for (const who of ["events", "check", "events"]) reachability.failed(who, away);
  await clock.advance(2500);
  reachability.recovered("events");
  reachability.recovered("check");
  assertEquals(log.matching(/^(warning|info)/), [
    "warning: Consul is away; waiting for it: connection refused",
    "info: Consul is back after 2.5 s",
  ]);
});

Deno.test("Reachability tells how long Consul was away, whatever became of the wall clock", async () => {
  for (const step of STEPS_MS) {
    await using log = await captureLog();
    const clock = new FakeClock();
    const reachability = new Reachability({ clock, log: loggerOf("rc") });
    reachability.failed("events", away);
    clock.step(step);
    await clock.advance(2500);
    reachability.recovered("events");
    assertEquals(log.matching(/^info/), ["info: Consul is back after 2.5 s"]);
  }
});

Deno.test("Reachability.watch() forgets a watch that has ended", async () => {
  await using log = await captureLog();
  const reachability = new Reachability({ clock: new FakeClock(), log: loggerOf("rc") });
  const stop = new AbortController();
  const watch = reachability.watch("events", stop.signal);
  watch.onError?.(away, 1);
  reachability.failed("check", away);
  stop.abort();
  reachability.recovered("check"); // the last one that still asks
  assertEquals(log.matching(/is back/).length, 1);
});

Deno.test("Reachability says that Consul is back also when the last that waits asks no more", async () => {
  await using log = await captureLog();
  const reachability = new Reachability({ clock: new FakeClock(), log: loggerOf("rc") });
  for (const who of ["events", "check"]) reachability.failed(who, away);
  reachability.recovered("check");
  reachability.forget("events");
  assertEquals(log.matching(/is back/).length, 1);
});

Deno.test("Reachability does not take it for a return that nobody asks any more", async () => {
  await using log = await captureLog();
  const reachability = new Reachability({ clock: new FakeClock(), log: loggerOf("rc") });
  reachability.failed("events", away);
  reachability.forget("events");
  reachability.failed("election", away);
  assertEquals(log.matching(/^(warning|info)/).length, 1);
  reachability.recovered("election");
  assertEquals(log.matching(/is back/).length, 1);
});

Deno.test("Reachability says which right is missing, and notes it in the term", async () => {
  await using log = await captureLog();
  const clock = new FakeClock();
  const reachability = new Reachability({ clock, log: loggerOf("rc") });
  const noted: string[] = [];
  reachability.noteWithheld = (problem) => noted.push(problem);
  const withheld = new ConsulError("it needs eq/", { kind: "filtered", retryable: true });
  for (const who of ["events", "waiting events"]) reachability.failed(who, withheld);
  reachability.noteWithheld = null;
  reachability.failed("events", withheld);
  assertEquals(noted, ["it needs eq/", "it needs eq/"]);
  assertEquals(log.matching(/^(warning|error)/), ["error: waiting for a right: it needs eq/"]);
});
