import { assert, assertEquals, assertMatch } from "../../tests/lib/assert.ts";
import { ended, healthy, withNode, withProcess } from "../../tests/status/worlds.ts";
import { linesText } from "../lib/lines.ts";
import { assess, type Verdict } from "./assess.ts";
import { render, type RenderOptions, renderVerdict } from "./render.ts";
import type { World } from "./world.ts";

interface Golden {
  readonly world: World;
  readonly options: RenderOptions & { readonly colours: boolean };
  /** The screen; it begins on the line after the quote. */
  readonly screen: string;
}

const GOLDENS: Readonly<Record<string, Golden>> = {
  "a healthy cluster in 80 columns": {
    world: healthy(),
    options: { width: 80, colours: false },
    screen: `
HEALTHY

Consul   3 servers, ssc-vm1 leads; 1 more may fail
RC       ssc-vm1 leads, its session is good; ssc-vm2 and ssc-vm3 stand by
confds   all 3 serve; quorum is 2
ios      all 3 serve
pools    tier1: 2+1 on 12 drives; may lose 1 controller or 1 drive more
clients  0 of 3 started

ssc-vm1  alive  Consul leader, RC leader
  hax    0x7200000000000001:0x10  -        passing  192.168.180.161@...:34:101
  confd  0x7200000000000001:0x11  started  passing  192.168.180.161@...:44:101
  ios    0x7200000000000001:0x12  started  passing  192.168.180.161@...:41:401
ssc-vm2  alive  Consul server, RC
  hax    0x7200000000000001:0x20  -        passing  192.168.180.162@...:34:101
  confd  0x7200000000000001:0x21  started  passing  192.168.180.162@...:44:101
  ios    0x7200000000000001:0x22  started  passing  192.168.180.162@...:41:401
ssc-vm3  alive  Consul server, RC
  hax    0x7200000000000001:0x30  -        passing  192.168.180.163@...:34:101
  confd  0x7200000000000001:0x31  started  passing  192.168.180.163@...:44:101
  ios    0x7200000000000001:0x32  started  passing  192.168.180.163@...:41:401
`,
  },
  "a cluster that is down, what stops it first": {
    world: withProcess(withNode(healthy(), "ssc-vm3", "failed"), 17, ended("confd", "STOPPED")),
    options: { width: 80, colours: false },
    screen: `
DOWN
  x only 1 of 3 confds serve; quorum is 2
  ! node ssc-vm3 has failed, and with it hax, confd and ios
  ! confd 0x7200000000000001:0x11 on ssc-vm1: STOPPED; check of confd critical
    (m0d with pid 4711 is gone, and did not say that it stopped)
  ! pool tier1 has lost 4 of 12 drives, on 1 of 3 controllers; it may lose
    nothing more

Consul   3 servers, ssc-vm1 leads, ssc-vm3 lost; none more may fail
RC       ssc-vm1 leads, its session is good; ssc-vm2 stands by
confds   1 of 3 serve; quorum is 2
ios      2 of 3 serve
pools    tier1: 2+1 on 12 drives, 4 lost; may lose nothing more
clients  0 of 3 started

ssc-vm1  alive   Consul leader, RC leader
  hax    0x7200000000000001:0x10  -        passing   192.168.180.161@...:34:101
  confd  0x7200000000000001:0x11  stopped  critical  192.168.180.161@...:44:101
  ios    0x7200000000000001:0x12  started  passing   192.168.180.161@...:41:401
ssc-vm2  alive   Consul server, RC
  hax    0x7200000000000001:0x20  -        passing   192.168.180.162@...:34:101
  confd  0x7200000000000001:0x21  started  passing   192.168.180.162@...:44:101
  ios    0x7200000000000001:0x22  started  passing   192.168.180.162@...:41:401
ssc-vm3  FAILED  Consul server
  hax    0x7200000000000001:0x30  -        unknown   192.168.180.163@...:34:101
  confd  0x7200000000000001:0x31  started  unknown   192.168.180.163@...:44:101
  ios    0x7200000000000001:0x32  started  unknown   192.168.180.163@...:41:401
`,
  },
  "whole endpoints where there is room, and colours where they are welcome": {
    world: withProcess(healthy(1), 18, ended("ios")),
    options: { width: 120, colours: true },
    screen: `
\x1b[1;31mDOWN\x1b[0m
  \x1b[1;31mx\x1b[0m none of 1 ios serves
  \x1b[33m!\x1b[0m ios 0x7200000000000001:0x12 on ssc-vm1: check of ios critical (m0d with pid 4711 is gone, and did not say that it
    stopped)
  \x1b[33m!\x1b[0m pool tier1 has lost 4 of 4 drives, on 1 of 1 controllers; it may lose nothing more

Consul   1 server, ssc-vm1 leads; none more may fail
RC       ssc-vm1 leads, its session is good; none stands by
confds   1 serves; quorum is 1
ios      \x1b[1;31m0 of 1 serve\x1b[0m
pools    \x1b[33mtier1: 2+1 on 4 drives, 4 lost; may lose nothing more\x1b[0m
clients  \x1b[2m0 of 1 started\x1b[0m

\x1b[1mssc-vm1\x1b[0m  alive  Consul leader, RC leader
  hax    0x7200000000000001:0x10  -        \x1b[32mpassing\x1b[0m   \x1b[2m192.168.180.161@tcp:12345:34:101\x1b[0m
  confd  0x7200000000000001:0x11  started  \x1b[32mpassing\x1b[0m   \x1b[2m192.168.180.161@tcp:12345:44:101\x1b[0m
  ios    0x7200000000000001:0x12  started  \x1b[1;31mcritical\x1b[0m  \x1b[2m192.168.180.161@tcp:12345:41:401\x1b[0m
`,
  },
  "no endpoints where there is no room at all": {
    world: healthy(1),
    options: { width: 56, colours: false },
    screen: `
HEALTHY

Consul   1 server, ssc-vm1 leads; none more may fail
RC       ssc-vm1 leads, its session is good; none stands
         by
confds   1 serves; quorum is 1
ios      1 serves
pools    tier1: 2+1 on 4 drives; may lose 1 controller
         or 1 drive more
clients  0 of 1 started

ssc-vm1  alive  Consul leader, RC leader
  hax    0x7200000000000001:0x10  -        passing
  confd  0x7200000000000001:0x11  started  passing
  ios    0x7200000000000001:0x12  started  passing
`,
  },
  "one line for each node that is well, where there are many": {
    world: withNode(healthy(9), "ssc-vm7", "absent"),
    options: { width: 80, colours: false },
    screen: `
DEGRADED: it serves, but
  ! node ssc-vm7 is not known to Consul (dropped as dead, or never joined), and
    with it hax and ios
  ! pool tier1 has lost 4 of 36 drives, on 1 of 9 controllers; it may lose
    nothing more

Consul   3 servers, ssc-vm1 leads; 1 more may fail
RC       ssc-vm1 leads, its session is good; ssc-vm2 and ssc-vm3 stand by
confds   all 3 serve; quorum is 2
ios      8 of 9 serve
pools    tier1: 2+1 on 36 drives, 4 lost; may lose nothing more
clients  0 of 9 started

ssc-vm1  alive   Consul leader, RC leader  hax, confd and ios serve
ssc-vm2  alive   Consul server, RC         hax, confd and ios serve
ssc-vm3  alive   Consul server, RC         hax, confd and ios serve
ssc-vm4  alive                             hax and ios serve
ssc-vm5  alive                             hax and ios serve
ssc-vm6  alive                             hax and ios serve
ssc-vm7  ABSENT
  hax  0x7200000000000001:0x70  -        unknown  192.168.180.167@...:34:101
  ios  0x7200000000000001:0x72  started  unknown  192.168.180.167@...:41:401
ssc-vm8  alive                             hax and ios serve
ssc-vm9  alive                             hax and ios serve
`,
  },
};

