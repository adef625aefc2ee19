import * as fc from "fast-check";
import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { parseTimeoutKey, timeoutKey } from "./timeout_key.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

const time = fc.date({
  min: new Date(1971, 0, 1),
  max: new Date(9999, 11, 30),
  noInvalidDate: true,
});

Deno.test("parseTimeoutKey() returns what timeoutKey() was given, up to a second later", () => {
  fc.assert(fc.property(time, (time) => {
    const ms = parseTimeoutKey(timeoutKey(time))?.getTime() ?? NaN;
    // Where this machine's zone has an hour twice, the first is meant.
    const early = [0, HOUR, HOUR / 2].map((shift) => ms + shift - time.getTime());
    assert(early.some((late) => late >= 0 && late < SECOND), timeoutKey(time));
  }));
});

Deno.test("timeoutKey() returns what parseTimeoutKey() was given", () => {
  fc.assert(fc.property(time, (time) => {
    const key = timeoutKey(time);
    assertEquals(timeoutKey(parseTimeoutKey(key) ?? new Date(NaN)), key);
  }));
});

Deno.test("timeoutKey() never names a time that is early", () => {
  const key = timeoutKey(new Date(2026, 10, 24, 3, 10, 59, 1));
  assertEquals(key, "timeout/202611240311.00");
  assertEquals(timeoutKey(new Date(2026, 10, 24, 3, 10, 59)), "timeout/202611240310.59");
});

Deno.test("parseTimeoutKey() takes no other key for a timeout", () => {
  for (
    const key of [
      "timeout/",
      "timeout/202611240310",
      "timeout/202611240310.5",
      "timeout/202611240310.055",
      "timeout/20261124031005",
      "timeout/202613240310.05",
      "timeout/202600240310.05",
      "timeout/202611310310.05",
      "timeout/202602290310.05",
      "timeout/202611242410.05",
      "timeout/202611240360.05",
      "timeout/202611240310.60",
      "timeout/000001010000.00",
      "timeout/202611240310.05/x",
      "eq/202611240310.05",
      "202611240310.05",
    ]
  ) {
    assertEquals(parseTimeoutKey(key), null, key);
  }
  assertEquals(parseTimeoutKey("timeout/202402290310.05"), new Date(2024, 1, 29, 3, 10, 5));
});

/** In Europe 2026 the clock goes from 2:00 to 3:00 on March 29 and from 3:00 to 2:00 on October 25. */
const IN_ZONE = `
  import { parseTimeoutKey, timeoutKey } from ${
  JSON.stringify(import.meta.resolve("./timeout_key.ts"))
};
  const read = (digits) => parseTimeoutKey("timeout/" + digits)?.toISOString() ?? null;
  const write = (iso) => timeoutKey(new Date(iso));
  console.log(JSON.stringify([
    read("202607011200.00"),
    read("202610250230.00"),
    read("202610250130.00"),
    read("202610250330.00"),
    read("202603290230.00"),
    read("202603290159.59"),
    read("202603290300.00"),
    write("2026-10-25T00:30:00.000Z"),
    write("2026-10-25T01:30:00.000Z"),
    write("2026-03-29T01:30:00.000Z"),
  ]));
`;

Deno.test("timeouts are local time: of an hour that comes twice the first, a skipped one later", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", IN_ZONE],
    env: { TZ: "Europe/Berlin", NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), [
    "2026-07-01T10:00:00.000Z",
    "2026-10-25T00:30:00.000Z", // twice: the first, in summer time
    "2026-10-24T23:30:00.000Z",
    "2026-10-25T02:30:00.000Z",
    "2026-03-29T01:30:00.000Z", // skipped: 3:30 in summer time
    "2026-03-29T00:59:59.000Z",
    "2026-03-29T01:00:00.000Z",
    "timeout/202610250230.00",
    "timeout/202610250230.00", // the second reads as the first, an hour early: the known price
    "timeout/202603290330.00",
  ]);
});
