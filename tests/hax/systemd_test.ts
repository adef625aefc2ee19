/**
 * hax on a host with a real systemd, brought up as an administrator does: what becomes of a server's
 * unit is seen in Consul.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { HARE_PROGRAM, HAX_SOCKET, HAX_UNIT } from "../../mod/host/places.ts";
import { processKey } from "../../mod/kv/keys.ts";
import { parseFid } from "../../mod/lib/fid.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import type { ProcessJson } from "../../mod/status/json.ts";
import { bootstrapWell, prepare } from "../bootstrap/cluster.ts";
import { statusOf } from "../bootstrap/wellness.ts";
import type { TestHost } from "../hosts/mod.ts";
import { testOnHosts } from "../hosts/testing.ts";
import { dataDirectory, failFile } from "../hosts/units.ts";
import { assertEquals, assertStringIncludes } from "../lib/assert.ts";

/** The host's process of this role, as its Consul has it. */
async function processOf(host: TestHost, role: string): Promise<ProcessJson> {
  const { cluster } = await statusOf(host);
  const found = cluster?.processes.find((process) => process.role === role);
  if (found === undefined) throw new Error(`there is no ${role}`);
  return found;
}

/** Waits until the record and all checks of a process are so, and returns what a check says. */
async function becomes(
  host: TestHost,
  role: string,
  state: string | null,
  status: string,
): Promise<string> {
  return await waitFor(`the ${role} to be ${status}`, async () => {
    const found = await processOf(host, role);
    assertEquals([found.state, ...found.checks.map((check) => check.status)], [state, status]);
    return { ready: true, value: found.checks[0]?.output ?? "" };
  }, { limitMs: 60_000, intervalMs: 200 });
}

testOnHosts("what becomes of a server's unit is seen in Consul", 1, async (hosts, t) => {
  const host = await prepare(hosts, 1);
  await bootstrapWell(host);
  const confd = await processOf(host, "confd");
  const ios = await processOf(host, "ios");
  const systemctl = (...args: readonly string[]) => host.output(["systemctl", ...args]);

  await t.step("a server that is killed", async () => {
    await systemctl("kill", "--signal=KILL", `m0d@${ios.fid}`);
    const why = await becomes(host, "ios", "STOPPED", "critical");
    assertStringIncludes(why, `with pid ${ios.pid} has stopped; its unit has failed`);
    await systemctl("start", `m0d@${ios.fid}`);
    await becomes(host, "ios", "STARTED", "passing");
  });

  await t.step("a report by a process outside of the server's unit", async () => {
    const { code, stderr } = await host.run([
      ...[HARE_PROGRAM, "dev", "stand-in", "m0d", "--target", "mero", "--hax", HAX_SOCKET] as const,
      ...["--process-file", TARGETS.mero.processFile(ios.fid)],
      ...["--data-dir", dataDirectory(ios.fid)],
    ]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, `does not belong to a unit of ${ios.fid}`);
    await becomes(host, "ios", "STARTED", "passing");
  });

  await t.step("a server that fails before it has ever said anything", async () => {
    await systemctl("stop", `m0d@${confd.fid}`);
    await becomes(host, "confd", "STOPPED", "critical");
    await host.output(["consul", "kv", "delete", processKey(parseFid(confd.fid))]);
    await systemctl("restart", HAX_UNIT);
    await becomes(host, "confd", null, "warning");
    await host.write(failFile(confd.fid), "start");
    await systemctl("start", `m0d@${confd.fid}`);
    const why = await becomes(host, "confd", null, "critical");
    assertStringIncludes(why, "not started yet; its unit has failed");
    await host.output(["rm", failFile(confd.fid)]);
    await systemctl("start", `m0d@${confd.fid}`);
    await becomes(host, "confd", "STARTED", "passing");
  });
});
