import { assertEquals } from "../../tests/lib/assert.ts";
import { critical, ended, healthy, withNode, withProcess } from "../../tests/status/worlds.ts";
import { ConsulError } from "../consul/mod.ts";
import { assess, assessSilence, type Level } from "./assess.ts";
import type { World } from "./world.ts";

const WORLD = healthy();
const TIER1 = WORLD.pools?.slice(0, 1) ?? [];

interface Case {
  readonly world: World;
  readonly level: Level;
  readonly reasons: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  "a healthy cluster": { world: WORLD, level: "healthy", reasons: [] },
  "a cluster whose pools nobody described": {
    world: { ...WORLD, pools: null },
    level: "healthy",
    reasons: [],
  },
  "clients that stopped": {
    world: withProcess(WORLD, 19, {
      record: { state: "STOPPED", type: "OTHER", pid: 9, generation: 1 },
    }),
    level: "healthy",
    reasons: [],
  },
  "a node that failed, once and not for each of its processes": {
    world: withNode(WORLD, "ssc-vm3", "failed"),
    level: "degraded",
    reasons: [
      "node ssc-vm3 has failed, and with it hax, confd and ios",
      "pool tier1 has lost 4 of 12 drives, on 1 of 3 controllers; it may lose nothing more",
    ],
  },
  "a node that Consul does not know": {
    world: withNode({ ...WORLD, pools: null }, "ssc-vm2", "absent"),
    level: "degraded",
    reasons: [
      "node ssc-vm2 is not known to Consul (dropped as dead, or never joined), and with it hax, confd and ios",
    ],
  },
  "an ios that died": {
    world: withProcess(WORLD, 18, ended("ios")),
    level: "degraded",
    reasons: [
      "ios 0x7200000000000001:0x12 on ssc-vm1: check of ios critical (m0d with pid 4711 is gone, " +
      "and did not say that it stopped)",
      "pool tier1 has lost 4 of 12 drives, on 1 of 3 controllers; it may lose nothing more",
    ],
  },
  "an ios that hax has no link with, as its check says": {
    world: withProcess(WORLD, 18, {
      checks: [{
        service: "ios",
        status: "passing",
        output: "pid 7 has started; it has no link with hax",
      }],
    }),
    level: "degraded",
    reasons: [
      "ios 0x7200000000000001:0x12 on ssc-vm1: it has no link with hax: it hears of no failure " +
      "until it has something to say, or is started again",
    ],
  },
  "a confd that stopped in order": {
    world: withProcess(WORLD, 17, ended("confd", "STOPPED")),
    level: "degraded",
    reasons: [
      "confd 0x7200000000000001:0x11 on ssc-vm1: STOPPED; check of confd critical (m0d with pid " +
      "4711 is gone, and did not say that it stopped)",
    ],
  },
  "a confd that never came up": {
    world: withProcess(WORLD, 17, {
      record: null,
      checks: [{ service: "confd", status: "warning", output: "" }],
    }),
    level: "degraded",
    reasons: [
      "confd 0x7200000000000001:0x11 on ssc-vm1: no state is known; check of confd warning",
    ],
  },
  "a hax that hangs": {
    world: withProcess(WORLD, 16, { checks: [critical("hax", "context deadline exceeded")] }),
    level: "degraded",
    reasons: [
      "hax 0x7200000000000001:0x10 on ssc-vm1: check of hax critical (context deadline exceeded)",
    ],
  },
  "a service that is not registered": {
    world: withProcess({ ...WORLD, pools: [] }, 18, {
      checks: [{ service: "ios", status: "absent", output: "" }],
    }),
    level: "degraded",
    reasons: ["ios 0x7200000000000001:0x12 on ssc-vm1: service ios is not registered"],
  },
  "half of a process that is confd and ios": {
    world: withProcess({ ...WORLD, pools: [] }, 17, {
      types: ["rms", "confd", "ios"],
      checks: [{ service: "confd", status: "passing", output: "" }, critical("ios", "no")],
    }),
    level: "degraded",
    reasons: ["confd+ios 0x7200000000000001:0x11 on ssc-vm1: check of ios critical (no)"],
  },
  "a Consul server that came back and has no vote yet": {
    world: {
      ...WORLD,
      consul: {
        ...WORLD.consul,
        servers: WORLD.consul.servers.map((one) => ({ ...one, votes: one.leads })),
      },
    },
    level: "degraded",
    reasons: [
      "Consul server ssc-vm2 has no vote yet",
      "Consul server ssc-vm3 has no vote yet",
    ],
  },
  "an RC that does not run": {
    world: { ...WORLD, rc: { ...WORLD.rc, running: ["ssc-vm1", "ssc-vm3"] } },
    level: "degraded",
    reasons: ["hare-rc does not run on ssc-vm2"],
  },
  "a node in maintenance mode": {
    world: {
      ...WORLD,
      nodes: WORLD.nodes.map((node) =>
        node.name === "ssc-vm2"
          ? { ...node, troubles: ["is in Consul's maintenance mode (disks)"] }
          : node
      ),
    },
    level: "degraded",
    reasons: [
      "node ssc-vm2 is in Consul's maintenance mode (disks): hax, confd and ios there count as offline",
      "pool tier1 has lost 4 of 12 drives, on 1 of 3 controllers; it may lose nothing more",
    ],
  },
  "a value of key leader that is not the leader's name": {
    world: { ...WORLD, rc: { ...WORLD.rc, keySays: "node9" } },
    level: "degraded",
    reasons: [
      'key leader says "node9", and ssc-vm1 holds its lock: hare-rc there should have set that right',
    ],
  },
  "values in KV that make no sense": {
    world: { ...WORLD, unreadable: ["key hare/pools has value …: no JSON"] },
    level: "degraded",
    reasons: ["key hare/pools has value …: no JSON"],
  },
  "an RC without a leader": {
    world: { ...WORLD, rc: { ...WORLD.rc, leader: null, sessionOk: false } },
    level: "down",
    reasons: ["no RC leader is elected; hare-rc runs on ssc-vm1, ssc-vm2 and ssc-vm3"],
  },
  "an RC that runs nowhere": {
    world: { ...WORLD, rc: { leader: null, sessionOk: false, keySays: null, running: [] } },
    level: "down",
    reasons: [
      "no RC leader is elected; hare-rc runs nowhere",
      "hare-rc does not run on ssc-vm1",
      "hare-rc does not run on ssc-vm2",
      "hare-rc does not run on ssc-vm3",
    ],
  },
  "an RC leader whose session ended": {
    world: { ...WORLD, rc: { ...WORLD.rc, sessionOk: false } },
    level: "down",
    reasons: ["the session of RC leader ssc-vm1 has ended"],
  },
  "confds below their quorum": {
    world: withProcess(withNode(WORLD, "ssc-vm3", "failed"), 33, ended("confd")),
    level: "down",
    reasons: [
      "only 1 of 3 confds serve; quorum is 2",
      "node ssc-vm3 has failed, and with it hax, confd and ios",
      "confd 0x7200000000000001:0x21 on ssc-vm2: check of confd critical (m0d with pid 4711 is " +
      "gone, and did not say that it stopped)",
      "pool tier1 has lost 4 of 12 drives, on 1 of 3 controllers; it may lose nothing more",
    ],
  },
  "a pool that lost more than it bears": {
    world: withNode(withNode(healthy(5), "ssc-vm4", "failed"), "ssc-vm5", "absent"),
    level: "down",
    reasons: [
      "pool tier1 has lost 8 of 20 drives, on 2 of 5 controllers: more than it bears",
      "node ssc-vm4 has failed, and with it hax and ios",
      "node ssc-vm5 is not known to Consul (dropped as dead, or never joined), and with it hax and ios",
    ],
  },
  "ios that all died, where no pools are described": {
    world: [18, 34, 50].reduce((world, key) => withProcess(world, key, ended("ios")), {
      ...WORLD,
      pools: null,
    } as World),
    level: "down",
    reasons: [
      "none of 3 ios serves",
      ...["0x12 on ssc-vm1", "0x22 on ssc-vm2", "0x32 on ssc-vm3"].map((one) =>
        `ios 0x7200000000000001:${one}: check of ios critical (m0d with pid 4711 is gone, and did ` +
        "not say that it stopped)"
      ),
    ],
  },
  "a Consul without a leader": {
    world: { ...WORLD, consul: { ...WORLD.consul, hasLeader: false } },
    level: "down",
    reasons: ["Consul has no leader: what follows is what one of its servers knew last"],
  },
  "a KV without a configuration": {
    world: {
      ...WORLD,
      processes: [],
      pools: null,
      rc: { leader: null, sessionOk: false, keySays: null, running: [] },
    },
    level: "down",
    reasons: ["no cluster is described in Consul's KV: `hare bootstrap` has not run"],
  },
};

