import { assertEquals } from "../../tests/lib/assert.ts";
import { type Behaviour, serveBadly } from "../../tests/lib/bad_server.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { Consul } from "../consul/mod.ts";
import { loggerOf } from "../lib/log.ts";
import { Presence } from "./presence.ts";
import { Reachability } from "./reachability.ts";
import { DEFAULT_SETTINGS, passEveryMs } from "./settings.ts";

const log = loggerOf("rc");

for (const step of STEPS_MS) {
  Deno.test(`Presence passes its check in time when the clock is stepped by ${step} ms meanwhile`, async () => {
    const clock = new FakeClock();
    let passed = 0;
    await using server = serveBadly(({ path }): Behaviour => {
      if (!path.startsWith("/v1/agent/check/pass/")) return { answer: "" };
      passed += 1;
      clock.step(step);
      return { answer: "" };
    });
    const presence = new Presence({
      consul: new Consul({ address: server.address, clock }),
      settings: DEFAULT_SETTINGS,
      ...{ clock, reachability: new Reachability({ clock, log }), log, onReturn: () => {} },
    });
    const stop = new AbortController();
    const keeping = presence.keep(stop.signal).catch(() => {}); // it ends with the signal's reason
    for (let n = 1; n <= 3; n++) {
      while (clock.sleeping === 0) await new Promise((done) => setTimeout(done, 1));
      assertEquals([passed, clock.untilNext], [n, passEveryMs(DEFAULT_SETTINGS)]);
      await clock.advance(clock.untilNext ?? 0);
    }
    stop.abort();
    await keeping;
  });
}
