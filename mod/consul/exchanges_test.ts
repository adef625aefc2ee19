import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { settle } from "../../tests/lib/fake_clock.ts";
import { Exchanges, MAX_GIVEN_UP, MAX_IN_LANE } from "./exchanges.ts";

/** Exchanges that end when the test says so. */
function world() {
  const exchanges = new Exchanges<string>(() => 0);
  const open = new Map<number, PromiseWithResolvers<string>>();
  let begun = 0;
  const run = (lane: string, giveUp: AbortSignal, question?: string) =>
    exchanges.run((signal) => {
      const one = Promise.withResolvers<string>();
      const number = begun++;
      open.set(number, one);
      signal.addEventListener("abort", () => one.reject(signal.reason));
      return one.promise;
    }, { lane, question, giveUp, expectedMs: 1000 });
  return {
    exchanges,
    run,
    /** Has it begin, and gives it up. */
    giveUp: async (lane: string, question?: string) => {
      const end = new AbortController();
      const running = run(lane, end.signal, question);
      end.abort(new RangeError("enough"));
      await assertRejects(() => running, RangeError, "enough");
    },
    answer: async (number: number, text: string) => {
      open.get(number)?.resolve(text);
      await settle();
    },
    fail: async (number: number) => {
      open.get(number)?.reject(new TypeError("broken"));
      await settle();
    },
    begun: () => begun,
    async [Symbol.asyncDispose]() {
      exchanges[Symbol.dispose]();
      await settle();
      assertEquals(exchanges.givenUp, 0);
    },
  };
}

const never = new AbortController().signal;

Deno.test("Exchanges keep one that was given up until it is answered, or has failed", async () => {
  await using w = world();
  await w.giveUp("a");
  await w.giveUp("a");
  assertEquals([w.begun(), w.exchanges.givenUp], [2, 2]);
  await w.answer(0, "late");
  await w.fail(1);
  assertEquals(w.exchanges.givenUp, 0);
});

Deno.test("Exchanges begin no more of a lane that is full of unanswered ones, and others at once", async () => {
  await using w = world();
  for (let i = 0; i < MAX_IN_LANE; i++) await w.giveUp("a");
  const next = w.run("a", never);
  const other = w.run("b", never);
  await settle();
  assertEquals(w.begun(), MAX_IN_LANE + 1);
  await w.answer(MAX_IN_LANE, "b's");
  assertEquals(await other, "b's");
  await w.answer(0, "late");
  assertEquals(w.begun(), MAX_IN_LANE + 2);
  await w.answer(MAX_IN_LANE + 1, "a's");
  assertEquals(await next, "a's");
});

Deno.test("Exchanges of all lanes together have a limit, and a caller that waits can give up", async () => {
  await using w = world();
  for (let i = 0; i < MAX_GIVEN_UP; i++) await w.giveUp(`lane ${i}`);
  for (let i = 0; i < 100; i++) await w.giveUp("another");
  assertEquals([w.begun(), w.exchanges.givenUp], [MAX_GIVEN_UP, MAX_GIVEN_UP]);
});

Deno.test("Exchanges hand one that was given up to the next caller with the same question", async () => {
  await using w = world();
  await w.giveUp("a", "after 5");
  const same = w.run("a", never, "after 5");
  const other = w.run("a", never, "after 6");
  await settle();
  assertEquals([w.begun(), w.exchanges.givenUp], [2, 0]);
  await w.answer(0, "changed");
  await w.answer(1, "changed again");
  assertEquals([await same, await other], ["changed", "changed again"]);
});
