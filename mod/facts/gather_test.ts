import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { makeMachine, output } from "../../tests/facts/machine.ts";
import { framedRun } from "../../tests/lib/framed_run.ts";
import { TimeLimitError } from "../lib/errors.ts";
import type { Output, Run } from "../lib/process.ts";
import { FactsError } from "./errors.ts";
import { gatherFacts } from "./gather.ts";

const FACTS = {
  facts: { hostname: "h", processorcount: 2, memorysize_mb: 512, ipaddress: "192.0.2.9" },
  disks: {},
};
const GOOD = output(0, JSON.stringify(FACTS));

function asking(...names: string[]): readonly { name: string; iface: undefined; globs: [] }[] {
  return names.map((name) => ({ name, iface: undefined, globs: [] }));
}

/** Runs ssh as the hosts answer, and what is asked of this machine on this machine. */
function network(answers: (host: string, program: string) => Promise<Output> | Output): {
  readonly run: Run;
  readonly system: ReturnType<typeof makeMachine>["system"];
} {
  const machine = makeMachine({ hostname: "here" });
  const run = framedRun(async (argv, options) => {
    const [first, host = "", ...program] = argv;
    if (first !== "ssh") return await machine.run(argv, options);
    return await answers(host, program.join(" "));
  });
  return { run, system: machine.system };
}

Deno.test("gatherFacts() asks hare on other hosts, and this host directly", async () => {
  const lines: string[] = [];
  const deps = network((host, line) => {
    lines.push(`${host} ${line}`);
    return GOOD;
  });
  const { hosts } = await gatherFacts([
    { name: "alice@far", iface: "eth1", globs: ["/dev/sd[a-c]", "/srv/*"] },
    ...asking("localhost", "me@here"),
  ], deps);
  assertEquals(lines, [
    "alice@far hare facts --json --iface eth1 --glob /dev/sd[a-c] --glob /srv/*",
  ]);
  assertEquals(
    Object.entries(hosts).map(([name, { facts }]) => [name, facts.hostname]),
    [["alice@far", "h"], ["localhost", "here"], ["me@here", "here"]],
  );
  assertEquals(hosts["alice@far"], FACTS);
});

Deno.test("gatherFacts() shows the problems of all hosts, in their order", async () => {
  const answers: Record<string, Output | Error> = {
    a: output(255, "", "ssh: connect to host a port 22: No route to host\n"),
    b: output(255, "", "b: Permission denied (publickey).\n"),
    c: output(127, "", "sh: 1: hare: not found\n"),
    d: output(1, '{"problems": ["no interface eth1", "nothing matches /dev/sd*"]}', "hare: …\n"),
    e: output(0, "Welcome!\n{}"),
    f: output(0, '{"facts": {"hostname": "f"}, "disks": {}}'),
    g: output(64, "", "hare: unknown option '--json'\n"),
    h: new TimeLimitError("ssh did not end within 5 s and was killed"),
    i: GOOD,
  };
  const deps = network((host) => {
    const answer = answers[host];
    assert(answer !== undefined);
    return answer instanceof Error ? Promise.reject(answer) : answer;
  });
  const requests = asking(...Object.keys(answers));
  const act = () => gatherFacts(requests, { ...deps, limitMs: 5000 });
  const error = await assertRejects(act, FactsError, "no facts from 8 of 9 hosts:\n  a: ssh: ");
  const [a, b, c, d1, d2, e, f, g, h, ...rest] = error.problems.map((one) => one.split(" (")[0]);
  assertEquals([a, b, c, d1, d2], [
    "a: ssh: connect to host a port 22: No route to host",
    "b: b: Permission denied",
    "c: hare cannot be run there: sh: 1: hare: not found",
    "d: no interface eth1",
    "d: nothing matches /dev/sd*",
  ]);
  assertEquals(e, 'e: cannot read the answer of hare facts: no JSON but "Welcome!\\n{}"');
  assert(f?.startsWith("f: cannot read the answer of hare facts: facts.processorcount: "));
  assertEquals(g, "g: hare facts failed with exit status 64: hare: unknown option '--json'");
  assertEquals(h, "h: no answer within 5 s: ssh did not end within 5 s and was killed");
  assertEquals(rest, []);
});

Deno.test("gatherFacts() keeps to its limits", async () => {
  let underWay = 0;
  let most = 0;
  const limits = new Set<number | undefined>();
  const run = framedRun(async (_, options) => {
    most = Math.max(most, ++underWay);
    limits.add(options?.limitMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
    underWay -= 1;
    return GOOD;
  });
  const names = Array.from({ length: 20 }, (_, i) => `h${i}`);
  const { hosts } = await gatherFacts(asking(...names), { run, parallel: 4, limitMs: 1234 });
  assertEquals([Object.keys(hosts), most], [names, 4]);
  assertEquals([...limits], [1234]);
});

Deno.test("gatherFacts() refuses a name that ssh could take for something else", async () => {
  const deps = network(() => GOOD);
  const act = () => gatherFacts(asking("-oProxyCommand=id", "ok"), deps);
  await assertRejects(act, FactsError, '"-oProxyCommand=id" is no [user@]hostname');
});

Deno.test("gatherFacts() stops when it is told to, with the signal's reason", async () => {
  const controller = new AbortController();
  const deps = network(() => {
    controller.abort(new Error("interrupted"));
    return Promise.reject(controller.signal.reason);
  });
  const act = () => gatherFacts(asking("a", "b"), { ...deps, signal: controller.signal });
  await assertRejects(act, Error, "interrupted");
});