for (const [what, { world, options, screen }] of Object.entries(GOLDENS)) {
  Deno.test(`render() shows ${what}`, () => {
    assertEquals(
      linesText(render(world, assess(world), options), options.colours),
      screen.slice(1),
    );
  });
}

/** Lines of a screen of 80 columns without colours. */
function linesOf(world: World, options: Partial<RenderOptions> = {}): readonly string[] {
  return linesText(render(world, assess(world), { width: 80, ...options })).split("\n");
}

Deno.test("render() keeps to the width, from 72 columns on", () => {
  for (const width of [72, 80, 100, 132]) {
    for (const world of [healthy(), withNode(healthy(), "ssc-vm1", "failed"), healthy(20)]) {
      for (const line of linesOf(world, { width })) {
        assert(line.length <= width, `${width}: ${line}`);
      }
    }
  }
});

Deno.test("render() gives colours to what has none without them, and nothing else", () => {
  const world = withNode(withProcess(healthy(), 17, { record: null }), "ssc-vm2", "absent");
  const coloured = linesText(render(world, assess(world), { width: 80 }), true);
  assert(coloured.includes("\x1b["));
  // deno-lint-ignore no-control-regex -- the sequences begin with one
  assertEquals(coloured.replaceAll(/\x1b\[[\d;]*m/g, ""), linesOf(world).join("\n"));
});

Deno.test("render() lists all processes of many nodes when it is told to", () => {
  const lines = linesOf(healthy(20), { all: true });
  assertEquals(lines.filter((line) => line.includes("0x7200000000000001:")).length, 43);
});

Deno.test("render() lists a client once it has reported, and never holds it for a fault", () => {
  const record = { state: "STOPPED", type: "OTHER", pid: 5, generation: 1 } as const;
  const lines = linesOf(withProcess(healthy(), 19, { record }));
  assertEquals(lines[0], "HEALTHY");
  assertMatch(
    lines.find((line) => line.startsWith("  client")) ?? "",
    /0x7200000000000001:0x13 {2}stopped {2}- {8}192/,
  );
});

Deno.test("render() does not call an RC leader good where Consul has no leader", () => {
  const world = healthy();
  const lines = linesOf({ ...world, consul: { ...world.consul, hasLeader: false } });
  assert(lines.includes("RC       ssc-vm1 led last; ssc-vm2 and ssc-vm3 stand by"));
});

Deno.test("render() shows no tables where no cluster is described", () => {
  const rc = { leader: null, sessionOk: false, keySays: null, running: [] };
  assertEquals(linesOf({ ...healthy(1), processes: [], pools: null, rc }), [
    "DOWN",
    "  x no cluster is described in Consul's KV: `hare bootstrap` has not run",
    "",
    "ssc-vm1  alive  Consul leader",
    "",
  ]);
});

Deno.test("renderVerdict() shows the verdict alone", () => {
  const verdict: Verdict = { level: "down", reasons: [{ level: "down", text: "no Consul" }] };
  assertEquals(linesText(renderVerdict(verdict, { width: 80 })), "DOWN\n  x no Consul\n");
});
