/**
 * The CDF enriched with facts (`hare cfgen --debug`): what the configuration would be made from.
 *
 * @module
 */

import { stringify } from "yaml";
import type { CdfDocument } from "./cdf/document.ts";
import type { Facts } from "./facts.ts";

/** The description with the facts of each host, and each server's disks in place, as YAML. */
export function debugText({ cdf }: CdfDocument, facts: Facts): string {
  const hosts = cdf?.hosts.map((host) => {
    const found = Object.hasOwn(facts.hosts, host.name) ? facts.hosts[host.name] : undefined;
    const m0_servers = host.m0_servers?.map((server) => {
      const glob = server.io_disks?.path_glob;
      if (glob === undefined) return server;
      return { ...server, io_disks: { path_glob: glob, disks: found?.disks[glob] ?? [] } };
    });
    return { ...host, facts: found?.facts ?? null, m0_servers: m0_servers ?? [] };
  });
  return stringify({ ...cdf, hosts }, { aliasDuplicateObjects: false });
}
