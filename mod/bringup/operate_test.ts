/**
 * Shutdown and start on hosts in memory.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../../tests/lib/assert.ts";
import { bootstrapOn, operateOn } from "../../tests/bringup/operations.ts";
import { StandInCluster } from "../../tests/bringup/stand_in_cluster.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import { PhaseError } from "./engine.ts";
import { PartlyDoneError, shutdown, start } from "./operate.ts";

/** The lock is looked after each 5 ms. */
const FAST: Clock = { ...systemClock, sleep: (ms, end) => systemClock.sleep(ms / 1000, end) };
const FIVE = { servers: 3, clients: 2 };

async function upAndRunning(): Promise<StandInCluster> {
  const cluster = new StandInCluster(FIVE);
  await bootstrapOn(cluster);
  cluster.forget();
  return cluster;
}

/** What became of units, `h1 hare-hax stopped`. */
function units({ events }: StandInCluster): readonly string[] {
  return events.flatMap((e) => e.event === "unit" ? [`${e.host} ${e.unit} ${e.outcome}`] : []);
}

Deno.test("shutdown() stops everything in reverse, this host's Consul last, and nothing else", async () => {
  await using cluster = await upAndRunning();
  const count = cluster.running.length;
  cluster.host("h2").units.set("nginx", "active");
  cluster.host("h2").units.set("m0d@somebody-elses", "active");
  await operateOn(shutdown, cluster);
  assertEquals(cluster.running, ["h2: nginx", "h2: m0d@somebody-elses"]);
  const stops = cluster.changes.map((change) => change.replace(/^h\d: stop (\S+?)(@.*)?$/, "$1"));
  const order = stops.filter((name, i) => name !== stops[i - 1]);
  assertEquals(order, ["m0d", "hare-hax", "hare-rc", "hare-consul-agent"]);
  assertEquals(cluster.changes.at(-1), "h1: stop hare-consul-agent");
  assertEquals(cluster.changes.slice(-5, -3).toSorted(), [
    "h4: stop hare-consul-agent",
    "h5: stop hare-consul-agent",
  ]);
  assertEquals(units(cluster).length, count);
  assert(units(cluster).every((line) => line.endsWith(" stopped")));
});

for (const operation of [shutdown, start]) {
  Deno.test(`${operation.name}() ends when the operators' lock is lost`, async () => {
    await using cluster = new StandInCluster({ ...FIVE, latencyMs: 5, clock: FAST });
    await bootstrapOn(cluster);
    if (operation === start) cluster.host("h5").end("hare-hax", "inactive");
    cluster.forget();
    cluster.onCommand = (what) => {
      if (/hare-hax|m0d@/.test(what)) cluster.consul.delete("hare/lock");
    };
    await assertRejects(
      () => operateOn(operation, cluster),
      HareError,
      "the lock of this cluster was lost meanwhile: somebody has removed key hare/lock",
    );
    assertEquals(cluster.running.filter((unit) => unit.endsWith("hare-consul-agent")).length, 5);
  });
}

Deno.test("shutdown() of what does not run says so and changes nothing", async () => {
  await using cluster = await upAndRunning();
  await operateOn(shutdown, cluster);
  cluster.forget();
  await operateOn(shutdown, cluster);
  assertEquals(cluster.changes, []);
  assert(units(cluster).every((line) => line.endsWith(" did not run")));
});

Deno.test("shutdown() tells of a dead host, asks it once, and stops the others", async () => {
  await using cluster = await upAndRunning();
  cluster.dead.add("h2");
  const error = await assertRejects(() => operateOn(shutdown, cluster), PartlyDoneError);
  assertEquals(error.message, "could not reach every host:\n  h2: no route to host");
  assertEquals(cluster.commands.filter((command) => command.startsWith("h2: ")).length, 1);
  assert(cluster.running.every((unit) => unit.startsWith("h2: ")));
  const unknown = units(cluster).filter((line) => line.startsWith("h2 "));
  assertEquals(unknown.length, 5);
  assert(unknown.every((line) => line.endsWith(" unknown")));
});

