/**
 * What anybody may put into Consul's KV, and a site into its directory of rules: any keys where Hare
 * looks, any bytes as values, any size that Consul takes.
 *
 * @module
 */

import * as fc from "fast-check";
import { MAX_VALUE_BYTES } from "../../mod/consul/mod.ts";

/** A key, and the bytes at it. */
export interface Junk {
  readonly key: string;
  readonly bytes: Uint8Array;
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Some bytes, repeated up to a length: what grows in JSON, in Base64 and in UTF-8 is among them. */
const repeated = fc.record({
  unit: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 6 }),
    fc.constantFrom("\0", "\x1b", '"', "\\", "\n", "é", "😀", "[", '{"a":', "x", ",", "tmo,")
      .map(utf8),
    fc.constant(new Uint8Array([0xff])),
    fc.constant(Uint8Array.from({ length: 256 }, (_, i) => i)),
  ),
  length: fc.oneof(
    { arbitrary: fc.integer({ min: 0, max: 300 }), weight: 12 },
    {
      arbitrary: fc.constantFrom(4096, 65_536, 100_000, 131_072, 262_144, 393_000, MAX_VALUE_BYTES),
      weight: 2,
    },
  ),
}).map(({ unit, length }) => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += unit.length) bytes.set(unit.subarray(0, length - at), at);
  return bytes;
});

/** Types of events: types with a rule of Hare, and other types of any length. */
const TYPES = [
  ...["wake_RC", "tmo", "tmo1", "process", "service", "drive", "repair", "rebalance", "io-error"],
  ...["site-event", "broken", ".", "..", "../x", "a/b", ".hidden", "-rf", "con", "__proto__"],
];
const types = fc.oneof(
  { arbitrary: fc.constantFrom(...TYPES), weight: 6 },
  { arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), weight: 1 },
  {
    arbitrary: fc.record({
      begin: fc.constantFrom("x", "tmo", "process"),
      length: fc.constantFrom(255, 256, 257, 4095, 4096, 70_000, 500_000),
    }).map(({ begin, length }) => begin + "x".repeat(length - begin.length)),
    weight: 1,
  },
);

/** JSON that a rule might take for its own. */
const bodies = fc.oneof(
  fc.constant(""),
  fc.json({ maxDepth: 3 }),
  fc.record({
    fid: fc.oneof(
      fc.constantFrom("0x6b00000000000001:0x11", "0x7200000000000001:0x9", "0x6f00000000000001:1"),
      fc.string(),
      fc.integer(),
    ),
    state: fc.oneof(
      fc.constantFrom("failed", "online", "M0_CONF_HA_PROCESS_STARTED", "unknown"),
      fc.string(),
      fc.constant(null),
    ),
    type: fc.constantFrom("M0D", "M0MKFS", "OTHER", 7),
    generation: fc.oneof(fc.integer(), fc.double()),
  }, { requiredKeys: [] }).map((body) => JSON.stringify(body)),
  fc.integer({ min: 1, max: 100_000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
);

const texts = fc.tuple(types, bodies).map(([type, body]) => body === "" ? type : `${type} ${body}`);

/** Bytes in the place of an event, or of anything else. */
export const values: fc.Arbitrary<Uint8Array> = fc.oneof(
  { arbitrary: texts.map(utf8), weight: 3 },
  { arbitrary: repeated, weight: 2 },
).map((bytes) => bytes.subarray(0, MAX_VALUE_BYTES));

/** Numbers as they may stand in a key, or in a counter. */
export const numbers: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 400 }).map(String), weight: 6 },
  {
    arbitrary: fc.integer({ min: 0, max: 400 }).map((n) => String(n).padStart(12, "0")),
    weight: 2,
  },
  fc.constantFrom(
    ...["9007199254740990", "9007199254740991", "9007199254740992", "999999999999999999999"],
    ...["8000000000000000", "8000000000000001", "9000000000000000", "1000000000000000"],
    ...["00000000000000009007199254740991"],
  ),
  fc.integer({ min: 1, max: 3000 }).map((length) => "9".repeat(length)),
  fc.integer({ min: 1, max: 3000 }).map((length) => "0".repeat(length) + "7"),
);

const names = fc.oneof(
  numbers,
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("", "/", "a/b", "..", "-1", "1.5", "0x7", " 1", "１"),
  fc.constantFrom("2026-11-24T03:10:00.000Z-1", "0x7200000000000001:0x9", "node0/service/9/ep"),
  fc.integer({ min: 1, max: 20_000 }).map((length) => "k".repeat(length)),
);

