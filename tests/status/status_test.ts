/**
 * `hare status` against real Consul agents, in which a cluster's services are registered.
 *
 * @module
 */

import { runProgram } from "../../mod/cli/program.ts";
import { Consul } from "../../mod/consul/mod.ts";
import { noticesOf } from "../../mod/hax/watch_service.ts";
import { LEADER, processKey, serviceKey } from "../../mod/kv/keys.ts";
import { formatPools, POOLS } from "../../mod/kv/pools.ts";
import { formatProcessState } from "../../mod/kv/process_state.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import type { StatusJson } from "../../mod/status/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { type ConsulAgent, startCluster, startConsul } from "../lib/consul.ts";
import { fakeWorld } from "../lib/world.ts";

/** The lines and the exit status of `hare status`. */
async function status(consul: Consul): Promise<{ code: number; lines: readonly string[] }> {
  const terminal = {
    isTerminal: false,
    colours: false,
    showsStatus: false,
    columns: 200,
    statusColumns: 80,
  };
  const world = fakeWorld({ consul: () => consul, terminal });
  const code = await runProgram(["status"], world);
  assertEquals(world.err(), "");
  return { code, lines: world.out().trimEnd().split("\n") };
}

/** Waits until status looks as wanted: Consul learns some things a moment later. */
async function statusBecomes(
  consul: Consul,
  code: number,
  line: string | RegExp,
): Promise<readonly string[]> {
  return await waitFor(`exit ${code} and ${line}`, async () => {
    const seen = await status(consul);
    const found = seen.lines.some((one) =>
      typeof line === "string" ? one === line : line.test(one)
    );
    return seen.code === code && found
      ? { ready: true, value: seen.lines }
      : { ready: false, why: `exit ${seen.code}:\n${seen.lines.join("\n")}` };
  }, { limitMs: 30_000 });
}

/** A process with its service, whose check is ours to pass and fail. */
async function addProcess(
  { consul, node, address }: ConsulAgent,
  fidk: number,
  types: string,
  name: "hax" | "confd" | "ios",
): Promise<void> {
  await consul.kv.put(serviceKey(node, fidk, "types"), types);
  await consul.kv.put(serviceKey(node, fidk, "ep"), `${address}@tcp:12345:44:${fidk}`);
  if (name !== "hax") {
    const record = { state: "STARTED", type: "M0D", pid: 1, generation: 1 } as const;
    await consul.kv.put(processKey(makeFid("process", fidk)), formatProcessState(record));
  }
  await register(consul, String(fidk), name);
}

async function register(consul: Consul, id: string, name: string): Promise<void> {
  const checks = [{ ttl: "10m", status: "passing" as const }];
  await consul.agent.registerService({ id, name, checks });
}

/** hax, confd and ios on one agent, with fid keys `first`, + 1, + 2, and an instance of the RC. */
async function addNode(agent: ConsulAgent, first: number): Promise<void> {
  await addProcess(agent, first, "ha rms", "hax");
  await addProcess(agent, first + 1, "rms confd", "confd");
  await addProcess(agent, first + 2, "rms ios cas", "ios");
  await register(agent.consul, "hare-rc", "hare-rc");
}

/** Makes the agent's node the RC leader. */
async function lead({ consul, node }: ConsulAgent): Promise<string> {
  return await waitFor("the lock", async (signal) => {
    const session = await consul.session.create({
      name: "hare-rc",
      lockDelay: "0s",
      nodeChecks: ["serfHealth"],
      serviceChecks: ["service:hare-rc"],
    }, { signal });
    return await consul.kv.acquire(LEADER, node, session, { signal })
      ? { ready: true, value: session }
      : { ready: false, why: "it is taken" };
  }, { limitMs: 30_000 });
}

const MAINTENANCE = [
  [
    "maintenance",
    "  ! node n1 is in Consul's maintenance mode (disks): hax, confd and ios there count as offline",
  ],
  [
    "service/maintenance/8",
    "  ! ios 0x7200000000000001:0x8 on n1: check of ios critical (in Consul's maintenance mode (disks))",
  ],
] as const;

async function setMaintenance(
  { address }: ConsulAgent,
  what: string,
  enable: boolean,
): Promise<void> {
  const url = `http://${address}:8500/v1/agent/${what}?enable=${enable}&reason=disks`;
  const response = await fetch(url, { method: "PUT" });
  assertEquals([response.status, await response.text()], [200, ""]);
}

async function addPool(consul: Consul, processes: readonly number[]): Promise<void> {
  await consul.kv.put(
    POOLS,
    formatPools([{
      fid: makeFid("pool", 99),
      name: "tier1",
      data: 2,
      parity: 1,
      spare: 0,
      tolerance: [0, 0, 0, 1, 1],
      drives: new Map(processes.map((fidk) => [fidk, 2])),
    }]),
  );
}