Deno.test("shutdown() asks a host that dies meanwhile once more at most", async () => {
  await using cluster = await upAndRunning();
  cluster.onCommand = (command) => {
    if (command.startsWith("h3: stop m0d@")) cluster.dead.add("h3");
  };
  const error = await assertRejects(() => operateOn(shutdown, cluster), PartlyDoneError);
  assertEquals(error.message, "could not stop the io servers:\n  h3: no route to host");
  assertEquals(cluster.running.filter((unit) => !unit.startsWith("h3: ")), []);
  assertEquals(cluster.commands.filter((command) => command.startsWith("h3: stop")).length, 1);
});

Deno.test("shutdown() goes on when a unit does not stop, and says which", async () => {
  await using cluster = await upAndRunning();
  const host = cluster.host("h4");
  host.cannotStop.add("hare-hax");
  const error = await assertRejects(() => operateOn(shutdown, cluster), PartlyDoneError);
  assertStringIncludes(error.message, "could not stop hax:\n  h4: unit hare-hax: ");
  assertEquals(cluster.running, ["h4: hare-hax"]);
  assertEquals(units(cluster).filter((line) => line.endsWith(" failed")), ["h4 hare-hax failed"]);
});

Deno.test("start() starts a cluster that was shut down, and forgets its old states before hax", async () => {
  await using cluster = await upAndRunning();
  const running = cluster.running;
  await operateOn(shutdown, cluster);
  cluster.forget();
  const states: (string | undefined)[] = [];
  cluster.onCommand = (command) => {
    if (command.endsWith("start hare-hax")) {
      states.push(cluster.consul.value("processes/0x7200000000000001:0x9"));
    }
  };
  await operateOn(start, cluster);
  assertEquals(cluster.running.toSorted(), running.toSorted());
  assertEquals(states, [undefined, undefined, undefined, undefined, undefined]);
  assertEquals(cluster.commands.filter((command) => command.includes("mkfs@")), []);
});

Deno.test("start() of what runs changes nothing", async () => {
  await using cluster = await upAndRunning();
  const before = cluster.snapshot();
  await operateOn(start, cluster);
  assertEquals(cluster.changes, []);
  assertEquals(cluster.snapshot(), before);
});

for (const what of [shutdown, start]) {
  Deno.test(`${what.name}() as a dry run lists what a run does and changes nothing`, async () => {
    await using cluster = await upAndRunning();
    if (what === start) await operateOn(shutdown, cluster);
    cluster.forget();
    const before = cluster.snapshot();
    await operateOn(what, cluster, { dryRun: true });
    const dry = cluster.changes;
    assertEquals(cluster.snapshot(), before);
    cluster.forget();
    await operateOn(what, cluster);
    assert(dry.length > 0);
    assertEquals(dry.toSorted(), cluster.changes.toSorted());
  });
}

Deno.test("start() starts what it can when a host is dead, and says so", async () => {
  await using cluster = await upAndRunning();
  await operateOn(shutdown, cluster);
  for (const dead of ["h2", "h5"]) {
    cluster.dead.clear();
    cluster.dead.add(dead);
    const error = await assertRejects(() => operateOn(start, cluster), PartlyDoneError);
    assertEquals(error.message, `could not reach every host:\n  ${dead}: no route to host`);
    assertEquals(error.hint, "all else is started");
    assertEquals(cluster.running.filter((unit) => unit.startsWith(dead)), []);
    assertEquals(cluster.running.filter((unit) => unit.endsWith("hare-hax")).length, 4);
    await operateOn(shutdown, cluster).catch(() => {});
  }
});

Deno.test("start() does not try when too few servers answer for Consul to find a leader", async () => {
  await using cluster = await upAndRunning();
  await operateOn(shutdown, cluster);
  cluster.forget();
  cluster.dead.add("h2").add("h3");
  const error = await assertRejects(() => operateOn(start, cluster), HareError);
  assertStringIncludes(error.message, "1 of 3 server nodes answer, too few: ");
  assertEquals(cluster.changes, []);
});

Deno.test("start() fails where storage was never formatted", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster, { selection: { until: "rc" } });
  await assertRejects(
    () => operateOn(start, cluster),
    PhaseError,
    "0x7200000000000001:0x9: its storage was never formatted",
  );
});
