import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { KvValueError } from "./errors.ts";
import { formatOrder, parseLeaderReport, parsePause, parseSwitchover } from "./rc_orders.ts";

const entry = (value: string) => ({ key: "hare/rc/x", value });

Deno.test("what formatOrder() writes is read again", () => {
  const pause = { by: "a", since: "2026-11-24T03:10:00.000Z", why: "" };
  assertEquals(parsePause(entry(formatOrder(pause))), pause);
  const switchover = { from: "a", to: null };
  assertEquals(parseSwitchover(entry(formatOrder(switchover))), switchover);
  const report = {
    node: "a",
    session: "s",
    term: 3,
    since: "2026-11-24T03:10:00.000Z",
    oldest: { key: "eq/000000001", since: "2026-11-24T03:10:00.000Z" },
    lastError: null,
  };
  assertEquals(parseLeaderReport(entry(formatOrder(report))), report);
});

Deno.test("parsePause() takes what somebody has typed by hand for a pause too", () => {
  assertEquals(parsePause(entry("stop!")), { by: "somebody", since: "", why: "stop!" });
});

Deno.test("parseSwitchover() and parseLeaderReport() refuse anything else", () => {
  for (const value of ["", "{}", '{"from": 1, "to": null}']) {
    assertThrows(() => parseSwitchover(entry(value)), KvValueError, "hare/rc/x");
    assertThrows(() => parseLeaderReport(entry(value)), KvValueError, "hare/rc/x");
  }
});
