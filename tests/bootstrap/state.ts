/**
 * All of a cluster that an operation could change: to be compared before and after.
 *
 * @module
 */

import * as z from "zod";
import { HISTORY_PREFIX, RC_REPORT } from "../../mod/kv/keys.ts";
import { jsonText } from "../../mod/lib/json_text.ts";
import type { TestHost } from "../hosts/mod.ts";
import { snapshot } from "../install/machine.ts";
import { unitsOn } from "./cluster.ts";

/** Where daemons that run write all the time, and sshd's logins. */
const LIVELY = /^(\/var\/lib\/hare\/(consul|hax)\/|\/var\/log\/)/;

// The sums of all files that bring-up writes, and of what Mero has.
const SUMS = `
find /etc /var/lib/hare /var/mero -xdev -type f ! -path '/var/lib/hare/consul/*' ! -path '/var/lib/hare/hax/*' \
  -exec sha256sum {} +
`;

const kvSchema = jsonText(z.array(z.object({ key: z.string(), value: z.string() })));

/** Files with their sums, users, units with their processes, and the KV. */
export async function stateOf(hosts: readonly TestHost[]): Promise<Record<string, unknown>> {
  const units = await unitsOn(hosts);
  const states = hosts.map(async (host) => {
    const files = (await snapshot(host)).filter((line) => !LIVELY.test(line));
    const [sums, kv] = [await sumsOn(host), await kvOn(host)];
    return [host.name, { units: units[host.name], files, sums, kv }] as const;
  });
  return Object.fromEntries(await Promise.all(states));
}

/** The files of a host that bring-up and Mero write, with their sums. */
export async function sumsOn(host: TestHost): Promise<readonly string[]> {
  return (await host.output(["sh", "-c", SUMS])).split("\n").toSorted();
}

/** The KV as a host's agent knows it, without what the RC itself goes on to write. */
async function kvOn(host: TestHost): Promise<readonly string[]> {
  const { code, stdout } = await host.run(["consul", "kv", "export"]);
  if (code !== 0) return ["Consul does not run"];
  return kvSchema.parse(stdout)
    .filter(({ key }) => key !== RC_REPORT && !key.startsWith(HISTORY_PREFIX))
    .map(({ key, value }) => `${key}: ${value}`);
}
