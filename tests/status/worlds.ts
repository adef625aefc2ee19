/**
 * Clusters for tests of `hare status`: a healthy one, and what may befall it.
 *
 * @module
 */

import type { CheckView, NodeView, ProcessView, World } from "../../mod/status/world.ts";
import type { Role } from "../../mod/kv/cluster.ts";
import type { ProcessState } from "../../mod/kv/process_state.ts";
import { makeFid } from "../../mod/lib/fid.ts";

const TYPES: Readonly<Record<Role, readonly string[]>> = {
  hax: ["ha", "rms"],
  confd: ["rms", "confd"],
  ios: ["rms", "ios", "sns_rep", "sns_reb", "addb2", "cas", "iscs"],
  client: ["rms"],
};

const PORTALS: Readonly<Record<Role, string>> = {
  hax: "34:101",
  confd: "44:101",
  ios: "41:401",
  client: "41:301",
};

/**
 * A healthy cluster of `nodes` nodes named ssc-vm1, …, each with hax (keys 16, 32, …), a confd (+ 1)
 * on the first three, an ios (+ 2) with four drives, and a client (+ 3); one pool, 2 + 1.
 */
export function healthy(nodes = 3): World {
  const names = Array.from({ length: nodes }, (_, i) => `ssc-vm${i + 1}`);
  const servers = names.slice(0, 3);
  return {
    consul: {
      address: "http://127.0.0.1:8500",
      hasLeader: true,
      servers: servers.map((node, i) => ({ node, leads: i === 0, votes: true })),
    },
    rc: { leader: "ssc-vm1", sessionOk: true, keySays: null, running: servers },
    nodes: names.map((name) => ({ name, presence: "alive", troubles: [] })),
    processes: names.flatMap((name, i) => [
      processOf(name, i, "hax", 0),
      ...(i < 3 ? [processOf(name, i, "confd", 1)] : []),
      processOf(name, i, "ios", 2),
      processOf(name, i, "client", 3),
    ]),
    pools: [{
      fid: makeFid("pool", 400),
      name: "tier1",
      data: 2,
      parity: 1,
      spare: 0,
      tolerance: [0, 0, 0, 1, 1],
      drives: new Map(names.map((_, i) => [16 * (i + 1) + 2, 4])),
    }],
    unreadable: [],
  };
}

function processOf(node: string, i: number, role: Role, offset: number): ProcessView {
  const started = role === "confd" || role === "ios";
  return {
    node,
    fid: makeFid("process", 16 * (i + 1) + offset),
    role,
    types: TYPES[role],
    endpoint: `192.168.180.16${i + 1}@tcp:12345:${PORTALS[role]}`,
    record: started ? { state: "STARTED", type: "M0D", pid: 700 + i, generation: 1 } : null,
    checks: role === "client" ? [] : [{ service: role, status: "passing", output: "" }],
  };
}

/** `world` with its node gone in this way; the last that Consul heard of its processes remains. */
export function withNode(world: World, name: string, presence: NodeView["presence"]): World {
  return {
    ...world,
    rc: { ...world.rc, running: world.rc.running.filter((node) => node !== name) },
    nodes: world.nodes.map((node) => node.name === name ? { ...node, presence } : node),
  };
}

/** `world` with one process, named by its fid key, changed. */
export function withProcess(world: World, key: number, changes: Partial<ProcessView>): World {
  return {
    ...world,
    processes: world.processes.map((process) =>
      Number(process.fid.key) === key ? { ...process, ...changes } : process
    ),
  };
}

/** What becomes of a process that ended. */
export function ended(service: string, state: ProcessState = "STARTED"): Partial<ProcessView> {
  return {
    record: { state, type: "M0D", pid: 4711, generation: 2 },
    checks: [critical(service, "m0d with pid 4711 is gone, and did not say that it stopped")],
  };
}

/** A check of hax's about a process, as Consul keeps it. */
export function critical(service: string, why: string): CheckView {
  return {
    service,
    status: "critical",
    output: why,
  };
}
