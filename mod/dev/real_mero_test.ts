import { type HostLayout, type ProcessLayout, TARGETS } from "../../cfgen/mod.ts";
import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { makeFid } from "../lib/fid.ts";
import { argumentsOf, checkArguments, commandIn, environmentOf, programsOf } from "./real_mero.ts";

const PATHS = { m0d: "/opt/m0d", m0mkfs: "/opt/m0mkfs", libmotr: "/opt/libmotr.so" };
const GIB = 1024 ** 3;

const process = (role: ProcessLayout["role"], fidk: number, ...types: string[]): ProcessLayout => ({
  ...{ role, fidk, types, disks: [] },
  fid: makeFid("process", fidk),
  endpoint: `inet:tcp:10.0.0.1@${21000 + fidk}`,
});

const HOST: HostLayout = {
  ...{ name: "node1", node: "node1", ip: "10.0.0.1", isServer: true },
  processes: [process("hax", 6, "ha")],
};

const WORLD = {
  target: TARGETS.motr,
  host: HOST,
  nodeUuid: "00000000-0000-4000-8000-000000000001",
  confdFile: "/etc/motr/confd.xc",
};

Deno.test("argumentsOf() gives a confd's mkfs its configuration and a segment", () => {
  assertEquals(
    argumentsOf("m0mkfs", process("confd", 9, "rms", "confd"), WORLD).join(" "),
    "-e libfab:inet:tcp:10.0.0.1@21009 -f <0x7200000000000001:0x9> -T linux -S stobs " +
      "-A linuxstob:addb-stobs -D db -m 65536 -q 16 -w 4 -H inet:tcp:10.0.0.1@21006 -U " +
      `-F -u ${WORLD.nodeUuid} -z ${GIB / 2} -c /etc/motr/confd.xc`,
  );
});

Deno.test("argumentsOf() gives an io server's m0d no configuration and formats nothing", () => {
  assertEquals(
    argumentsOf("m0d", process("ios", 12, "rms", "ios"), WORLD).join(" "),
    "-e libfab:inet:tcp:10.0.0.1@21012 -f <0x7200000000000001:0xc> -T ad -S stobs " +
      "-A linuxstob:addb-stobs -D db -m 65536 -q 16 -w 4 -H inet:tcp:10.0.0.1@21006 -U",
  );
});

Deno.test("argumentsOf() gives a process that is both, disks and the configuration", () => {
  const args = argumentsOf("m0mkfs", process("confd", 9, "confd", "ios"), WORLD);
  assertEquals(args[args.indexOf("-T") + 1], "ad");
  assertEquals(args[args.indexOf("-z") + 1], String(GIB));
  assertEquals(args.slice(-2), ["-c", "/etc/motr/confd.xc"]);
});

Deno.test("checkArguments() takes what argumentsOf() gives, and nothing less, more or else", () => {
  const file = {
    endpoint: "inet:tcp:10.0.0.1@21009",
    fid: makeFid("process", 9),
    haxEndpoint: "inet:tcp:10.0.0.1@21006",
    confXc: WORLD.confdFile,
  };
  const confd = process("confd", 9, "rms", "confd");
  for (const kind of ["m0d", "m0mkfs"] as const) {
    const args = argumentsOf(kind, confd, WORLD);
    const check = (args: readonly string[], but: Partial<typeof file> = {}) =>
      checkArguments(kind, args, { target: TARGETS.motr, file: { ...file, ...but } });
    check(args);
    for (const option of args.filter((arg) => /^-\w$/.test(arg))) {
      const isBare = option === "-U" || option === "-F";
      const at = args.indexOf(option);
      const error = assertThrows(() => check(args.toSpliced(at, isBare ? 1 : 2)), HareError);
      assertEquals(error.message, `${kind} lacks ${option}`);
    }
    assertThrows(() => check([...args, "-x", "1"]), HareError, `${kind} does not take -x`);
    assertThrows(() => check(args, { fid: makeFid("process", 12) }), HareError, "has -f");
    assertThrows(() => check(args, { endpoint: "else" }), HareError, "has -e");
    assertThrows(() => check(args, { haxEndpoint: "else" }), HareError, "has -H");
    assertThrows(() => check(args, { confXc: "/else" }), HareError, "has -c");
  }
  const ios = argumentsOf("m0d", process("ios", 12, "ios"), WORLD);
  const of = { ...file, endpoint: "inet:tcp:10.0.0.1@21012", fid: makeFid("process", 12) };
  checkArguments("m0d", ios, { target: TARGETS.motr, file: { ...of, confXc: undefined } });
});

Deno.test("commandIn() runs a program in its directory, whatever that is called", async () => {
  const directory = `${await Deno.makeTempDir()}/it's "$(here)"; -x`;
  const [program, ...args] = commandIn(directory, "sh", [
    "-c",
    'printf "%s|" "$PWD" "$@"',
    "sh",
    "a b",
  ]);
  const { stdout } = await new Deno.Command(program, { args }).output();
  assertEquals(new TextDecoder().decode(stdout), `${directory}|a b|`);
});

Deno.test("environmentOf() lets a program find the library that was named", () => {
  assertEquals(environmentOf(PATHS), { LD_LIBRARY_PATH: "/opt" });
});

Deno.test("programsOf() wants all of real Motr, or none of it", () => {
  const motr = { target: "motr", diskSize: 4 * GIB };
  assertEquals(programsOf(motr), null);
  assertEquals(programsOf({ ...motr, ...PATHS }), PATHS);
  const relative = programsOf({ ...motr, ...PATHS, m0d: "bin/m0d" });
  assertEquals(relative?.m0d, `${Deno.cwd()}/bin/m0d`);
  const refused: readonly (readonly [Parameters<typeof programsOf>[0], string])[] = [
    [{ ...motr, m0d: PATHS.m0d }, "real Motr needs --m0d, --m0mkfs and --libmotr"],
    [{ ...motr, ...PATHS, target: "mero" }, "real Motr needs --target motr"],
    [{ ...motr, ...PATHS, diskSize: GIB }, "real io servers need disks of 4 GiB at least"],
  ];
  for (const [options, message] of refused) {
    assertThrows(() => programsOf(options), UsageError, message);
  }
});
