/**
 * The CDF enriched with facts (`hare cfgen --debug`): what the configuration would be made from.
 *
 * @module
 */

import { stringify } from "yaml";
import type { CdfDocument } from "./cdf/document.ts";
import { disksFor, type Facts, factsAbout } from "./facts.ts";

/** The description with the facts of each host, and each server's disks in place, as YAML. */
export function debugText({ cdf }: CdfDocument, facts: Facts): string {
  const hosts = cdf?.hosts.map((host) => {
    const found = factsAbout(host.name, facts);
    const m0_servers = host.m0_servers?.map((server) => {
      const glob = server.io_disks?.path_glob;
      if (glob === undefined) return server;
      const disks = found === undefined ? [] : disksFor(glob, found);
      return { ...server, io_disks: { path_glob: glob, disks } };
    });
    return { ...host, facts: found?.facts ?? null, m0_servers: m0_servers ?? [] };
  });
  return stringify({ ...cdf, hosts }, {
    aliasDuplicateObjects: false,
    // Each value stays on its line, whatever it holds.
    blockQuote: false,
    lineWidth: 0,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
}
