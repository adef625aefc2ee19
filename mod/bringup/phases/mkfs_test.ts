/**
 * What is formatted, and what is not, on hosts in memory.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "../../../tests/lib/assert.ts";
import { bootstrapOn, operateOn } from "../../../tests/bringup/operations.ts";
import { StandInCluster } from "../../../tests/bringup/stand_in_cluster.ts";
import { PhaseError } from "../engine.ts";
import { shutdown } from "../operate.ts";

const CONFD = "0x7200000000000001:0x9";
const IOS = "0x7200000000000001:0xc";

/** Fids of the processes that were formatted. */
function formatted({ changes }: StandInCluster): readonly string[] {
  return changes.flatMap((change) => /: run mero-mkfs@(.*)/.exec(change)?.[1] ?? []);
}

Deno.test("storage without data is formatted, once", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  assertEquals(formatted(cluster), [CONFD, IOS]);
  await operateOn(shutdown, cluster);
  cluster.forget();
  await bootstrapOn(cluster);
  assertEquals(formatted(cluster), []);
});

for (const place of [`/var/mero/m0d-${IOS}`, "/dev/sdc"]) {
  Deno.test(`data in ${place} that the KV knows nothing of is never formatted over unasked`, async () => {
    for (const mkfs of ["new", "unless-data"] as const) {
      await using cluster = new StandInCluster({ servers: 1 });
      cluster.host("h1").filled.add(place);
      const error = await assertRejects(() => bootstrapOn(cluster, { mkfs }), PhaseError);
      assertStringIncludes(
        error.message,
        `there is data that this cluster knows nothing of for ${IOS}: ${place}`,
      );
      assertEquals(error.hint, "if it may be destroyed, format with `--mkfs --yes`");
      assertEquals(formatted(cluster), [CONFD]);
      await bootstrapOn(cluster, { mkfs: "all" });
      assertEquals(formatted(cluster), [CONFD, IOS]);
    }
  });
}

Deno.test("--mkfs formats no data that the KV knows, unless that is confirmed", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  await operateOn(shutdown, cluster);
  cluster.forget();
  const error = await assertRejects(
    () => bootstrapOn(cluster, { mkfs: "unless-data" }),
    PhaseError,
  );
  assertStringIncludes(error.message, `there is data for ${CONFD}: /var/mero/m0d-${CONFD}`);
  assertEquals(formatted(cluster), []);
  await bootstrapOn(cluster, { mkfs: "all" });
  assertEquals(formatted(cluster), [CONFD, IOS]);
});

Deno.test("--mkfs --yes formats no storage of a server that runs", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  cluster.forget();
  await bootstrapOn(cluster, { mkfs: "all" });
  assertEquals(cluster.changes, []);
});

Deno.test("what a mkfs that failed has left is no data", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  cluster.failing.add(`h1: mero-mkfs@${IOS}`);
  await assertRejects(
    () => bootstrapOn(cluster),
    PhaseError,
    `unit mero-mkfs@${IOS}: exit status 1`,
  );
  cluster.host("h1").filled.add(`/var/mero/m0d-${IOS}`);
  cluster.forget();
  await bootstrapOn(cluster, { resetFailed: true });
  assertEquals(formatted(cluster), [IOS]);
});

Deno.test("a dry run while Consul is down says what only Consul knows", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  await operateOn(shutdown, cluster);
  cluster.forget();
  await bootstrapOn(cluster, { dryRun: true });
  assertEquals([...formatted(cluster), ...cluster.changes.filter((it) => it.startsWith("KV"))], []);
  const warnings = cluster.events.flatMap((it) => it.event === "warning" ? [it.message] : []);
  const ofData = (fid: string) =>
    `h1: there is data for ${fid}: /var/mero/m0d-${fid}; whether it is this cluster's is in ` +
    "Consul's KV, and Consul does not run: if it is, a run keeps it, else it stops there";
  assertEquals(warnings, [
    "which keys are in Consul's KV is not known, because Consul does not run: a run imports those " +
    "that are missing",
    ofData(CONFD),
    ofData(IOS),
  ]);
});

Deno.test("a dry run where Consul has never run knows that data is nobody's", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  cluster.host("h1").filled.add("/dev/sdc");
  await assertRejects(
    () => bootstrapOn(cluster, { dryRun: true }),
    PhaseError,
    `there is data that this cluster knows nothing of for ${IOS}: /dev/sdc`,
  );
});