for (const [what, { world, level, reasons }] of Object.entries(CASES)) {
  Deno.test(`assess() judges ${what}: ${level}`, () => {
    const judged = assess(world);
    assertEquals(judged.reasons.map(({ text }) => text), reasons);
    assertEquals(judged.level, level);
  });
}

Deno.test("assess() puts what is down before what is degraded", () => {
  const world = {
    ...WORLD,
    rc: { leader: null, sessionOk: false, keySays: null, running: ["ssc-vm1"] },
  };
  assertEquals(assess(world).reasons.map((reason) => reason.level), [
    "down",
    "degraded",
    "degraded",
  ]);
});

Deno.test("assess() counts a process of both kinds in both", () => {
  const world = withProcess(WORLD, 17, { types: ["rms", "confd", "ios"] });
  const { confds, ios, quorum } = assess(world).tallies;
  assertEquals([confds.all, ios.all, quorum], [3, 4, 2]);
});

Deno.test("assess() takes drives of a process that is not in the configuration as lost", () => {
  const [pool] = TIER1;
  const pools = pool === undefined ? [] : [{ ...pool, drives: new Map([[18, 4], [999, 1]]) }];
  assertEquals(assess({ ...WORLD, pools }).tallies.pools[0]?.drivesLost, 1);
});

Deno.test("assessSilence() is down, with what to do", () => {
  const error = new ConsulError("GET /v1/status/leader at http://127.0.0.1:8500: no connection", {
    kind: "unreachable",
    retryable: true,
    hint: "is the agent running?",
  });
  assertEquals(assessSilence(error), {
    level: "down",
    reasons: [{
      level: "down",
      text: "Consul cannot be asked: GET /v1/status/leader at http://127.0.0.1:8500: no " +
        "connection (is the agent running?)",
    }],
  });
});
