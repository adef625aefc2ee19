/**
 * One node by hand, and its files from the KV, on hosts in memory.
 *
 * @module
 */

import {
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "../../tests/lib/assert.ts";
import { bootstrapNodeOn, bootstrapOn } from "../../tests/bringup/operations.ts";
import { StandInCluster } from "../../tests/bringup/stand_in_cluster.ts";
import { TARGETS } from "../../cfgen/mod.ts";
import { HareError } from "../lib/errors.ts";
import { changesOf, nodeFilesInKv, putNodeFiles } from "./consul_conf.ts";
import { Gate } from "./gate.ts";
import { GatedHost } from "./gated_host.ts";
import { HAX_HTTP } from "./real_cluster.ts";

const CONFIG = "/var/lib/hare/config/";
const IOS = "m0d@0x7200000000000001:0x5a";

/** The directory of the configuration that `h1` keeps. */
async function withConfig(cluster: StandInCluster, work: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    for (const [path, text] of cluster.host("h1").files) {
      if (path.startsWith(CONFIG)) {
        await Deno.writeTextFile(`${dir}/${path.slice(CONFIG.length)}`, text);
      }
    }
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("bootstrapNode() does by hand on each node what bootstrap does, and nothing elsewhere", async () => {
  await using whole = new StandInCluster({ servers: 1, clients: 2 });
  await bootstrapOn(whole);
  await using cluster = new StandInCluster({ servers: 1, clients: 2 });
  await bootstrapOn(cluster, { selection: { until: "import" } });
  await withConfig(cluster, async (confDir) => {
    for (const stage of ["phase1", "phase2"] as const) {
      for (const name of ["h1", "h2", "h3"]) {
        cluster.forget();
        await bootstrapNodeOn(cluster, name, { stage, confDir });
        const elsewhere = cluster.commands.filter((command) => !command.startsWith(`${name}: `));
        assertEquals(elsewhere, []);
      }
    }
  });
  assertEquals(cluster.running.toSorted(), whole.running.toSorted());
  const paths = ({ hosts }: StandInCluster) =>
    hosts.map(({ files }) => [...files.keys()].toSorted());
  assertEquals(paths(cluster), paths(whole));
});

Deno.test("bootstrapNode() brings a node back into a cluster that lives", async () => {
  await using cluster = new StandInCluster({ servers: 3, clients: 1 });
  await bootstrapOn(cluster);
  const before = cluster.running.toSorted();
  const host = cluster.host("h4");
  for (const unit of [IOS, "hare-hax", "hare-consul-agent"]) host.end(unit, "inactive");
  cluster.forget();
  await bootstrapNodeOn(cluster, "h4", { stage: "phase1" });
  assertEquals(host.stateOf(IOS), "inactive");
  await bootstrapNodeOn(cluster, "h4", { stage: "phase2", dryRun: true });
  assertEquals(host.stateOf(IOS), "inactive");
  await bootstrapNodeOn(cluster, "h4", { stage: "phase2" });
  assertEquals(cluster.running.toSorted(), before);
  assertEquals(cluster.changes.filter((change) => change.includes("mkfs@")), []);
});

Deno.test("bootstrapNode() refuses a host that is none of the cluster", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  await assertRejects(
    () => bootstrapNodeOn(cluster, "h9", { stage: "phase1" }),
    HareError,
    "this host, h9, is none of the cluster",
  );
});

Deno.test("the files of a node follow from the KV; those that are right are left alone", async () => {
  await using cluster = new StandInCluster({ servers: 3 });
  await bootstrapOn(cluster);
  const options = { signal: AbortSignal.timeout(60_000) };
  const source = { consul: cluster.world.consul, target: TARGETS.mero, hax: HAX_HTTP };
  const host = cluster.host("h1");
  const files = await nodeFilesInKv(source, options);
  assertEquals(await changesOf(files, host, options), []);
  assertEquals(files.length, 3);

  host.files.set("/etc/hare/consul.d/services.json", "{}");
  host.files.delete("/etc/sysconfig/m0d-0x7200000000000001:0x9");
  const before = cluster.snapshot();
  const changes = await changesOf(files, host, options);
  assertEquals(changes.map(({ before }) => before), ["{}", null]);
  assertEquals(cluster.snapshot(), before);

  const gate = new Gate({ dryRun: false, note: () => {} });
  const put = () => putNodeFiles(files, new GatedHost(host, gate), source, gate, options);
  await put();
  assertNotEquals(cluster.snapshot(), before);
  assertEquals(await changesOf(files, host, options), []);
  assertEquals(cluster.consul.reloads, 1);
  await put();
  assertEquals(cluster.consul.reloads, 1);
});

Deno.test("services that were written are read, also where the one who wrote them was cut off", async () => {
  await using cluster = new StandInCluster({ servers: 3 });
  cluster.onCommand = (command) => {
    if (command === "h3: reload hare-consul-agent") cluster.dead.add("h3");
  };
  await assertRejects(() => bootstrapOn(cluster), HareError, "h3: no route to host");
  cluster.onCommand = () => {};
  cluster.dead.clear();
  cluster.forget();
  await bootstrapOn(cluster, { dryRun: true, selection: { until: "register" } });
  assertEquals(cluster.changes, ["h3: reload hare-consul-agent"]);
  cluster.forget();
  await bootstrapOn(cluster);
  assertEquals(cluster.changes[0], "h3: reload hare-consul-agent");
});

Deno.test("nodeFilesInKv() wants a configuration that has this node", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster, { selection: { until: "consul-servers" } });
  const options = { signal: AbortSignal.timeout(60_000) };
  const source = { consul: cluster.world.consul, target: TARGETS.mero, hax: HAX_HTTP };
  const files = () => nodeFilesInKv(source, options);
  const error = await assertRejects(files, HareError, "there is no configuration in Consul's KV");
  assertStringIncludes(error.hint ?? "", "--phase import");
  cluster.consul.put("hare/imported", "{}");
  await assertRejects(files, HareError, "the configuration has no process on this node, h1");
});
