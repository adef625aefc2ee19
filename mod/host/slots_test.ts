import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { Slots } from "./slots.ts";

Deno.test("Slots.take() lets no more than so many in, in the order in which they came", async () => {
  const slots = new Slots(2);
  const entered: string[] = [];
  const take = async (who: string) => {
    const slot = await slots.take();
    entered.push(who);
    return slot;
  };
  const [a, b, c, d] = [take("a"), take("b"), take("c"), take("d")];
  (await b)[Symbol.dispose]();
  await c;
  assertEquals(entered, ["a", "b", "c"]);
  (await a)[Symbol.dispose]();
  await d;
  assertEquals(entered, ["a", "b", "c", "d"]);
});

Deno.test("Slots.take() forgets who has stopped waiting", async () => {
  const slots = new Slots(1);
  const stop = new AbortController();
  const first = await slots.take();
  const impatient = slots.take(stop.signal);
  const patient = slots.take();
  const why = new Error("no longer");
  stop.abort(why);
  assertEquals(await assertRejects(() => impatient), why);
  first[Symbol.dispose]();
  (await patient)[Symbol.dispose]();
  (await slots.take())[Symbol.dispose]();
});
