import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { makeFid } from "../lib/fid.ts";
import { KvValueError } from "./errors.ts";
import { formatPools, parsePools, type PoolRecord, POOLS } from "./pools.ts";

const TIER1: PoolRecord = {
  fid: makeFid("pool", 52),
  name: "tier1",
  data: 2,
  parity: 1,
  spare: 0,
  tolerance: [0, 0, 0, 1, 1],
  drives: new Map([[12, 4], [31, 3]]),
};

Deno.test("parsePools() reads what formatPools() writes", () => {
  const value = formatPools([TIER1, { ...TIER1, name: "tier2", drives: new Map() }]);
  assertEquals(parsePools({ key: POOLS, value }), [
    TIER1,
    { ...TIER1, name: "tier2", drives: new Map() },
  ]);
  assertEquals(JSON.parse(value)[0], {
    fid: "0x6f00000000000001:0x34",
    name: "tier1",
    data: 2,
    parity: 1,
    spare: 0,
    tolerance: [0, 0, 0, 1, 1],
    drives: { "12": 4, "31": 3 },
  });
});

const BAD: Readonly<Record<string, string>> = {
  "": "no JSON",
  "{}": "the value: ",
  '[{"fid": "x"}]': "0.name: ",
  [formatPools([TIER1]).replace("0x6f00000000000001:0x34", "52")]: '"52" is no fid',
  [formatPools([TIER1]).replace("[0,0,0,1,1]", "[1,1]")]: "0.tolerance",
  [formatPools([TIER1]).replace('"12":4', '"12":-4')]: "0.drives.12",
  [formatPools([TIER1]).replace('"12":4', '"twelve":4')]: "0.drives.twelve",
};

for (const [value, why] of Object.entries(BAD)) {
  Deno.test(`parsePools() says what is wrong: ${why}`, () => {
    assertThrows(() => parsePools({ key: POOLS, value }), KvValueError, why);
  });
}
