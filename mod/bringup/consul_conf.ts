/**
 * `hare consul-conf`: the files of this node that follow from the configuration in KV are put, and
 * its Consul agent reads its own anew.
 *
 * @module
 */

import { isSameNode } from "../lib/node_name.ts";
import * as z from "zod";
import type { Target } from "../../cfgen/mod.ts";
import { type NodeFile, processFiles, SERVICES_FILE, servicesFile } from "../agent/node_files.ts";
import type { HaxAddress } from "../agent/services.ts";
import type { Consul } from "../consul/mod.ts";
import type { HostCallOptions, HostView } from "../host/host.ts";
import { readLayout } from "../kv/cluster.ts";
import { IMPORTED } from "../kv/keys.ts";
import { HareError } from "../lib/errors.ts";
import { jsonText } from "../lib/json_text.ts";
import { uuidOf } from "../lib/uuid.ts";
import type { Gate } from "./gate.ts";
import type { GatedHost } from "./gated_host.ts";
import { putConsulConfig } from "./phases/consul.ts";

/** Where the configuration is, and what it is for. */
export interface NodeFilesSource {
  /** A client of this node's agent. */
  readonly consul: Consul;
  readonly target: Target;
  readonly hax: HaxAddress;
}

/** A file, and what is there now. */
export interface NodeFileChange extends NodeFile {
  /** `null` where there is no such file. */
  readonly before: string | null;
}

/**
 * The files of this node as the configuration in KV has them.
 *
 * @throws {HareError} when there is no configuration, or none for this node
 */
export async function nodeFilesInKv(
  { consul, target, hax }: NodeFilesSource,
  { signal }: HostCallOptions,
): Promise<readonly NodeFile[]> {
  const { nodeName } = await consul.agent.self({ signal });
  if (await consul.kv.get(IMPORTED, { signal }) === null) {
    throw new HareError("there is no configuration in Consul's KV", {
      hint: "import it with `hare bootstrap --phase import CDF` on a server node",
    });
  }
  const layout = await readLayout(consul, { signal });
  // With an incomplete configuration the agent would lose services.
  const fault = layout.unreadable?.find(({ node }) => isSameNode(node, nodeName));
  if (fault !== undefined) throw fault.error;
  const processes = layout.processes.filter(({ node }) => isSameNode(node, nodeName));
  if (processes.length === 0) {
    const nodes = [...new Set(layout.processes.map(({ node }) => node))];
    throw new HareError(`the configuration has no process on this node, ${nodeName}`, {
      hint: `its nodes are ${nodes.join(", ")}`,
    });
  }
  const place = { nodeUuid: await uuidOf(nodeName) };
  return [servicesFile(processes, hax), ...processFiles(processes, target, place)];
}

/** Whether the agent has read the file: it may have been put, and nobody came to have it read. */
async function knows(file: NodeFile, consul: Consul, options: HostCallOptions): Promise<boolean> {
  const known = new Set((await consul.agent.services(options)).map(({ id }) => id));
  const { services } = servicesSchema.parse(file.content);
  return services.every(({ id }) => known.has(id));
}

const servicesSchema = jsonText(z.object({ services: z.array(z.object({ id: z.string() })) }));

/** Those of `files` that are not there as they are to be. */
export async function changesOf(
  files: readonly NodeFile[],
  host: Pick<HostView, "readFile">,
  options: HostCallOptions,
): Promise<readonly NodeFileChange[]> {
  const read = files.map(async (file) => ({
    ...file,
    before: await host.readFile(file.path, options),
  }));
  return (await Promise.all(read)).filter(({ content, before }) => content !== before);
}

/**
 * Puts the files; Consul reads its own before its agent does.
 *
 * @throws {HareError} when Consul refuses it, or something cannot be written
 */
export async function putNodeFiles(
  files: readonly NodeFile[],
  host: GatedHost,
  { consul }: NodeFilesSource,
  gate: Gate,
  options: HostCallOptions,
): Promise<void> {
  for (const file of files) {
    if (file.path !== SERVICES_FILE) {
      await host.putFile(file, options);
      continue;
    }
    const isChanged = await putConsulConfig({ consulProgram: "consul" }, host, file, options);
    if (!isChanged && await knows(file, consul, options)) continue;
    const change = { where: host.name, what: "reload the Consul agent" };
    await gate.change(change, () => consul.agent.reload(options));
  }
}
