/**
 * hax with a real Consul: who it is, what it records, what it answers while Consul is away.
 */

import { formatFid, makeFid } from "../../mod/lib/fid.ts";
import { assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import {
  checkOf,
  CONFD,
  elect,
  eventually,
  HAX,
  importConfiguration,
  IOS,
  queued,
  recorded,
  registerServices,
  startHax,
  startProcess,
} from "./node.ts";

const NODE = "ssc-vm1";

/** The events of process `fid` as they stand in the queue. */
function events(fid: typeof CONFD, ...states: readonly string[]): string[] {
  return states.map((state) => `${formatFid(fid)} ${state}`);
}

Deno.test("hax answers at once, and serves its node when it knows who it is", async () => {
  const address = "127.80.1.1";
  await using agent = await startConsul({ address, node: NODE });
  const { consul } = agent;
  await using hax = startHax(consul, address);
  await using confd = startProcess();
  const why = async () => {
    const { status, body } = await hax.get("/health");
    return [status, (body as { why: string }).why];
  };
  assertEquals(await hax.get("/"), { status: 200, body: { message: "I am alive" } });
  await eventually("the import to be waited for", why, [
    429,
    "hax waits: key hare/imported is not in Consul's KV yet",
  ]);
  assertEquals((await hax.get(`/health/${formatFid(CONFD)}`)).status, 429);
  assertEquals((await hax.get("/entrypoint")).status, 503);
  assertEquals(await hax.report(CONFD, "starting", confd.pid), 503);

  await importConfiguration(consul);
  await eventually("the registration to be waited for", why, [
    429,
    "hax waits: node ssc-vm1 has no service hax in the catalog yet",
  ]);
  await registerServices(consul, address);
  await hax.ready();
  await eventually("hax's check", () => checkOf(consul, HAX), "passing");
  await eventually("confd's check", () => checkOf(consul, CONFD), "warning");
  assertEquals((await hax.get("/health/6")).status, 200, "hax's own process");
  assertEquals((await hax.get("/health/50")).status, 404, "another node's process");
  assertEquals(await hax.report(makeFid("process", 53), "starting", confd.pid), 404);
  assertEquals(await queued(consul), []);
});

Deno.test("hax records the life of processes, and Consul's checks follow", async () => {
  const address = "127.80.1.2";
  await using agent = await startConsul({ address, node: NODE });
  const { consul } = agent;
  await importConfiguration(consul);
  await registerServices(consul, address);
  await using hax = startHax(consul, address);
  await hax.ready();
  await using mkfs = startProcess();
  await using confd = startProcess();
  await using ios = startProcess();

  for (const event of ["starting", "started", "stopping", "stopped"] as const) {
    assertEquals(await hax.report(CONFD, event, mkfs.pid, "M0MKFS"), 202);
  }
  await eventually("m0mkfs", () => recorded(consul, CONFD), `STOPPED ${mkfs.pid} 1`);
  assertEquals(await hax.get("/health/9"), {
    status: 429,
    body: `m0mkfs with pid ${mkfs.pid} has stopped`,
  });
  for (const event of ["starting", "started"] as const) {
    await hax.report(CONFD, event, confd.pid);
    await hax.report(IOS, event, ios.pid);
  }
  await hax.report(CONFD, "stopped", mkfs.pid, "M0MKFS"); // late: it changes nothing
  await eventually("ios's check", () => checkOf(consul, IOS), "passing");
  await eventually("confd's check", () => checkOf(consul, CONFD), "passing");

  await ios.kill();
  assertEquals((await hax.get("/health/12")).status, 503, "at once");
  await eventually("ios's check", () => checkOf(consul, IOS), "critical");
  await eventually("ios's death", () => recorded(consul, IOS), `STOPPED ${ios.pid} 1`);
  await hax.report(CONFD, "stopping", confd.pid);
  await hax.report(CONFD, "stopped", confd.pid);
  await eventually("confd's check", () => checkOf(consul, CONFD), "critical");

  const all = await queued(consul);
  const of = (fid: typeof CONFD) => all.filter((event) => event.startsWith(`${formatFid(fid)} `));
  assertEquals(
    of(CONFD),
    events(
      CONFD,
      ...["STARTING", "STARTED", "STOPPING", "STOPPED"].map((s) => `${s} ${mkfs.pid} 1`),
      ...["STARTING", "STARTED", "STOPPING", "STOPPED"].map((s) => `${s} ${confd.pid} 2`),
    ),
  );
  assertEquals(
    of(IOS),
    events(IOS, ...["STARTING", "STARTED", "STOPPED"].map((s) => `${s} ${ios.pid} 1`)),
  );
  assertEquals((await consul.kv.get("epoch"))?.value, String(1 + all.length));
  const { body } = await hax.get("/metrics");
  assertStringIncludes(String(body), 'event="death",outcome="recorded"} 1\n');
  assertStringIncludes(String(body), 'outcome="of another generation"} 1\n');
});

Deno.test("hax waits out a dead Consul: reports are kept, in order, and recorded after", async () => {
  const address = "127.80.1.3";
  const dataDir = await Deno.makeTempDir({ prefix: "hare-test-hax-" });
  try {
    await using before = await startConsul({ address, node: NODE, dataDir });
    await importConfiguration(before.consul);
    await registerServices(before.consul, address);
    await elect(before.consul, NODE);
    await using hax = startHax(before.consul, address, { queueCapacity: 6 });
    await hax.ready();
    await using confd = startProcess();
    await using ios = startProcess();
    await hax.report(CONFD, "starting", confd.pid);
    await eventually("the report", () => recorded(before.consul, CONFD), `STARTING ${confd.pid} 1`);
    assertEquals((await hax.get("/entrypoint")).status, 200);

    await before.kill();
    await eventually("no entrypoint", async () => (await hax.get("/entrypoint")).status, 503);
    assertEquals((await hax.get("/health")).status, 429);
    const late = [
      await hax.report(CONFD, "started", confd.pid),
      await hax.report(IOS, "starting", ios.pid),
      await hax.report(IOS, "started", ios.pid),
      await hax.report(CONFD, "stopping", confd.pid),
      await hax.report(CONFD, "stopped", confd.pid),
      await hax.report(CONFD, "starting", ios.pid), // a new start, as far as hax can tell
      await hax.report(CONFD, "started", ios.pid),
    ];
    assertEquals(late, [202, 202, 202, 202, 202, 202, 503], "there is room for six");
    assertEquals((await hax.get("/health")).status, 503, "reports are refused");

    await using after = await startConsul({ address, node: NODE, dataDir });
    await eventually(
      "the last report",
      () => recorded(after.consul, CONFD),
      `STARTING ${ios.pid} 2`,
    );
    assertEquals(await queued(after.consul), [
      ...events(CONFD, `STARTING ${confd.pid} 1`, `STARTED ${confd.pid} 1`),
      ...events(IOS, `STARTING ${ios.pid} 1`, `STARTED ${ios.pid} 1`),
      ...events(CONFD, `STOPPING ${confd.pid} 1`, `STOPPED ${confd.pid} 1`),
      ...events(CONFD, `STARTING ${ios.pid} 2`),
    ]);
    await hax.ready();
    await elect(after.consul, NODE);
    await eventually("the entrypoint", async () => (await hax.get("/entrypoint")).status, 200);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("hax's entrypoint follows each election", async () => {
  const address = "127.80.1.4";
  await using agent = await startConsul({ address, node: NODE });
  const { consul } = agent;
  await importConfiguration(consul);
  await registerServices(consul, address);
  await using hax = startHax(consul, address);
  await hax.ready();
  const entrypoint = async () => {
    const { status, body } = await hax.get("/entrypoint");
    return [status, (body as { principalRm?: unknown }).principalRm ?? body];
  };
  for (let i = 0; i < 3; i++) {
    await elect(consul, "ssc-vm1");
    await eventually("the first leader", entrypoint, [
      200,
      { node: "ssc-vm1", fid: "0x7300000000000001:0xa", address: "10.0.0.1@tcp:12345:2:2" },
    ], 1_000);
    await elect(consul, "ssc-vm2");
    await eventually("the second leader", entrypoint, [
      200,
      { node: "ssc-vm2", fid: "0x7300000000000001:0x36", address: "10.0.0.2@tcp:12345:2:2" },
    ], 1_000);
    await elect(consul, null);
    const none = { error: "no leader is elected" };
    await eventually("no leader", entrypoint, [503, none], 1_000);
  }
});

Deno.test("hax goes on where its predecessor ended, and records what it took", async () => {
  const address = "127.80.1.5";
  await using agent = await startConsul({ address, node: NODE });
  const { consul } = agent;
  await importConfiguration(consul);
  await registerServices(consul, address);
  await using confd = startProcess();
  await using next = startProcess();
  {
    await using hax = startHax(consul, address);
    await hax.ready();
    await hax.report(CONFD, "starting", confd.pid);
    await hax.report(CONFD, "started", confd.pid);
    await hax.stop();
  }
  assertEquals(await recorded(consul, CONFD), `STARTED ${confd.pid} 1`);
  {
    await using hax = startHax(consul, address);
    await hax.ready();
    assertEquals((await hax.get("/health/9")).status, 200);
    await hax.report(CONFD, "started", confd.pid); // repeated
    await hax.stop();
  }
  await confd.kill();
  {
    await using hax = startHax(consul, address);
    await hax.ready();
    assertEquals((await hax.get("/health/9")).status, 503);
    await hax.report(CONFD, "starting", next.pid);
    await eventually("the next start", () => recorded(consul, CONFD), `STARTING ${next.pid} 2`);
  }
  assertEquals(
    await queued(consul),
    events(
      CONFD,
      `STARTING ${confd.pid} 1`,
      `STARTED ${confd.pid} 1`,
      `STOPPED ${confd.pid} 1`,
      `STARTING ${next.pid} 2`,
    ),
  );
});

Deno.test("hax waits where the catalog and the configuration do not agree", async () => {
  const address = "127.80.1.6";
  await using agent = await startConsul({ address, node: "ssc-vm7" });
  const { consul } = agent;
  await importConfiguration(consul);
  await registerServices(consul, address);
  await using hax = startHax(consul, address);
  const why = async () => ((await hax.get("/health")).body as { waits: string }).waits;
  const expected = "the configuration has no process 0x7200000000000001:0x6 on node ssc-vm7";
  await eventually("the disagreement", why, expected);
});
