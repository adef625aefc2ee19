/**
 * What is formatted, and what is not, on hosts in memory.
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
import { describeDevice } from "../../storage/mod.ts";
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

const NOT_OURS = "its storage is not blank, and this cluster knows nothing of what is there";

const PLACES: readonly (readonly [place: string, found: string])[] = [
  [`/var/mero/m0d-${IOS}`, `/var/mero/m0d-${IOS}: it holds files`],
  ["/dev/sdc", "/dev/sdc: ext4"],
];

for (const [place, found] of PLACES) {
  Deno.test(`data in ${place} that the KV knows nothing of is never formatted over unasked`, async () => {
    for (const mkfs of ["new", "unless-data"] as const) {
      for (const force of [false, true]) {
        await using cluster = new StandInCluster({ servers: 1 });
        cluster.host("h1").filled.add(place);
        const error = await assertRejects(() => bootstrapOn(cluster, { mkfs, force }), PhaseError);
        assertStringIncludes(error.message, `h1: ${IOS}: ${NOT_OURS}: ${found}`);
        assertEquals(error.hint, "if it may be destroyed, format with `--mkfs --yes`");
        // It is found before anything is changed.
        assertEquals(cluster.changes, []);
        await bootstrapOn(cluster, { mkfs: "all" });
        assertEquals(formatted(cluster), [CONFD, IOS]);
      }
    }
  });
}

Deno.test("data that come after the hosts were looked at are found before mkfs runs", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  cluster.onCommand = (what) => {
    if (what === "h1: start hare-rc") cluster.host("h1").filled.add("/dev/sdc");
  };
  const error = await assertRejects(() => bootstrapOn(cluster), PhaseError);
  assertStringIncludes(error.message, `could not start the io servers:\n  h1: ${IOS}: ${NOT_OURS}`);
  assertEquals(formatted(cluster), [CONFD]);
});

Deno.test("data of a process that is none of the cluster's are data", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  const place = "/var/motr/m0d-0x7200000000000001:0x99";
  cluster.host("h1").filled.add(place);
  const error = await assertRejects(() => bootstrapOn(cluster), PhaseError);
  assertStringIncludes(error.message, `${NOT_OURS}: ${place}: data of another process`);
  assertEquals(cluster.changes, []);
});

Deno.test("a process beside it that was begun meanwhile is none of another cluster", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  let asked = 0;
  cluster.onCommand = (what) => {
    if (!what.includes("inspect-storage") || ++asked !== 2) return;
    cluster.consul.put(`hare/mkfs/${IOS}`, '{"at":"2026-11-29T00:00:00Z"}');
    cluster.host("h1").filled.add(`/var/mero/m0d-${IOS}`);
  };
  await bootstrapOn(cluster);
  assertEquals(formatted(cluster), [CONFD]);
});

const FORBIDDEN = "its storage cannot be formatted";

for (const mkfs of ["new", "unless-data", "all"] as const) {
  Deno.test(`a device in use is not formatted, policy ${mkfs}`, async () => {
    await using cluster = new StandInCluster({ servers: 1 });
    cluster.host("h1").devices.set("/dev/sdc", { uses: ["mounted on /srv"] });
    const error = await assertRejects(() => bootstrapOn(cluster, { mkfs }), PhaseError);
    assertStringIncludes(error.message, `${FORBIDDEN}: /dev/sdc: mounted on /srv`);
    assert(!error.hint?.includes("--mkfs"), error.hint);
    assertEquals(cluster.changes, []);
  });

  Deno.test(`one device under two names is not formatted, policy ${mkfs}`, async () => {
    await using cluster = new StandInCluster({ servers: 1 });
    for (const path of ["/dev/sda", "/dev/sdc"]) {
      cluster.host("h1").devices.set(path, { number: "8:0" });
    }
    const error = await assertRejects(() => bootstrapOn(cluster, { mkfs }), PhaseError);
    assertStringIncludes(error.message, `${FORBIDDEN}: /dev/sda: it is the same as /dev/sdc`);
    assertEquals(cluster.changes, []);
  });
}

Deno.test("one device of two hosts is formatted only where that is consented to", async () => {
  await using cluster = new StandInCluster({ servers: 2 });
  for (const host of cluster.hosts) host.devices.set("/dev/sdb", { wwn: "0x5000c500a1b2c3d4" });
  const error = await assertRejects(() => bootstrapOn(cluster), PhaseError);
  assertStringIncludes(error.message, "/dev/sdb: it may be the same as /dev/sdb of h2");
  assertStringIncludes(error.message, "/dev/sdb: it may be the same as /dev/sdb of h1");
  assertEquals(cluster.changes, []);
  await bootstrapOn(cluster, { mkfs: "all" });
});

Deno.test("with --mkfs each device is listed with its content before anything is changed", async () => {
  for (const [mkfs, dryRun] of [["unless-data", false], ["all", false], ["new", true]] as const) {
    await using cluster = new StandInCluster({ servers: 1 });
    cluster.host("h1").devices.set("/dev/sdc", { model: "ST8000", size: 8001563222016 });
    await bootstrapOn(cluster, { mkfs, dryRun });
    const told = cluster.events.filter((it) => it.event === "device" || it.event === "change");
    const devices = told.slice(0, 4)
      .flatMap((it) => it.event === "device" ? [`${it.process} ${describeDevice(it.device)}`] : []);
    assertEquals(devices, [
      `${IOS} /dev/sda, 1T, blank`,
      `${IOS} /dev/sdb, 1T, blank`,
      `${IOS} /dev/sdc, 7.3T, ST8000, blank`,
      `${IOS} /dev/sdd, 1T, blank`,
    ]);
  }
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  assertEquals(cluster.events.filter(({ event }) => event === "device"), []);
});

Deno.test("--mkfs formats no data that the KV knows, unless that is confirmed", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  await operateOn(shutdown, cluster);
  cluster.forget();
  const error = await assertRejects(
    () => bootstrapOn(cluster, { mkfs: "unless-data" }),
    PhaseError,
  );
  assertStringIncludes(error.message, `${CONFD}: its storage is not blank: /var/mero/m0d-${CONFD}`);
  assertEquals(formatted(cluster), []);
  await bootstrapOn(cluster, { mkfs: "all" });
  assertEquals(formatted(cluster), [CONFD, IOS]);
});

Deno.test("with --force the notes of the cluster that gives way count for nothing", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  await operateOn(shutdown, cluster);
  await bootstrapOn(cluster, { selection: { until: "consul-clients" } });
  cluster.forget();
  const cdf = cluster.cdf.replace("c0_clients: 1", "c0_clients: 2");
  for (const dryRun of [true, false]) {
    const error = await assertRejects(
      () => bootstrapOn(cluster, { cdf, force: true, dryRun }),
      PhaseError,
    );
    assertStringIncludes(error.message, `${CONFD}: ${NOT_OURS}`);
    assertEquals(cluster.changes, []);
  }
});

Deno.test("--mkfs --yes formats no storage of a server that runs", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  cluster.forget();
  await bootstrapOn(cluster, { mkfs: "all" });
  assertEquals(cluster.changes, []);
});

const MARKER = `/var/mero/.hare-mkfs-${IOS}.json`;

/** A cluster whose io server's mkfs has failed, and left files. */
async function withFailedMkfs(
  cluster: StandInCluster,
  options: Parameters<typeof bootstrapOn>[1] = {},
): Promise<void> {
  cluster.failing.add(`h1: mero-mkfs@${IOS}`);
  await assertRejects(
    () => bootstrapOn(cluster, options),
    PhaseError,
    `unit mero-mkfs@${IOS}: exit status 1`,
  );
  cluster.host("h1").filled.add(`/var/mero/m0d-${IOS}`);
  cluster.forget();
}

