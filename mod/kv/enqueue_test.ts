import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { KvValueError } from "./errors.ts";
import { enqueueOps } from "./enqueue.ts";

Deno.test("enqueueOps() puts entries under the next numbers, with the counter's step", () => {
  assertEquals(enqueueOps({ value: "7", modifyIndex: 21 }, "eq/", ["a", "b"]), {
    epochs: [8, 9],
    ops: [
      { verb: "cas", key: "epoch", value: "9", index: 21 },
      { verb: "cas", key: "eq/000000008", value: "a", index: 0 },
      { verb: "cas", key: "eq/000000009", value: "b", index: 0 },
    ],
  });
});

Deno.test("enqueueOps() begins the counter where it is absent", () => {
  assertEquals(enqueueOps(null, "bq/", ["a"]), {
    epochs: [1],
    ops: [
      { verb: "cas", key: "epoch", value: "1", index: 0 },
      { verb: "cas", key: "bq/000000001", value: "a", index: 0 },
    ],
  });
});

Deno.test("enqueueOps() passes numbers over when asked", () => {
  assertEquals(enqueueOps({ value: "7", modifyIndex: 21 }, "eq/", ["a"], 12).epochs, [12]);
  assertEquals(enqueueOps({ value: "7", modifyIndex: 21 }, "eq/", ["a"], 3).epochs, [8]);
});

Deno.test("enqueueOps() takes numbers ahead when asked", () => {
  const [counter] = enqueueOps({ value: "7", modifyIndex: 21 }, "bq/", ["a", "b"], 0, 5).ops;
  assertEquals(counter, { verb: "cas", key: "epoch", value: "14", index: 21 });
});

Deno.test("enqueueOps() refuses a counter that is no number, or at its end", () => {
  const put = (value: string) => enqueueOps({ value, modifyIndex: 1 }, "eq/", ["a"]);
  assertThrows(() => put("x"), KvValueError, 'key epoch has value "x": it is no whole number');
  assertThrows(() => put("9007199254740991"), HareError, "key epoch cannot go on at");
  assertThrows(() => put("-5"), HareError, "key epoch cannot go on at -4");
});
