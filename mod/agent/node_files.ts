/**
 * The files of a node that follow from the cluster's configuration: the services for its Consul
 * agent, and a file for each of its Mero servers.
 *
 * @module
 */

import type { Target } from "../../cfgen/mod.ts";
import { CONSUL_CONFIG_DIRECTORY } from "../host/places.ts";
import { formatFid } from "../lib/fid.ts";
import { type ProcessParams, renderProcessFile } from "./process_file.ts";
import { type HaxAddress, type NodeProcess, renderServices } from "./services.ts";

/** A file as it is to be on a node. */
export interface NodeFile {
  readonly path: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
}

/** The agent's file of services. */
export const SERVICES_FILE: string = `${CONSUL_CONFIG_DIRECTORY}/services.json`;

/** The file with the services of a node's processes. */
export function servicesFile(processes: readonly NodeProcess[], hax: HaxAddress): NodeFile {
  return { path: SERVICES_FILE, content: renderServices(processes, hax), mode: 0o640 };
}

/** What per-process files say of their node. */
export interface NodePlace {
  readonly nodeUuid: string;
  /** Where a program finds what has this path on a host of its own. {@default the path itself} */
  readonly programPath?: (path: string) => string;
}

/**
 * The per-process files of a node's servers; there is none where the node has no hax that they
 * could report to.
 *
 * @param processes all processes of the node
 */
export function processFiles(
  processes: readonly NodeProcess[],
  target: Target,
  { nodeUuid, programPath = (path) => path }: NodePlace,
): readonly NodeFile[] {
  const hax = processes.find(({ types }) => types.includes("ha"));
  if (hax === undefined) return [];
  return processes
    .filter(({ types }) => types.includes("confd") || types.includes("ios"))
    .map(({ fid, endpoint, types }) => {
      const text = formatFid(fid);
      const params: ProcessParams = {
        M0D_EP: endpoint,
        HA_EP: hax.endpoint,
        PROCESS_FID: text,
        ...(types.includes("confd") ? { CONF_XC: programPath(target.confdFile) } : {}),
        ...(target.processFileHasPlace
          ? { M0D_DATA_DIR: programPath(target.dataDirectory), NODE_UUID: nodeUuid }
          : {}),
      };
      return {
        path: target.processFile(text),
        content: renderProcessFile(target.variablePrefix, params),
        mode: 0o644,
      };
    });
}
