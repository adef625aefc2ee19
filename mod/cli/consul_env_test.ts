import { assertEquals, assertStringIncludes } from "../../tests/lib/assert.ts";
import { framedRun } from "../../tests/lib/framed_run.ts";
import { fakeWorld } from "../../tests/lib/world.ts";
import { splitWords } from "../agent/words.ts";
import { uuidOf } from "../lib/uuid.ts";
import { runProgram } from "./program.ts";

/** What `hare consul-env …` leaves on a host that has these files, by path. */
async function filesAfter(
  args: readonly string[],
  before: readonly string[] = [],
  stdin = "",
): Promise<ReadonlyMap<string, string>> {
  const files = new Map(before.map((path) => [path, "old"]));
  const run = framedRun((argv, options) => {
    const path = argv.find((word) => word.startsWith("/etc/")) ?? "";
    const ended = { code: 0, stdout: "", stderr: "" };
    if (argv[0] === "test") return Promise.resolve({ ...ended, code: files.has(path) ? 0 : 1 });
    if (argv[0] === "rm") files.delete(path);
    else files.set(path, String(options?.stdin));
    return Promise.resolve(ended);
  });
  const world = { ...fakeWorld({ run }), readStdin: () => Promise.resolve(stdin) };
  assertEquals([await runProgram(["consul-env", ...args], world), world.err()], [0, ""]);
  return files;
}

/** The one file that `hare consul-env …` writes. */
async function written(...args: string[]): Promise<readonly [path: string, text: string]> {
  const [file, ...others] = await filesAfter(args);
  assertEquals(others, []);
  if (file === undefined) throw new Error("nothing was written");
  return file;
}

/** The options as the unit hands them to Consul: systemd takes the variable apart twice. */
function optionsIn(text: string): readonly string[] {
  const [assignment = ""] = splitWords(text);
  return splitWords(assignment.slice(assignment.indexOf("=") + 1));
}

Deno.test("hare consul-env writes the options of a server that expects all servers", async () => {
  const join = ["--join", "10.0.0.2", "--join", "10.0.0.3"];
  const [path, text] = await written("--mode", "server", "--bind", "10.0.0.1", ...join);
  assertEquals(path, "/etc/hare/consul-env");
  const options = optionsIn(text);
  for (
    const option of [
      "-server",
      "-bootstrap-expect=3",
      "-bind=10.0.0.1",
      "-retry-join=10.0.0.2",
      "-retry-join=10.0.0.3",
      "-data-dir=/var/lib/hare/consul",
      `-node-id=${await uuidOf(Deno.hostname())}`,
    ]
  ) assertEquals(options.filter((each) => each === option), [option]);
});

Deno.test("hare consul-env writes further options last, so that they win", async () => {
  const extra = ["--extra-options", `-log-level=debug -hcl='a = "b c"'`];
  const [, text] = await written("--mode", "client", "--bind", "::1", "--join", "::2", ...extra);
  const options = optionsIn(text);
  assertEquals(options.slice(-2), ["-log-level=debug", '-hcl=a = "b c"']);
  assertEquals(options.includes("-server"), false);
});

Deno.test("hare consul-env keeps secrets out of the agent's argument list", async () => {
  const args = ["--mode", "client", "--bind", "::1", "--extra-options"];
  const file = (n: number) => `/etc/hare/consul.d/zz-extra-options-${n}.hcl`;
  const acl = 'acl { tokens { agent = "t0ken" } }';
  const options = `-ui -encrypt=s3cret== -hcl='${acl}'`;
  for (const [given, stdin] of [[options, ""], ["-", options.replaceAll(" -", "\n-") + "\n"]]) {
    const after = await filesAfter([...args, given ?? ""], [file(1), file(2), file(3)], stdin);
    assertEquals([after.get(file(1)), after.get(file(2)), after.has(file(3))], [
      'encrypt = "s3cret=="\n',
      `${acl}\n`,
      false,
    ]);
    const text = after.get("/etc/hare/consul-env") ?? "";
    assertEquals([/s3cret|t0ken/.test(text), optionsIn(text).at(-1)], [false, "-ui"]);
  }
  assertEquals([...(await filesAfter([...args, "-ui"], [file(1), file(2)])).keys()], [
    "/etc/hare/consul-env",
  ]);
});

Deno.test("hare consul-env refuses what is no mode, no address, no list of options", async () => {
  const bind = ["--bind", "10.0.0.1"];
  for (
    const [args, says] of [
      [["--mode", "leader", ...bind], "Allowed choices are server, client"],
      [["--mode", "server", "--bind", "host1"], "It is an IP address"],
      [["--mode", "server"], "required option '--bind <ip>'"],
      [["--mode", "server", ...bind, "--join", "x;y"], "It is an IP address"],
      [["--mode", "server", ...bind, "--extra-options", "-hcl='a"], "is not closed"],
    ] as const
  ) {
    const world = fakeWorld();
    assertEquals(await runProgram(["consul-env", ...args], world), 64, says);
    assertStringIncludes(world.err(), says);
  }
});