Deno.test("hare status on one node: from nothing to healthy, degraded, down", async () => {
  await using agent = await startConsul({ address: "127.81.1.1", node: "n1" });
  const { consul } = agent;

  const empty = await status(consul);
  assertEquals([empty.code, empty.lines[0]], [2, "DOWN"]);
  assertEquals(
    empty.lines[1],
    "  x no cluster is described in Consul's KV: `hare bootstrap` has not run",
  );

  await addNode(agent, 6);
  await statusBecomes(consul, 2, "  x no RC leader is elected; hare-rc runs on n1");
  const session = await lead(agent);
  assertEquals(await statusBecomes(consul, 0, "HEALTHY"), [
    "HEALTHY",
    "",
    "Consul  1 server, n1 leads; none more may fail",
    "RC      n1 leads, its session is good; none stands by",
    "confds  1 serves; quorum is 1",
    "ios     1 serves",
    "",
    "n1  alive  Consul leader, RC leader",
    "  hax    0x7200000000000001:0x6  -        passing  127.81.1.1@tcp:12345:44:6",
    "  confd  0x7200000000000001:0x7  started  passing  127.81.1.1@tcp:12345:44:7",
    "  ios    0x7200000000000001:0x8  started  passing  127.81.1.1@tcp:12345:44:8",
  ]);

  const world = fakeWorld({ consul: () => consul });
  assertEquals(await runProgram(["status", "--json"], world), 0);
  const json: StatusJson = JSON.parse(world.out());
  assertEquals([json.level, json.reasons, json.cluster?.pools], ["healthy", [], []]);
  assertEquals(json.cluster?.rc, { leader: "n1", sessionOk: true, keySays: null, running: ["n1"] });
  assertEquals(json.cluster?.processes[1], {
    node: "n1",
    fid: "0x7200000000000001:0x7",
    role: "confd",
    types: ["rms", "confd"],
    endpoint: "127.81.1.1@tcp:12345:44:7",
    state: "STARTED",
    type: "M0D",
    pid: 1,
    checks: [{ service: "confd", status: "passing", output: "" }],
    serves: true,
  });

  // What `consul maint` does, of the node and of one service; `hare watch-service` must agree.
  for (const [what, line] of MAINTENANCE) {
    await setMaintenance(agent, what, true);
    await statusBecomes(consul, 2, line);
    const ios = await consul.health.service("ios");
    const offline = [];
    for await (const notices of noticesOf(ReadableStream.from([ios]))) offline.push(...notices);
    assertEquals(offline, [{ fid: "0x7200000000000001:0x8", status: "offline" }]);
    await setMaintenance(agent, what, false);
    await statusBecomes(consul, 0, "HEALTHY");
  }
  await consul.kv.put(LEADER, "n9");
  await statusBecomes(consul, 1, /key leader says "n9", and n1 holds its lock/);
  await consul.kv.put(LEADER, "n1");

  await consul.agent.updateCheck("service:6", "warning", "waits for the leader");
  await statusBecomes(
    consul,
    1,
    "  ! hax 0x7200000000000001:0x6 on n1: check of hax warning (waits for the leader)",
  );
  await consul.agent.updateCheck("service:6", "passing", "");
  await consul.kv.put(POOLS, "gibberish");
  await statusBecomes(consul, 1, '  ! key hare/pools has value "gibberish": no JSON');
  await consul.agent.updateCheck("service:7", "critical", "m0d with pid 1 has stopped");
  await statusBecomes(consul, 2, "  x only 0 of 1 confds serve; quorum is 1");
  await consul.session.destroy(session);
  await statusBecomes(consul, 2, "  x no RC leader is elected; hare-rc runs on n1");
});

Deno.test("hare status on three nodes: one dies, another, the last", async () => {
  const addresses = ["127.81.2.1", "127.81.2.2", "127.81.2.3"];
  await using cluster = await startCluster(addresses);
  const [one, two, three] = cluster.agents;
  assert(one !== undefined && two !== undefined && three !== undefined);
  for (const [i, agent] of cluster.agents.entries()) await addNode(agent, 16 * (i + 1));
  await addPool(one.consul, [18, 34, 50]);
  await lead(one);
  const well = await statusBecomes(one.consul, 0, "HEALTHY");
  assert(
    well.includes("pools   tier1: 2+1 on 6 drives; may lose 1 controller or 1 drive more"),
    well.join("\n"),
  );

  await three.kill();
  const hurt = await statusBecomes(
    one.consul,
    1,
    new RegExp(`^  ! node ${three.node} (has failed|is not known to Consul)`),
  );
  assertEquals(hurt[0], "DEGRADED: it serves, but");
  assertStringIncludes(hurt.join(" "), "pool tier1 has lost 2 of 6 drives");
  assertStringIncludes(hurt.join("\n"), "confds  2 of 3 serve; quorum is 2");

  await two.kill();
  const lone = await statusBecomes(one.consul, 2, "  x only 1 of 3 confds serve; quorum is 2");
  assertStringIncludes(lone.join("\n"), "  x Consul has no leader: what follows is what one");
  assertStringIncludes(lone.join("\n"), `${one.node} led last`);

  await one.kill();
  const gone = await status(one.consul);
  assertEquals([gone.code, gone.lines[0]], [2, "DOWN"]);
  assertStringIncludes(
    gone.lines.join("\n"),
    "x Consul cannot be asked: GET http://127.81.2.1:8500/v1/status/leader: ",
  );
});

Deno.test("hare status --json where Consul does not answer", async () => {
  const world = fakeWorld({ consul: () => new Consul({ address: "http://127.81.9.9:1" }) });
  assertEquals(await runProgram(["status", "--json"], world), 2);
  const json: StatusJson = JSON.parse(world.out());
  assertEquals([json.level, json.reasons.length, json.cluster], ["down", 1, undefined]);
});
