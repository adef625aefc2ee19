/**
 * Parsing of the output of blkid and wipefs.
 *
 * @module
 */

import { assertEquals } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import type { Output, Run } from "../lib/process.ts";
import { signaturesOn } from "./signatures.ts";

const NOTHING: Partial<Output> = { code: 2 };
const EXT4 = { stdout: "DEVNAME=/dev/x\nLABEL=my\\ data\nTYPE=ext4\nUSAGE=filesystem\n" };
const GPT = { stdout: "DEVNAME=/dev/x\nPTUUID=1\nPTTYPE=gpt\n" };
/** A blank partition. */
const PART = { stdout: "DEVNAME=/dev/x1\nPART_ENTRY_SCHEME=gpt\nPART_ENTRY_NAME=data\n" };
const HEAD = "# offset,uuid,label,type\n";

const CASES: readonly (readonly [
  what: string,
  blkid: Partial<Output> | "missing",
  wipefs: Partial<Output> | "missing",
  found: readonly string[],
  problems: readonly string[],
])[] = [
  ["nothing", NOTHING, {}, [], []],
  ["a file system and its label", EXT4, { stdout: `${HEAD}0x438,1,my data,ext4\n` }, [
    'ext4 "my data"',
  ], []],
  ["a partition table", GPT, { stdout: `${HEAD}0x200,,,gpt\n0x3fe00,,,gpt\n0x1fe,,,PMBR\n` }, [
    "gpt partition table",
    "PMBR",
  ], []],
  ["what wipefs alone knows", NOTHING, { stdout: `${HEAD}0x3fe00,,,gpt\n` }, ["gpt"], []],
  ["a partition without content", PART, {}, [], []],
  ["several things at once", { code: 8 }, {}, ["signatures of several things"], []],
  ["tools that are missing", "missing", "missing", [], ["cannot run blkid", "cannot run wipefs"]],
  ["tools that fail", { code: 4, stderr: "bad\nusage" }, { code: 1 }, [], [
    "blkid failed on /dev/x: bad",
    "wipefs failed on /dev/x: exit status 1",
  ]],
  ["a device that blkid cannot open", { code: 2, stderr: "error: denied" }, {}, [], [
    "blkid failed on /dev/x: error: denied",
  ]],
];

for (const [what, blkid, wipefs, found, problems] of CASES) {
  Deno.test(`signaturesOn() tells of ${what}`, async () => {
    const run: Run = ([program]) => {
      const tool = program.includes("blkid") ? "blkid" : "wipefs";
      const output = { blkid, wipefs }[tool];
      if (output !== "missing") {
        return Promise.resolve({ code: 0, stdout: "", stderr: "", ...output });
      }
      const cause = new Deno.errors.NotFound();
      return Promise.reject(new HareError(`cannot run ${tool}`, { cause }));
    };
    const signal = AbortSignal.timeout(10_000);
    assertEquals(await signaturesOn("/dev/x", { run, signal }), { found, problems });
  });
}

Deno.test("signaturesOn() finds tools that are not on PATH", async () => {
  const ran: string[] = [];
  const run: Run = ([program]) => {
    ran.push(program);
    if (program.startsWith("/sbin/")) return Promise.resolve({ code: 2, stdout: "", stderr: "" });
    return Promise.reject(new HareError("none", { cause: new Deno.errors.NotFound() }));
  };
  await signaturesOn("/dev/x", { run, signal: AbortSignal.timeout(10_000) });
  assertEquals(ran.filter((program) => program.includes("blkid")), [
    "blkid",
    "/usr/sbin/blkid",
    "/sbin/blkid",
  ]);
});
