import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { BoundedQueue } from "./bounded_queue.ts";

Deno.test("BoundedQueue serves in order and ends when closed and empty", async () => {
  const queue = new BoundedQueue<{ n: number }>(10);
  const served: number[] = [];
  const serving = queue.serve(({ n }) => {
    served.push(n);
    if (n === 2) queue.close();
    return Promise.resolve();
  });
  queue.offer({ n: 1 });
  await Promise.resolve();
  queue.offer({ n: 2 });
  queue.offer({ n: 3 });
  await serving;
  assertEquals(served, [1, 2, 3]);
  assertEquals(queue.offer({ n: 4 }), false, "closed");
});

Deno.test("BoundedQueue refuses when full, the item in hand counts", async () => {
  const queue = new BoundedQueue<{ n: number }>(2);
  const gate = Promise.withResolvers<void>();
  const serving = queue.serve(() => gate.promise);
  assertEquals([1, 2, 3].map((n) => queue.offer({ n })), [true, true, false]);
  assertEquals(queue.length, 2);
  gate.resolve();
  queue.close();
  await serving;
  assertEquals(queue.length, 0);
});

Deno.test("BoundedQueue.serve() keeps the item whose handler threw", async () => {
  const queue = new BoundedQueue<{ n: number }>(2);
  queue.offer({ n: 1 });
  await assertRejects(() => queue.serve(() => Promise.reject(new RangeError("no"))), RangeError);
  assertEquals(queue.length, 1);
});

Deno.test("BoundedQueue.serveTogether() hands over what waits, with what comes meanwhile", async () => {
  const queue = new BoundedQueue<{ n: number }>(4);
  for (const n of [1, 2, 3]) queue.offer({ n });
  const served: number[][] = [];
  await queue.serveTogether((waiting) => {
    assertEquals(queue.offer({ n: 4 }), served.length === 0);
    queue.close();
    served.push(waiting.map(({ n }) => n));
    return Promise.resolve(3);
  });
  assertEquals(served, [[1, 2, 3, 4], [4]]);
  assertEquals(queue.length, 0);
});
