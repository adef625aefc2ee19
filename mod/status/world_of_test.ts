import { assertEquals } from "../../tests/lib/assert.ts";
import type { HealthCheck, KvEntry, Member, MemberStatus, RaftServer } from "../consul/mod.ts";
import { formatPools } from "../kv/pools.ts";
import { formatProcessState } from "../kv/process_state.ts";
import { makeFid } from "../lib/fid.ts";
import { type Answers, worldOf } from "./world_of.ts";

/** One node, n1, with hax 6, a confd 9, a process 12 that is confd and ios, and a client 20. */
const ANSWERS: Answers = {
  address: "http://127.0.0.1:8500",
  hasLeader: true,
  members: [member("n1", "alive")],
  servers: [{ id: "1", node: "n1", address: "10.0.0.1:8300", leader: true, voter: true }],
  catalog: [{ name: "n1" }],
  checks: [
    check("serfHealth", "passing"),
    check("hax/6", "passing"),
    check("confd/9", "passing"),
    check("confd/12", "warning", "starting"),
    check("ios/0x7200000000000001:0xc", "critical", "gone"),
    check("hare-rc/hare-rc", "passing"),
  ],
  leader: entry("leader", "n1", "some-session"),
  session: { node: "n1" },
  configuration: [
    ...service(6, "ha rms", "10.0.0.1@tcp:12345:34:101"),
    ...service(9, "rms confd", "10.0.0.1@tcp:12345:44:101"),
    ...service(12, "rms confd ios", "10.0.0.1@tcp:12345:44:102"),
    ...service(20, "rms", "10.0.0.1@tcp:12345:41:301"),
  ],
  states: [
    entry("processes/0x7200000000000001:0x9", '{"state": "M0_CONF_HA_PROCESS_STARTED"}'),
    entry(
      "processes/0x7200000000000001:0x96",
      formatProcessState({ state: "STOPPED", type: "M0D", pid: 1, generation: 1 }),
    ),
  ],
  pools: null,
};

function entry(key: string, value: string, session: string | null = null): KvEntry {
  return { key, value, session, flags: 0, lockIndex: 0, createIndex: 1, modifyIndex: 1 };
}

function service(fidk: number, types: string, ep: string): readonly KvEntry[] {
  const prefix = `node/n1/service/${fidk}`;
  return [entry(`${prefix}/types`, types), entry(`${prefix}/ep`, ep)];
}

/** @param what a node's check, or a service's name and id */
function check(what: string, status: HealthCheck["status"], output = "", node = "n1"): HealthCheck {
  const [serviceName = "", serviceId] = what.split("/");
  return {
    node,
    checkId: serviceId === undefined ? what : `service:${serviceId}`,
    name: "",
    status,
    notes: "",
    output,
    serviceId: serviceId ?? "",
    serviceName: serviceId === undefined ? "" : serviceName,
    modifyIndex: 1,
  };
}

function member(name: string, status: MemberStatus): Member {
  return { name, status, address: "10.0.0.1", port: 8301, server: true, tags: {} };
}

Deno.test("worldOf() gives each process its state and the checks of its services", () => {
  const world = worldOf(ANSWERS);
  assertEquals(
    world.processes.map(({ fid, role, record, checks }) => [
      Number(fid.key),
      role,
      record?.state ?? null,
      ...checks.map((one) => `${one.service} ${one.status} ${one.output}`.trim()),
    ]),
    [
      [6, "hax", null, "hax passing"],
      [9, "confd", "STARTED", "confd passing"],
      [12, "confd", null, "confd warning starting", "ios critical gone"],
      [20, "client", null],
    ],
  );
  assertEquals(world.consul.servers, [{ node: "n1", leads: true, votes: true }]);
  assertEquals(world.rc, { leader: "n1", sessionOk: true, keySays: null, running: ["n1"] });
  assertEquals(world.nodes, [{ name: "n1", presence: "alive", troubles: [] }]);
  assertEquals([world.pools, world.unreadable], [null, []]);
});

Deno.test("worldOf() misses what another node has, and what is not registered", () => {
  const checks = [check("confd/9", "passing", "", "n2"), check("ios/9", "passing")];
  const { processes, rc } = worldOf({ ...ANSWERS, checks });
  assertEquals(processes.map((one) => one.checks[0]?.status), [
    "absent",
    "absent",
    "absent",
    undefined,
  ]);
  assertEquals(rc.running, []);
});