/** Keys of timeouts that are due, and others. */
const timeoutNames = fc.oneof(
  {
    arbitrary: fc.constantFrom("202511240310.05", "197001010000.00", "202402291200.59"),
    weight: 4,
  },
  fc.constantFrom("202613240310.05", "202611240310", "999912312359.59", "NaNNaNNaNNaN.NaN", "soon"),
  names,
);

const PREFIXES = [
  ...["bq/", "eq-rejected/", "hare/history/", "bq-seen/", "processes/", "node/", "hare/state/"],
  ...["hare/rc/switchover", "hare/rc/x", "hare/mkfs/"],
];

/** Whatever anybody may put, but for what operators order: that events are to wait. */
export const junk: fc.Arbitrary<Junk> = fc.oneof(
  { arbitrary: fc.record({ key: names.map((name) => `eq/${name}`), bytes: values }), weight: 6 },
  {
    arbitrary: fc.record({ key: timeoutNames.map((name) => `timeout/${name}`), bytes: values }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      key: fc.tuple(fc.constantFrom(...PREFIXES), names).map((parts) => parts.join("")),
      bytes: values,
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      key: fc.constantFrom("epoch", "bq-seen/node0", "bq-seen/node1", "hare/rc-report"),
      bytes: fc.oneof(numbers.map(utf8), values, fc.constantFrom("-1", "1e9", "").map(utf8)),
    }),
    weight: 3,
  },
);

/** What stands where the site's rules should. */
export interface RulesPlace {
  readonly directory:
    | "absent"
    | "directory"
    | "file"
    | "link to itself"
    | "link to nothing"
    | "link to a directory"
    | "pipe";
  /** Permission bits of the directory. */
  readonly mode: number;
  readonly files: readonly {
    readonly name: string;
    readonly is: "file" | "directory" | "link to itself" | "link to /dev/null" | "link to nothing";
    readonly mode: number;
    /** Whether it belongs to somebody else, where this test may give it away. */
    readonly foreign: boolean;
  }[];
  /** What looking a file up fails with. */
  readonly fails: "EACCES" | "EIO" | "ENAMETOOLONG" | null;
}

const modes = fc.constantFrom(0o755, 0o700, 0o775, 0o777, 0o1777, 0o644, 0o000, 0o4755);

/** Directories of rules. */
export const rulesPlaces: fc.Arbitrary<RulesPlace> = fc.record({
  directory: fc.oneof(
    { arbitrary: fc.constant("directory" as const), weight: 4 },
    fc.constantFrom(
      ...["absent", "file", "link to itself", "link to nothing"] as const,
      ...["link to a directory", "pipe"] as const,
    ),
  ),
  mode: fc.oneof(fc.constant(0o755), modes),
  files: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom("tmo", "tmo1", "wake_RC", "process", "drive", "site-event", "broken"),
      is: fc.oneof(
        { arbitrary: fc.constant("file" as const), weight: 4 },
        fc.constantFrom(
          ...["directory", "link to itself", "link to /dev/null", "link to nothing"] as const,
        ),
      ),
      mode: fc.oneof(fc.constant(0o755), modes),
      foreign: fc.boolean(),
    }),
    { maxLength: 4, selector: ({ name }) => name },
  ),
  fails: fc.oneof(
    { arbitrary: fc.constant(null), weight: 5 },
    fc.constantFrom("EACCES" as const, "EIO" as const, "ENAMETOOLONG" as const),
  ),
});

/** Makes what is to stand at `path`, and beside it where a link leads. */
export async function makeRules(
  path: string,
  { directory, mode, files }: RulesPlace,
): Promise<void> {
  if (directory === "absent") return;
  if (directory === "file") return await Deno.writeTextFile(path, "");
  if (directory === "pipe") return await Deno.symlink("/dev/stdin", path);
  if (directory === "link to itself") return await Deno.symlink(path, path);
  if (directory === "link to nothing") return await Deno.symlink(`${path}-none`, path);
  const real = directory === "directory" ? path : `${path}-real`;
  await Deno.mkdir(real);
  if (real !== path) await Deno.symlink(real, path);
  for (const { name, is, mode, foreign } of files) {
    const file = `${real}/${name}`;
    if (is === "directory") await Deno.mkdir(file);
    else if (is === "link to itself") await Deno.symlink(file, file);
    else if (is === "link to nothing") await Deno.symlink("none", file);
    else if (is === "link to /dev/null") await Deno.symlink("/dev/null", file);
    else {
      await Deno.writeTextFile(file, "");
      await Deno.chmod(file, mode);
      if (foreign && Deno.uid() === 0) await Deno.chown(file, 65534, null);
    }
  }
  await Deno.chmod(real, mode);
}
