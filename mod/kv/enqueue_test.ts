import { assertEquals } from "../../tests/lib/assert.ts";
import { enqueueOps } from "./enqueue.ts";

const AT_7 = { last: 7, modifyIndex: 21 };

Deno.test("enqueueOps() puts entries under the next numbers, with the counter's step", () => {
  assertEquals(enqueueOps(AT_7, "eq/", ["a", "b"]), {
    epochs: [8, 9],
    ops: [
      { verb: "cas", key: "epoch", value: "9", index: 21 },
      { verb: "cas", key: "eq/000000008", value: "a", index: 0 },
      { verb: "cas", key: "eq/000000009", value: "b", index: 0 },
    ],
  });
});

Deno.test("enqueueOps() begins the counter where it is absent", () => {
  assertEquals(enqueueOps({ last: 0, modifyIndex: 0 }, "bq/", ["a"]), {
    epochs: [1],
    ops: [
      { verb: "cas", key: "epoch", value: "1", index: 0 },
      { verb: "cas", key: "bq/000000001", value: "a", index: 0 },
    ],
  });
});

Deno.test("enqueueOps() passes numbers over when asked", () => {
  assertEquals(enqueueOps(AT_7, "eq/", ["a"], 12).epochs, [12]);
  assertEquals(enqueueOps(AT_7, "eq/", ["a"], 3).epochs, [8]);
});

Deno.test("enqueueOps() takes numbers ahead when asked", () => {
  const [counter] = enqueueOps(AT_7, "bq/", ["a", "b"], 0, 5).ops;
  assertEquals(counter, { verb: "cas", key: "epoch", value: "14", index: 21 });
});
