import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { HareError } from "./errors.ts";

Deno.test("parseDuration() reads a number and its unit", () => {
  assertEquals(["250ms", "2s", "1.5m", "1h", "0s"].map(parseDuration), [
    250,
    2000,
    90_000,
    3_600_000,
    0,
  ]);
});

Deno.test("parseDuration() refuses what has no unit, no number, or a sign", () => {
  for (const text of ["", "2", "s", "-1s", "2 s", "1h30m", "1e3ms"]) {
    assertThrows(() => parseDuration(text), HareError, "is no length of time");
  }
});

Deno.test("parseDuration() refuses what is longer than 100 years", () => {
  assertEquals(parseDuration("876000h"), 876_000 * 3_600_000);
  for (const text of ["876001h", "2500000000h", `${"9".repeat(400)}ms`]) {
    assertThrows(() => parseDuration(text), HareError, "is too long a time");
  }
});

Deno.test("formatDuration() gives the two largest units", () => {
  assertEquals(
    [3, 999.4, 1000, 2449, 59_999, 60_000, 200_400, 3_600_000, 90_000_000].map(formatDuration),
    [
      "3 ms",
      "999 ms",
      "1 s",
      "2.4 s",
      "60 s",
      "1 m 0 s",
      "3 m 20 s",
      "1 h 0 m",
      "25 h 0 m",
    ],
  );
});