const AGAIN = { resetFailed: true };

Deno.test("what a mkfs that failed has left is no data", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await withFailedMkfs(cluster);
  // It has written to the disk what no tool knows.
  cluster.host("h1").devices.set("/dev/sdc", { dataAt: 4096 });
  await bootstrapOn(cluster, AGAIN);
  assertEquals(formatted(cluster), [IOS]);
});

Deno.test("what a mkfs was begun over with consent needs none again", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  cluster.host("h1").filled.add("/dev/sdc").add("/var/mero/m0d-0x7200000000000001:0x99");
  await withFailedMkfs(cluster, { mkfs: "all" });
  await bootstrapOn(cluster, AGAIN);
  assertEquals(formatted(cluster), [IOS]);
});

const DOUBTFUL: readonly (readonly [what: string, spoil: (cluster: StandInCluster) => void])[] = [
  ["the host has no marker", ({ hosts }) => hosts[0]?.files.delete(MARKER)],
  [
    "the marker is another one's",
    ({ hosts }) =>
      hosts[0]?.files.set(MARKER, '{"id":"1","done":false,"consented":[],"devices":{}}'),
  ],
  ["the marker cannot be read", ({ hosts }) => hosts[0]?.files.set(MARKER, "{")],
  ["the note has no id", ({ consul }) => consul.put(`hare/mkfs/${IOS}`, '{"begun":"2019"}')],
  ["there is a file system now", ({ hosts }) => hosts[0]?.filled.add("/dev/sdc")],
  [
    "the disk was replaced",
    ({ hosts }) => hosts[0]?.devices.set("/dev/sdc", { wwn: "0x5", dataAt: 0 }),
  ],
  [
    "the note is of another configuration",
    ({ consul }) =>
      consul.put(
        `hare/mkfs/${IOS}`,
        JSON.stringify({ ...JSON.parse(consul.value(`hare/mkfs/${IOS}`) ?? ""), of: "else" }),
      ),
  ],
];

