/**
 * When the phase takes the recovery coordinator for up, on hosts in memory.
 *
 * @module
 */

import { assertEquals } from "../../../tests/lib/assert.ts";
import { bootstrapOn } from "../../../tests/bringup/operations.ts";
import { StandInCluster } from "../../../tests/bringup/stand_in_cluster.ts";

const UNTIL_RC = { selection: { until: "rc" } } as const;

Deno.test("checks that Consul has not asked yet do not stand for confds that have died", async () => {
  await using cluster = new StandInCluster({ servers: 3 });
  cluster.isFresh = true;
  let asked = 0;
  cluster.consul.onRequest = (path) => {
    if (path === "health/service/confd" && ++asked === 10) cluster.settle();
  };
  await bootstrapOn(cluster, UNTIL_RC);
  assertEquals(cluster.consul.value("leader"), "h1");
});

Deno.test("no leader is waited for where every confd has died", async () => {
  await using cluster = new StandInCluster({ servers: 3 });
  await bootstrapOn(cluster);
  for (const host of cluster.hosts) host.end("hare-rc", "inactive");
  cluster.consul.put("leader", "");
  cluster.isFresh = true;
  await bootstrapOn(cluster, UNTIL_RC);
  assertEquals(cluster.consul.value("leader"), "");
});