Deno.test("worldOf() knows alive, failed and absent nodes, of Consul and of the configuration", () => {
  const catalog = ["n10", "n2"].map((name) => ({ name }));
  const checks = [
    check("serfHealth", "passing", "", "n10"),
    check("serfHealth", "critical", "", "n2"),
    check("hare-rc/hare-rc", "passing", "", "n10"),
    check("hare-rc/hare-rc", "passing", "", "n2"),
  ];
  const { nodes, rc } = worldOf({ ...ANSWERS, catalog, checks });
  assertEquals(nodes, [
    { name: "n1", presence: "absent", troubles: [] },
    { name: "n2", presence: "failed", troubles: [] },
    { name: "n10", presence: "alive", troubles: [] },
  ]);
  assertEquals(rc.running, ["n10"], "what a failed node said last is not counted");
});

Deno.test("worldOf() listens to the agent's gossip where Consul has no leader", () => {
  const servers: RaftServer[] = ANSWERS.servers.map((server) => ({ ...server, leader: false }));
  const members = [member("n1", "failed")];
  const world = worldOf({ ...ANSWERS, hasLeader: false, servers, members });
  assertEquals(world.nodes, [{ name: "n1", presence: "failed", troubles: [] }]);
});

Deno.test("worldOf() sees maintenance mode and other checks of a node, and all of a service", () => {
  const node = (checkId: string, name: string, notes: string, output = "") => ({
    ...check(checkId, "critical", output),
    name,
    notes,
  });
  const { nodes, processes } = worldOf({
    ...ANSWERS,
    checks: [
      ...ANSWERS.checks,
      node("_node_maintenance", "Node Maintenance Mode", "disks are replaced"),
      node("disk", "disk space", "", "full"),
      {
        ...check("confd/9", "critical"),
        checkId: "_service_maintenance:9",
        notes: "by hand",
      },
    ],
  });
  assertEquals(nodes[0]?.troubles, [
    "is in Consul's maintenance mode (disks are replaced)",
    "has a check that is critical: disk space (full)",
  ]);
  assertEquals(processes[1]?.checks, [
    { service: "confd", status: "critical", output: "in Consul's maintenance mode (by hand)" },
  ]);
});

Deno.test("worldOf() goes by the session that holds the lock, and notes another value", () => {
  const { rc } = worldOf({ ...ANSWERS, leader: entry("leader", "n9", "some-session") });
  assertEquals([rc.leader, rc.sessionOk, rc.keySays], ["n1", true, "n9"]);
  const ended = worldOf({ ...ANSWERS, session: null }).rc;
  assertEquals([ended.leader, ended.sessionOk, ended.keySays], ["n1", false, null]);
});

Deno.test("worldOf() knows no RC leader without a session", () => {
  assertEquals(worldOf({ ...ANSWERS, leader: null }).rc.leader, null);
  assertEquals(worldOf({ ...ANSWERS, leader: entry("leader", "n1") }).rc.leader, null);
});

Deno.test("worldOf() reads the pools", () => {
  const pool = {
    fid: makeFid("pool", 52),
    name: "tier1",
    data: 1,
    parity: 0,
    spare: 0,
    tolerance: [0, 0, 0, 0, 0] as const,
    drives: new Map([[12, 4]]),
  };
  const pools = entry("hare/pools", formatPools([pool]));
  assertEquals(worldOf({ ...ANSWERS, pools }).pools, [pool]);
});

Deno.test("worldOf() notes values that make no sense, each with its key", () => {
  const { processes, pools, unreadable } = worldOf({
    ...ANSWERS,
    states: [entry("processes/0x7200000000000001:0x9", "STARTED")],
    pools: entry("hare/pools", "{}"),
  });
  assertEquals([processes[1]?.record, pools], [null, null]);
  assertEquals(unreadable.length, 2);
  assertEquals(
    unreadable[0],
    'key processes/0x7200000000000001:0x9 has value "STARTED": no JSON',
  );
  assertEquals(unreadable[1]?.startsWith('key hare/pools has value "{}": '), true);
});

Deno.test("worldOf() notes a process of the configuration that makes no sense, and shows the others", () => {
  const junk = entry("node/n9/service/99/types", "rms confd");
  const configuration = [...ANSWERS.configuration, junk];
  const { processes, unreadable } = worldOf({ ...ANSWERS, configuration });
  assertEquals(processes, worldOf(ANSWERS).processes);
  assertEquals(unreadable[0]?.startsWith("key node/n9/service/99/ep has value"), true);
});

Deno.test("worldOf() ignores case in the names of nodes, as Consul does", () => {
  assertEquals(
    worldOf({
      ...ANSWERS,
      members: ANSWERS.members.map((one) => ({ ...one, name: "N1" })),
      servers: ANSWERS.servers.map((one) => ({ ...one, node: "N1" })),
      catalog: [{ name: "N1" }],
      checks: ANSWERS.checks.map((one) => ({ ...one, node: "N1" })),
      leader: entry("leader", "N1", "some-session"),
    }),
    worldOf(ANSWERS),
  );
});
