/**
 * The import never writes over what is there.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "../../../tests/lib/assert.ts";
import { bootstrapOn } from "../../../tests/bringup/operations.ts";
import { StandInCluster } from "../../../tests/bringup/stand_in_cluster.ts";
import { HareError } from "../../lib/errors.ts";

const UNTIL_IMPORT = { selection: { until: "import" } };

Deno.test("the import is in chunks that Consul takes, and its mark comes last", async () => {
  await using cluster = new StandInCluster({ servers: 3, clients: 30 });
  await bootstrapOn(cluster, UNTIL_IMPORT);
  const { transactions } = cluster.consul;
  assert(transactions.length > 3);
  assert(transactions.every((keys) => keys.length <= 64));
  assertEquals(transactions.at(-1), ["hare/imported"]);
});

Deno.test("keys of a cluster that lives are kept, and its counters", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster, UNTIL_IMPORT);
  cluster.consul.delete("hare/imported"); // as if the import had been cut short
  cluster.consul.delete("node/h1/service/9/ep");
  cluster.consul.put("epoch", "77");
  cluster.consul.put("processes/0x7200000000000001:0x9", "{}");
  await bootstrapOn(cluster, UNTIL_IMPORT);
  assertEquals(cluster.consul.value("epoch"), "77");
  assertEquals(cluster.consul.value("processes/0x7200000000000001:0x9"), "{}");
  assertEquals(cluster.consul.value("node/h1/service/9/ep"), "10.0.0.1@tcp:12345:2:1");
});

Deno.test("a key with another value, without a mark, may be somebody's: nothing is imported", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster, { selection: { until: "consul-servers" } });
  cluster.consul.put("node/h1/service/9/ep", "10.9.9.9@tcp:12345:2:1");
  await assertRejects(
    () => bootstrapOn(cluster),
    HareError,
    "Consul's KV already has key node/h1/service/9/ep, with another value",
  );
  assertEquals([...cluster.consul.keys.keys()], ["node/h1/service/9/ep"]);
});
