import { assertEquals } from "../../tests/lib/assert.ts";
import { type Behaviour, serveBadly } from "../../tests/lib/bad_server.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { Consul } from "../consul/mod.ts";
import { takeOperatorLock } from "./operator_lock.ts";

/** The key of the lock, as Consul answers while session `one` holds it. */
const HELD = JSON.stringify([{
  ...{ Key: "hare/lock", Value: btoa("{}"), Session: "one", Flags: 0 },
  ...{ CreateIndex: 7, ModifyIndex: 7, LockIndex: 1 },
}]);

/** A lock that is held, on a Consul that may fail to renew its session. */
async function heldLock() {
  const clock = new FakeClock();
  const lost: string[] = [];
  const renewals: number[] = [];
  const began = clock.monotonic();
  let isAway = false;
  const server = serveBadly(({ method, path }): Behaviour => {
    if (path === "/v1/session/create") return { answer: `{"ID": "one"}` };
    if (method === "GET" && path === "/v1/kv/hare/lock") return { answer: HELD };
    if (!path.startsWith("/v1/session/renew")) return { answer: "true" };
    renewals.push(clock.monotonic() - began);
    return isAway ? { answer: "no leader", status: 500 } : { answer: "[]" };
  });
  const consul = new Consul({ address: server.address, clock });
  const lock = await takeOperatorLock(consul, {
    ...{ host: "h", command: "hare bootstrap", clock, signal: new AbortController().signal },
    onLost: (error) => lost.push(error.message),
  });
  return {
    clock,
    lost,
    /**
     * Advances the clock to this time, when the session has been renewed, or the renewal has
     * failed.
     */
    renewedAt: async (ms: number, away: boolean) => {
      isAway = away;
      await clock.advance(began + ms - clock.monotonic());
      while (renewals.at(-1) !== ms) await new Promise((done) => setTimeout(done, 1));
      while (clock.sleeping === 0 && lost.length === 0) {
        await new Promise((done) => setTimeout(done, 1));
      }
    },
    [Symbol.asyncDispose]: async () => {
      await lock[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

for (const step of STEPS_MS) {
  Deno.test(`the lock is held for its TTL without Consul when the clock is stepped by ${step} ms`, async () => {
    await using held = await heldLock();
    await held.renewedAt(5_000, false);
    held.clock.step(step);
    await held.renewedAt(10_000, true);
    await held.renewedAt(15_000, true);
    assertEquals(held.lost, []);
    await held.renewedAt(20_000, true);
    assertEquals(held.lost.length, 1);
  });
}
