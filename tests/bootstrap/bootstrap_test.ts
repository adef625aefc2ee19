/**
 * A cluster of three servers and two clients, from nothing, with one command, which refuses hosts
 * that are not ready.
 *
 * @module
 */

import { PHASE_NAMES } from "../../mod/bringup/bootstrap.ts";
import type { EntrypointJson } from "../../mod/entrypoint/render.ts";
import type { StatusJson } from "../../mod/status/mod.ts";
import { assert, assertEquals, assertMatch } from "../lib/assert.ts";
import { longTestOnHosts, testOnHosts } from "../hosts/testing.ts";
import {
  activeOn,
  bootstrapWell,
  changesIn,
  nothingOn,
  outcomesOf,
  prepare,
  unitsOn,
} from "./cluster.ts";
import { isRefused, PREFLIGHT_FAULTS, preflightFault } from "./preflight_faults.ts";

testOnHosts("hare bootstrap brings three servers and two clients up", 5, async (hosts, t) => {
  const first = await prepare(hosts, 3);
  assertEquals(await unitsOn(hosts.all), nothingOn(hosts.all));
  const phases = ["storage", ...PHASE_NAMES];
  const done = Object.fromEntries(phases.map((name) => [name, "done"]));

  await t.step("not while hosts are not ready: it tells all that is wrong with them", async () => {
    const wrong = {
      "ssc-vm1": ["port taken", "unit of hare missing"],
      "ssc-vm2": ["other hare version"],
      "ssc-vm3": ["no consul", "library missing", "clock off", "disk missing", "unit missing"],
      "ssc-vm4": ["wrong key of the operator"],
      "ssc-vm5": ["host unreachable"],
    };
    await isRefused(
      hosts,
      first,
      new Map(
        Object.entries(wrong).map((
          [host, faults],
        ) => [hosts.host(host), faults.map(preflightFault)]),
      ),
    );
  });

  await t.step("with one command", async () => {
    assertEquals(outcomesOf(await bootstrapWell(first)), done);
    const server = (confd: string, ios: string) => [
      ...["hare-consul-agent", "hare-hax", "hare-rc"],
      ...[confd, ios].map((key) => `m0d@0x7200000000000001:${key}`),
      "mero-kernel",
    ];
    assertEquals(await activeOn(hosts.all), {
      "ssc-vm1": server("0x9", "0xc"),
      "ssc-vm2": server("0x24", "0x27"),
      "ssc-vm3": server("0x3f", "0x42"),
      "ssc-vm4": ["hare-consul-agent", "hare-hax"],
      "ssc-vm5": ["hare-consul-agent", "hare-hax"],
    });
  });

  await t.step(
    "whose every server passes, and whose entrypoint is complete, on every host",
    async () => {
      for (const host of hosts.all) {
        const { level, reasons, cluster }: StatusJson = JSON.parse(
          await host.output(["hare", "status", "--json"]),
        );
        assertEquals([level, reasons], ["healthy", []]);
        const checks = cluster?.processes.flatMap(({ role, state, checks }) =>
          checks.map(({ status }) => `${role} ${state} ${status}`)
        );
        assertEquals(Object.fromEntries(Map.groupBy(checks ?? [], (check) => check)), {
          "hax null passing": Array(5).fill("hax null passing"),
          "confd STARTED passing": Array(3).fill("confd STARTED passing"),
          "ios STARTED passing": Array(3).fill("ios STARTED passing"),
        });
        const { confds, quorum, principalRm }: EntrypointJson = JSON.parse(
          await host.output(["hare", "entrypoint", "--json"]),
        );
        assertEquals([confds.map(({ node }) => node), quorum], [
          ["ssc-vm1", "ssc-vm2", "ssc-vm3"],
          2,
        ]);
        assert(confds.some(({ node }) => node === principalRm.node), principalRm.node);
      }
    },
  );

  await t.step("whose Consul takes a vote from no server that is away", async () => {
    assertMatch(
      await first.output(["consul", "operator", "autopilot", "get-config"]),
      /^MinQuorum = 3$/m,
    );
  });

  await t.step("and again does nothing", async () => {
    const before = await unitsOn(hosts.all);
    const again = await bootstrapWell(first);
    assertEquals(changesIn(again), []);
    const looked = ["check", "register", "final"].map((name) => [name, "done"]);
    const already = phases.map((name) => [name, "already"]);
    assertEquals(outcomesOf(again), Object.fromEntries([...already, ...looked]));
    assertEquals(await unitsOn(hosts.all), before);
  });
});

for (const fault of PREFLIGHT_FAULTS) {
  longTestOnHosts(
    `hare bootstrap refuses a cluster, and then brings it up: ${fault.what}`,
    3,
    async (hosts) => {
      const first = await prepare(hosts, 3);
      await isRefused(hosts, first, new Map([[hosts.host("ssc-vm2"), [fault]]]));
      await bootstrapWell(first);
      for (const host of hosts.all) await host.output(["hare", "status"]);
    },
  );
}
