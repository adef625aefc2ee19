/**
 * Reading the world: every question to Consul once, all together.
 *
 * @module
 */

import type { Consul, ReadOptions } from "../consul/mod.ts";
import { LEADER, NODE_PREFIX, PROCESSES_PREFIX } from "../kv/keys.ts";
import { POOLS } from "../kv/pools.ts";
import type { World } from "./world.ts";
import { worldOf } from "./world_of.ts";

/**
 * Reads the state of the cluster. Without a Consul leader it is read from whichever server answers.
 *
 * @throws {ConsulError} when Consul cannot be asked
 * @throws {KvValueError} when the configuration in KV makes no sense
 */
export async function readWorld(consul: Consul, signal: AbortSignal): Promise<World> {
  const hasLeader = await consul.status.leader({ signal }) !== null;
  const options: ReadOptions = { signal, stale: !hasLeader };
  const [members, servers, catalog, checks, leader, configuration, states, pools] = await Promise
    .all([
      consul.agent.members({ signal }),
      consul.operator.raftConfiguration(options),
      consul.catalog.nodes(options),
      consul.health.state("any", options),
      consul.kv.get(LEADER, options),
      consul.kv.list(NODE_PREFIX, options),
      consul.kv.list(PROCESSES_PREFIX, options),
      consul.kv.get(POOLS, options),
    ]);
  const session = leader?.session ? await consul.session.info(leader.session, options) : null;
  return worldOf({
    address: consul.address,
    hasLeader,
    members,
    servers,
    catalog,
    checks,
    leader,
    session,
    configuration,
    states,
    pools,
  });
}
