import { FakeKv } from "../../tests/hax/fake_kv.ts";
import { assertEquals } from "../../tests/lib/assert.ts";
import { enqueue } from "./enqueue.ts";
import { MAX_COUNTED } from "./epoch_counter.ts";
import { EQ_PREFIX } from "./keys.ts";

type Case = readonly [counter: string | null, first: number];
const cases: readonly Case[] = [
  ["100", 101],
  [null, 42],
  ["x", 42],
  ["-3", 42],
  ["9007199254740991", 42],
];
for (const [counter, first] of cases) {
  Deno.test(`enqueue() numbers an entry ${first} where the counter is ${counter}`, async () => {
    const fake = new FakeKv();
    if (counter !== null) fake.set("epoch", counter);
    fake.set("eq/7", "an event");
    fake.set("eq-rejected/000000009", "an event");
    fake.set("bq-seen/node1", "41");
    const consul = { kv: fake.kv, txn: fake.txn.bind(fake) };
    assertEquals(await enqueue(consul, EQ_PREFIX, ["wake_RC"]), [first]);
    assertEquals(fake.value("epoch"), String(first));
  });
}

Deno.test("enqueue() counts on beyond the highest number that an entry may be typed under", async () => {
  const fake = new FakeKv();
  fake.set(`eq/${MAX_COUNTED}`, "typed by hand");
  fake.set("eq/9007199254740991", "typed by hand, and not continued from");
  const consul = { kv: fake.kv, txn: fake.txn.bind(fake) };
  const numbers: number[] = [];
  for (let i = 0; i < 3; i++) numbers.push(...await enqueue(consul, EQ_PREFIX, ["wake_RC"]));
  assertEquals(numbers, [1, 2, 3].map((n) => MAX_COUNTED + n));
});
