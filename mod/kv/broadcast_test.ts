import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { makeFid } from "../lib/fid.ts";
import { formatBroadcast, HA_STATES, parseBroadcast } from "./broadcast.ts";
import { KvValueError } from "./errors.ts";

const fid = makeFid("drive", 17);
const parse = (value: string) => parseBroadcast({ key: "bq/000000007", value });

Deno.test("parseBroadcast() reads what formatBroadcast() writes, in every state", () => {
  for (const state of HA_STATES) {
    assertEquals(parse(formatBroadcast({ fid, state })), { fid, state });
  }
});

const bad: readonly (readonly [value: string, why: string])[] = [
  ["", "the value: no JSON"],
  ["{}", "fid: "],
  ['{"fid": "0x9", "state": "failed"}', 'fid: "0x9" is no fid'],
  ['{"fid": "0x6b00000000000001:0x11", "state": "offline"}', "state: "],
];
for (const [value, why] of bad) {
  Deno.test(`parseBroadcast() refuses ${JSON.stringify(value)}`, () => {
    assertThrows(() => parse(value), KvValueError, why);
  });
}
