/**
 * Who this hax is: the process that Consul's catalog has as service `hax` on this node.
 *
 * @module
 */

import { isSameNode } from "../lib/node_name.ts";
import type { Consul } from "../consul/mod.ts";
import { type Layout, readLayout } from "../kv/cluster.ts";
import { IMPORTED } from "../kv/keys.ts";
import { type Fid, formatFid, makeFid } from "../lib/fid.ts";
import type { PatientAnswer } from "./ask_patiently.ts";
import { processOfServiceId } from "./service_id.ts";

/** The fids of a hax. */
export interface Identity {
  /** Name of its node in Consul. */
  readonly node: string;
  /** The process. */
  readonly process: Fid;
  /** Its HA service. */
  readonly ha: Fid;
  /** Its RM service. */
  readonly rm: Fid;
}

/** Who this hax is, in which cluster. */
export interface Surroundings {
  readonly identity: Identity;
  readonly layout: Layout;
}

/** The name under which every hax is registered. */
export const HAX_SERVICE = "hax";

/** The identity of the hax on `node` whose service has this ID. */
export function identityOf(node: string, serviceId: string): Identity {
  const process = processOfServiceId(serviceId);
  return {
    node,
    process,
    ha: makeFid("service", process.key + 1n),
    rm: makeFid("service", process.key + 2n),
  };
}

/**
 * Asks once who this hax is. It can be told when the configuration is imported, and the catalog
 * and the configuration agree on it.
 *
 * @throws {HareError} when Consul cannot be asked, or the service's ID is no process fid
 */
export async function askSurroundings(
  consul: Consul,
  signal: AbortSignal,
): Promise<PatientAnswer<Surroundings>> {
  if (await consul.kv.get(IMPORTED, { signal }) === null) {
    return { ready: false, why: `key ${IMPORTED} is not in Consul's KV yet` };
  }
  const { nodeName } = await consul.agent.self({ signal });
  const found = await consul.catalog.nodeServices(nodeName, { signal });
  const service = found?.services.find(({ name }) => name === HAX_SERVICE);
  if (service === undefined) {
    return {
      ready: false,
      why: `node ${nodeName} has no service ${HAX_SERVICE} in the catalog yet`,
    };
  }
  const layout = await readLayout(consul, { signal });
  const fid = formatFid(processOfServiceId(service.id));
  const own = layout.processes.find((process) =>
    isSameNode(process.node, nodeName) && formatFid(process.fid) === fid
  );
  if (own === undefined) {
    return { ready: false, why: `the configuration has no process ${fid} on node ${nodeName}` };
  }
  // From here on the node's name is spelled as in the configuration.
  return { ready: true, value: { identity: identityOf(own.node, service.id), layout } };
}
