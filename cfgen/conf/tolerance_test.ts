import { assertEquals } from "../../tests/lib/assert.ts";
import { bearableTolerance, computedTolerance } from "./tolerance.ts";

for (
  const [data, parity, controllers, ctrl] of [
    [1, 0, 1, 0],
    [2, 1, 1, 0],
    [1, 1, 2, 0],
    [1, 1, 3, 1],
    [2, 1, 3, 0],
    [2, 1, 4, 1],
    [2, 2, 3, 1],
    [4, 2, 6, 1],
    [4, 2, 10, 2],
    [8, 2, 10, 1],
    [8, 2, 12, 2],
    [8, 2, 30, 2],
    [2, 3, 5, 1],
    [1, 4, 8, 3],
    [1, 2, 4, 1],
  ] as const
) {
  Deno.test(`computedTolerance() of ${data} + 2·${parity} units on ${controllers} controllers is ${ctrl} controllers`, () => {
    const layout = { units: data + 2 * parity, parityUnits: parity, controllers };
    assertEquals(computedTolerance(layout), [0, 0, 0, ctrl, parity]);
    assertEquals(bearableTolerance(layout), [0, 0, ctrl, ctrl, parity]);
  });
}
