import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { ConsulError } from "../consul/mod.ts";
import { loggerOf } from "../lib/log.ts";
import { type PatienceDeps, patiently } from "./patiently.ts";
import { Reachability } from "./reachability.ts";

function deps(clock: FakeClock): PatienceDeps {
  const reachability = new Reachability({ clock, log: loggerOf("rc") });
  return { clock, random: () => 0.5, reachability };
}

/** Fails with each error in turn, then succeeds. */
function failing(...errors: Error[]): () => Promise<string> {
  return () => {
    const error = errors.shift();
    return error === undefined ? Promise.resolve("done") : Promise.reject(error);
  };
}

const away = new ConsulError("away", { kind: "server", retryable: true });
const refused = new ConsulError("no right", { kind: "forbidden", retryable: false });

Deno.test("patiently() calls again, after longer pauses, while Consul is away", async () => {
  const clock = new FakeClock();
  const signal = new AbortController().signal;
  const result = patiently("test", failing(away, away, away), deps(clock), signal);
  await clock.advance(50);
  await clock.advance(100);
  await clock.advance(200);
  assertEquals(await result, "done");
});

Deno.test("patiently() throws what will not pass", async () => {
  const clock = new FakeClock();
  const signal = new AbortController().signal;
  const call = () => patiently("test", failing(refused), deps(clock), signal);
  await assertRejects(call, ConsulError, "no right");
});

Deno.test("patiently() calls once though it is to stop, and not again", async () => {
  const clock = new FakeClock();
  const signal = AbortSignal.abort(new RangeError("stop"));
  assertEquals(await patiently("test", failing(), deps(clock), signal), "done");
  const call = () => patiently("test", failing(away), deps(clock), signal);
  await assertRejects(call, RangeError, "stop");
});
