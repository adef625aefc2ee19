import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { ConsulError, type WatchOptions } from "../consul/mod.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import { Followed, type Fresh } from "./followed.ts";

/** What a watch does next: yields, retries within itself, throws. */
type Step =
  | { readonly yields: string }
  | { readonly retries: string }
  | { readonly throws: Error };

interface World {
  readonly followed: Followed<string>;
  /** The states seen after each step and in each pause, and the end of each watch. */
  readonly seen: (Fresh<string> | string)[];
  /** Follows through all the steps. */
  run(): Promise<void>;
}

/** A value followed through steps; after the last one the following is stopped. */
function world(...steps: readonly Step[]): World {
  const rest = [...steps];
  const seen: World["seen"] = [];
  const stop = new AbortController();
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: () => {
      seen.push(followed.now);
      return Promise.resolve();
    },
  };
  const followed = new Followed<string>(
    async function* ({ signal, onError }: WatchOptions) {
      await Promise.resolve();
      seen.push("a new watch");
      while (!signal.aborted) {
        const step = rest.shift();
        if (step === undefined) {
          stop.abort();
        } else if ("yields" in step) {
          yield step.yields;
          seen.push(followed.now);
        } else if ("retries" in step) {
          onError?.(refused(step.retries), 1);
        } else {
          throw step.throws;
        }
      }
    },
    {
      clock,
      random: () => 0,
      onLost: (why) => seen.push(`lost: ${why}`),
      onRegained: () => seen.push("regained"),
    },
  );
  const run = () =>
    followed.run(stop.signal).catch((error) => {
      if (error !== stop.signal.reason) throw error;
    });
  return { followed, seen, run };
}

function refused(message: string): ConsulError {
  return new ConsulError(message, { kind: "unreachable", retryable: true });
}

Deno.test("Followed knows nothing before the first answer, and then the newest", async () => {
  const { followed, seen, run } = world({ yields: "a" }, { yields: "b" });
  assertEquals(followed.now, { known: false, why: "Consul has not answered yet" });
  assertEquals(followed.latest, null);
  await run();
  assertEquals(seen, ["a new watch", { known: true, value: "a" }, { known: true, value: "b" }]);
});

Deno.test("Followed does not know while Consul is away, and begins a new watch", async () => {
  const { followed, seen, run } = world(
    { yields: "a" },
    { retries: "refused" },
    { retries: "refused again" },
    { yields: "a" },
  );
  await run();
  assertEquals(seen, [
    "a new watch",
    { known: true, value: "a" },
    "lost: refused",
    { known: false, why: "refused" },
    "a new watch",
    { known: false, why: "refused again" },
    "a new watch",
    "regained",
    { known: true, value: "a" },
  ]);
  assertEquals(followed.latest, "a");
});

Deno.test("Followed goes on after a failure that a watch throws, and keeps the latest", async () => {
  const { followed, seen, run } = world(
    { yields: "a" },
    { throws: new HareError("key x makes no sense") },
  );
  await run();
  assertEquals(seen.at(-2), { known: false, why: "key x makes no sense" });
  assertEquals(followed.latest, "a");
});

Deno.test("Followed passes a fault of the program on", async () => {
  const { run } = world({ throws: new RangeError("oops") });
  await assertRejects(run, RangeError, "oops");
});