for (const [what, spoil] of DOUBTFUL) {
  Deno.test(`that a mkfs was begun is no consent where ${what}`, async () => {
    await using cluster = new StandInCluster({ servers: 1 });
    await withFailedMkfs(cluster);
    spoil(cluster);
    const error = await assertRejects(() => bootstrapOn(cluster, AGAIN), PhaseError);
    assertStringIncludes(error.message, `${IOS}: its storage is not blank`);
    assertEquals(formatted(cluster), []);
    await bootstrapOn(cluster, { ...AGAIN, mkfs: "all" });
    assertEquals(formatted(cluster), [IOS]);
  });
}

Deno.test("that a mkfs was begun counts for nothing where it was finished", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  let begun = "";
  cluster.onCommand = (what) => {
    if (what.includes("start mero-mkfs")) begun = cluster.consul.value(`hare/mkfs/${IOS}`) ?? begun;
  };
  await bootstrapOn(cluster);
  await operateOn(shutdown, cluster);
  await bootstrapOn(cluster, { selection: { until: "import" } });
  // As a snapshot of Consul that was taken then would bring it back.
  assertStringIncludes(begun, "begun");
  cluster.consul.put(`hare/mkfs/${IOS}`, begun);
  cluster.forget();
  const marker = cluster.host("h1").files.get(MARKER) ?? "";
  cluster.host("h1").files.delete(MARKER);
  const error = await assertRejects(() => bootstrapOn(cluster), PhaseError);
  assertStringIncludes(error.message, "nothing there proves that this cluster has begun");
  cluster.host("h1").files.set(MARKER, marker);
  await bootstrapOn(cluster);
  assertEquals(formatted(cluster), []);
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
    `h1: ${fid}: there is data: /var/mero/m0d-${fid}: it holds files; whether it is this cluster's ` +
    "is in Consul's KV, and Consul does not run: if it is, a run keeps it, else it stops there";
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
    `${IOS}: ${NOT_OURS}: /dev/sdc: ext4`,
  );
});
