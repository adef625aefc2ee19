/**
 * A cluster that is there already gives way to another one only where that was asked for.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../../../tests/lib/assert.ts";
import { bootstrapOn, operateOn } from "../../../tests/bringup/operations.ts";
import { StandInCluster } from "../../../tests/bringup/stand_in_cluster.ts";
import { HareError } from "../../lib/errors.ts";
import { shutdown } from "../operate.ts";

/** One more client on each host: the processes of all but the first host have other fids. */
function otherCdf({ cdf }: StandInCluster): string {
  return cdf.replaceAll("c0_clients: 1", "c0_clients: 2");
}

const TWO = { servers: 1, clients: 1 };

Deno.test("another cluster that runs is told of at once, and stays to the byte", async () => {
  await using cluster = new StandInCluster(TWO);
  await bootstrapOn(cluster);
  let before = cluster.snapshot();
  const cdf = otherCdf(cluster);

  const refused = await assertRejects(() => bootstrapOn(cluster, { cdf }), HareError);
  assertStringIncludes(
    refused.message,
    "another configuration than this one is already in Consul's KV, since ",
  );
  assertStringIncludes(refused.message, "; its nodes are h1, h2");
  assertStringIncludes(refused.hint ?? "", "`hare shutdown`, then `hare bootstrap --force`");

  const runs = ["the RC on h1 leads", "process 0x7200000000000001:0x"];
  for (const what of runs) {
    const lives = await assertRejects(() => bootstrapOn(cluster, { cdf, force: true }), HareError);
    assertStringIncludes(lives.message, `it does not give way while it runs: ${what}`);
    assertEquals(cluster.snapshot(), before);
    cluster.host("h1").end("hare-rc", "inactive");
    before = cluster.snapshot();
  }
});

Deno.test("another cluster that is shut down stays where --force is not given", async () => {
  await using cluster = new StandInCluster(TWO);
  await bootstrapOn(cluster);
  await operateOn(shutdown, cluster);
  const before = [...cluster.consul.keys];
  await assertRejects(
    () => bootstrapOn(cluster, { cdf: otherCdf(cluster) }),
    HareError,
    "another configuration than this one is already in Consul's KV",
  );
  assertEquals([...cluster.consul.keys], before);
});

Deno.test("with --force another cluster that is shut down gives way, and nothing of it stays", async () => {
  await using cluster = new StandInCluster(TWO);
  await bootstrapOn(cluster);
  cluster.consul.put("epoch", "77");
  cluster.consul.put("somebody/else", "1");
  cluster.consul.put("node/h9/service/90/types", "ios");
  await operateOn(shutdown, cluster);
  const former = [...cluster.host("h2").enabled].filter((unit) => unit.startsWith("m0d@"));
  const [cdf, force] = [otherCdf(cluster), true];
  await bootstrapOn(cluster, { cdf, force, selection: { until: "consul-clients" } });

  const { consul } = cluster;
  assertEquals([consul.value("epoch"), consul.value("somebody/else")], ["77", "1"]);
  const keys = [...consul.keys.keys()];
  assertEquals(keys.filter((key) => /^(processes|hare\/mkfs|node\/h9)\//.test(key)), []);
  assertEquals(former.length, 1);
  assert(!cluster.host("h2").enabled.has(former[0] ?? ""));
  assert(cluster.host("h1").enabled.has("m0d@0x7200000000000001:0x9"));
  cluster.forget();
  // It is this cluster now, without more ado, and the storage of the former one is no data of its.
  await assertRejects(() => bootstrapOn(cluster, { cdf }), HareError, "is not blank");
  await bootstrapOn(cluster, { cdf, mkfs: "all" });
  assertEquals(cluster.changes.filter((change) => change.includes("keys")), []);
});

Deno.test("--force as a dry run lists what a run does; --rollback brings the other cluster back", async () => {
  await using cluster = new StandInCluster(TWO);
  await bootstrapOn(cluster);
  await operateOn(shutdown, cluster);
  await bootstrapOn(cluster, { selection: { until: "consul-clients" } });
  const before = cluster.snapshot();
  const options = { cdf: otherCdf(cluster), force: true, selection: { until: "import" } };

  cluster.forget();
  await bootstrapOn(cluster, { ...options, dryRun: true });
  assertEquals(cluster.snapshot(), before);
  const planned = cluster.changes;
  assert(
    planned.some((change) => /^KV: remove \d+ keys of the cluster that was there$/.test(change)),
  );

  cluster.forget();
  cluster.failing.add("h1: hare-hax");
  // Formatting what the former cluster has left is consented to: else nothing would be begun.
  const all = { ...options, selection: {}, mkfs: "all" as const };
  await assertRejects(() => bootstrapOn(cluster, { ...all, rollback: true }), HareError, "hax");
  assertEquals(cluster.changes.slice(0, planned.length), planned);
  cluster.host("h1").units.delete("hare-hax"); // it has failed, which nobody takes back
  const apart = (line: string) => !line.includes(".previous: ");
  assertEquals(cluster.snapshot().filter(apart), before.filter(apart));
});

Deno.test("a process that comes to life while its cluster is removed keeps it", async () => {
  await using cluster = new StandInCluster(TWO);
  await bootstrapOn(cluster);
  await operateOn(shutdown, cluster);
  const key = "processes/0x7200000000000001:0x9";
  const before = [...cluster.consul.keys.keys()];
  await assertRejects(
    () =>
      bootstrapOn(cluster, {
        cdf: otherCdf(cluster),
        force: true,
        report: (event) => {
          if (event.event !== "change" || !event.what.startsWith("remove ")) return;
          cluster.consul.put(key, cluster.consul.value(key) ?? "");
        },
      }),
    HareError,
    "importing the KV was refused",
  );
  assertEquals([...cluster.consul.keys.keys()], before);
});
