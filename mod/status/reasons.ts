/**
 * What is wrong, in words: one line each.
 *
 * @module
 */

import { NO_LINK } from "../agent/services.ts";
import { formatFid } from "../lib/fid.ts";
import type { PoolLoss } from "./pool_loss.ts";
import { nodeTroubles, type Tallies } from "./tallies.ts";
import { type ProcessView, titleOf, type World } from "./world.ts";

/** Things without which nothing is served. */
export function whatIsDown(world: World, tallies: Tallies): readonly string[] {
  const { consul, rc, processes } = world;
  const reasons = consul.hasLeader
    ? []
    : ["Consul has no leader: what follows is what one of its servers knew last"];
  if (processes.length === 0) {
    return [...reasons, "no cluster is described in Consul's KV: `hare bootstrap` has not run"];
  }
  if (rc.leader === null) {
    const running = rc.running.length === 0 ? "runs nowhere" : `runs on ${list(rc.running)}`;
    reasons.push(`no RC leader is elected; hare-rc ${running}`);
  } else if (!rc.sessionOk) {
    reasons.push(`the session of RC leader ${rc.leader} has ended`);
  }
  const { confds, ios, quorum, pools } = tallies;
  if (confds.serving < quorum) {
    reasons.push(`only ${confds.serving} of ${confds.all} confds serve; quorum is ${quorum}`);
  }
  if (ios.all > 0 && ios.serving === 0) reasons.push(`none of ${ios.all} ios serves`);
  for (const loss of pools) {
    if (loss.left === null) {
      reasons.push(`pool ${loss.pool.name} has lost ${lostOf(loss)}: more than it bears`);
    }
  }
  return reasons;
}

/** Things that have failed while the rest serves. */
export function whatHasFailed(world: World, tallies: Tallies): readonly string[] {
  const alive = new Set(
    world.nodes.filter(({ presence }) => presence === "alive").map(({ name }) => name),
  );
  return [
    ...nodesFailed(world),
    ...nodesTroubled(world),
    ...serversFailed(world, alive),
    ...processesFailed(world, tallies, alive),
    ...processesUnlinked(world, alive),
    ...rcsMissing(world, alive),
    ...leaderMisnamed(world),
    ...poolsHit(tallies),
    ...world.unreadable,
  ];
}

function nodesFailed({ nodes, processes }: World): readonly string[] {
  return nodes.filter(({ presence }) => presence !== "alive").map(({ name, presence }) => {
    const here = processes.filter(({ node, role }) => node === name && role !== "client");
    const alongWith = here.length === 0 ? "" : `, and with it ${countTitles(here)}`;
    return presence === "failed"
      ? `node ${name} has failed${alongWith}`
      : `node ${name} is not known to Consul (dropped as dead, or never joined)${alongWith}`;
  });
}

function nodesTroubled({ nodes, processes }: World): readonly string[] {
  return nodes.filter(({ presence }) => presence === "alive").flatMap(({ name, troubles }) => {
    const here = processes.filter(({ node, role }) => node === name && role !== "client");
    const effect = here.length === 0 ? "" : `: ${countTitles(here)} there count as offline`;
    return troubles.map((trouble) => `node ${name} ${trouble}${effect}`);
  });
}

/** `hax, confd and 2 ios` */
export function countTitles(processes: readonly ProcessView[]): string {
  const counts = new Map<string, number>();
  for (const title of processes.map(titleOf)) counts.set(title, (counts.get(title) ?? 0) + 1);
  return list([...counts].map(([title, count]) => count === 1 ? title : `${count} ${title}`));
}

function serversFailed({ consul }: World, alive: ReadonlySet<string>): readonly string[] {
  return consul.servers
    .filter(({ node, votes }) => alive.has(node) && !votes)
    .map(({ node }) => `Consul server ${node} has no vote yet`);
}

/**
 * Failed processes on live nodes. If only the node has a problem, its line covers its processes.
 */
function processesFailed(
  { nodes }: World,
  { idle }: Tallies,
  alive: ReadonlySet<string>,
): readonly string[] {
  const told = new Map(nodes.map((node) => [node.name, nodeTroubles(node).join("; ")]));
  return [...idle]
    .filter(([{ node }, why]) => alive.has(node) && why !== told.get(node))
    .map(([process, why]) =>
      `${titleOf(process)} ${formatFid(process.fid)} on ${process.node}: ${why}`
    );
}

/** They serve, and hear of no failure: a server of Mero looks for a link when it needs one to speak. */
function processesUnlinked({ processes }: World, alive: ReadonlySet<string>): readonly string[] {
  return processes
    .filter(({ node, checks }) =>
      alive.has(node) &&
      checks.some(({ status, output }) => status === "passing" && output.endsWith(NO_LINK))
    )
    .map((process) =>
      `${titleOf(process)} ${formatFid(process.fid)} on ${process.node}: ${NO_LINK}: it hears of ` +
      "no failure until it has something to say, or is started again"
    );
}

/** Every server node should have an instance that can take over. */
function rcsMissing({ processes, rc }: World, alive: ReadonlySet<string>): readonly string[] {
  const servers = new Set(
    processes.filter(({ types }) => types.includes("confd")).map(({ node }) => node),
  );
  return [...servers]
    .filter((node) => alive.has(node) && !rc.running.includes(node))
    .map((node) => `hare-rc does not run on ${node}`);
}

/** Readers go by the lock; others may not. */
function leaderMisnamed({ rc }: World): readonly string[] {
  return rc.keySays === null ? [] : [
    `key leader says ${JSON.stringify(rc.keySays)}, and ${rc.leader} holds its lock: ` +
    "hare-rc there should have set that right",
  ];
}

function poolsHit({ pools }: Tallies): readonly string[] {
  return pools.filter(({ drivesLost, left }) => drivesLost > 0 && left !== null).map((loss) =>
    `pool ${loss.pool.name} has lost ${lostOf(loss)}; it ${leftOf(loss)}`
  );
}

/** `4 of 12 drives, on 1 of 3 controllers` */
function lostOf({ drives, drivesLost, controllers, controllersHit }: PoolLoss): string {
  return `${drivesLost} of ${drives} drives, on ${controllersHit} of ${controllers} controllers`;
}

/** What may fail besides: `may lose 1 controller or 2 drives more`. */
export function leftOf({ left }: PoolLoss): string {
  if (left === null) return "has lost more than it bears";
  if (left.drives === 0) return "may lose nothing more";
  const controllers = left.controllers === 0 ? "" : `${plural(left.controllers, "controller")} or `;
  return `may lose ${controllers}${plural(left.drives, "drive")} more`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** `a, b and c` */
export function list(items: readonly string[]): string {
  return items.length < 2
    ? items.join()
    : `${items.slice(0, -1).join(", ")} and ${items.slice(-1).join()}`;
}
