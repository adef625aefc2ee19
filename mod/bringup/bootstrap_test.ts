/**
 * Bootstrap on hosts in memory: what is done in which order, and what is not.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../tests/lib/assert.ts";
import { bootstrapOn, operateOn } from "../../tests/bringup/operations.ts";
import { StandInCluster } from "../../tests/bringup/stand_in_cluster.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { waitFor } from "../lib/wait_for.ts";
import { PHASE_NAMES, planBootstrap } from "./bootstrap.ts";
import { PhaseError } from "./engine.ts";
import { shutdown } from "./operate.ts";

const FIVE = { servers: 3, clients: 2 };
const CONFD = "m0d@0x7200000000000001:0x9";
const IOS = "m0d@0x7200000000000001:0xc";

/** How each phase ended, `hax done`. */
function outcomes({ events }: StandInCluster): readonly string[] {
  return events.flatMap((e) => e.event === "phase-end" ? [`${e.phase} ${e.outcome}`] : []);
}

Deno.test("bootstrap() brings everything up, each phase after the one that it needs", async () => {
  await using cluster = new StandInCluster(FIVE);
  await bootstrapOn(cluster);
  const phases = ["check", "storage", ...PHASE_NAMES.slice(1)];
  assertEquals(outcomes(cluster), phases.map((name) => `${name} done`));
  const starts = cluster.changes.flatMap((change) =>
    /: (?:start|run|import) (\S+?)(?:@|$| keys)/.exec(change)?.[1] ?? []
  );
  const order = starts.filter((name, i) => name !== starts[i - 1]);
  const expected = ["hare-consul-agent", "41", "hare-consul-agent", "hare-hax", "hare-rc"];
  assertEquals(order.slice(0, expected.length), expected);
  // The hosts format and start their servers side by side: first all confds, then all io servers.
  const servers = cluster.changes.flatMap((change) =>
    /^(\S+: (?:run mero-mkfs|start m0d))@/.exec(change)?.[1] ?? []
  );
  assertEquals(starts.length - servers.length, starts.indexOf("mero-mkfs"));
  for (const phase of [servers.slice(0, 6), servers.slice(6)]) {
    for (const host of ["h1", "h2", "h3"]) {
      const own = phase.filter((change) => change.startsWith(`${host}:`));
      assertEquals(own, [`${host}: run mero-mkfs`, `${host}: start m0d`]);
    }
  }
  assertEquals(cluster.running.length, 3 * 5 + 2 * 3);
  const agents = cluster.hosts.map(({ files }) =>
    JSON.parse(files.get("/etc/hare/consul.d/agent.json") ?? "")
  );
  assertEquals(agents.map((agent) => agent.bootstrap_expect), [3, 3, 3, undefined, undefined]);
  assertEquals(agents[3].retry_join, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  assertEquals(cluster.consul.value("hare/lock"), undefined);
});

Deno.test("bootstrap() has servers start and stop in their order also with their host", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster);
  const { files } = cluster.host("h1");
  const dropIn = (unit: string) => files.get(`/etc/systemd/system/${unit}.service.d/hare.conf`);
  assertStringIncludes(dropIn(CONFD) ?? "", "After=hare-hax.service\n");
  assertStringIncludes(dropIn(IOS) ?? "", `After=hare-hax.service ${CONFD}.service\n`);
});

Deno.test("bootstrap() of what is up changes nothing", async () => {
  await using cluster = new StandInCluster(FIVE);
  await bootstrapOn(cluster);
  const before = cluster.snapshot();
  cluster.forget();
  await bootstrapOn(cluster);
  assertEquals(cluster.changes, []);
  assertEquals(cluster.snapshot(), before);
});

for (
  const [world, prepare] of [
    ["where nothing is", () => Promise.resolve()],
    [
      "where a bring-up has stopped half-way",
      (cluster: StandInCluster) => bootstrapOn(cluster, { selection: { until: "rc" } }),
    ],
    ["where the cluster was shut down", async (cluster: StandInCluster) => {
      await bootstrapOn(cluster);
      await operateOn(shutdown, cluster);
    }],
    ["where servers have died", async (cluster: StandInCluster) => {
      await bootstrapOn(cluster);
      cluster.host("h1").end(CONFD, "inactive");
      cluster.host("h2").end("hare-hax", "inactive");
    }],
  ] as const
) {
  Deno.test(`bootstrap() as a dry run, ${world}, lists what a run does and changes nothing`, async () => {
    await using cluster = new StandInCluster(FIVE);
    await prepare(cluster);
    cluster.forget();
    const before = cluster.snapshot();
    await bootstrapOn(cluster, { dryRun: true });
    const dry = cluster.changes;
    assertEquals(cluster.snapshot(), before);
    cluster.forget();
    await bootstrapOn(cluster);
    assert(dry.length > 0);
    assertEquals(dry.toSorted(), cluster.changes.toSorted());
  });
}

Deno.test("bootstrap() says which host failed, and why; the next one does the rest only", async () => {
  await using cluster = new StandInCluster(FIVE);
  cluster.failing.add("h4: hare-hax");
  const error = await assertRejects(() => bootstrapOn(cluster), PhaseError);
  assertEquals(
    error.message,
    "could not start hax:\n  h4: unit hare-hax: exit status 1; its last lines:\n    out of luck",
  );
  assertEquals(error.failures.map(({ host }) => host), ["h4"]);
  assertStringIncludes(error.hint ?? "", "`journalctl -u hare-hax` there tells more");
  assertStringIncludes(error.hint ?? "", "the same command with --reset-failed goes on");
  assertEquals(cluster.running.filter((unit) => unit.endsWith("hare-hax")).length, 4);
  cluster.forget();

  const refused = await assertRejects(() => bootstrapOn(cluster), PhaseError);
  assertStringIncludes(refused.message, "h4:\n  failed-units: unit hare-hax.service has failed");
  assertEquals(cluster.changes, []);
  await bootstrapOn(cluster, { resetFailed: true });
  assertEquals(cluster.changes.slice(0, 2), ["h4: reset hare-hax.service", "h4: start hare-hax"]);
  assertEquals(cluster.changes.filter((change) => change.includes("hare-consul-agent")), []);
  assertEquals(cluster.running.length, 3 * 5 + 2 * 3);
});

Deno.test("bootstrap() that fails takes back what it did, in reverse, with --rollback", async () => {
  await using cluster = new StandInCluster(FIVE);
  await bootstrapOn(cluster, { selection: { until: "consul-clients" } });
  const before = cluster.snapshot();
  const running = cluster.running;
  cluster.forget();
  cluster.failing.add("h2: hare-rc");
  const error = await assertRejects(() => bootstrapOn(cluster, { rollback: true }), HareError);
  assertStringIncludes(error.message, "could not start the recovery coordinator:\n  h2: ");
  assertEquals(cluster.running, running);
  cluster.host("h2").units.delete("hare-rc"); // it has failed, which nobody takes back
  assertEquals(cluster.snapshot(), before);
  const started = cluster.changes.filter((change) => change.includes(": start "));
  const stopped = cluster.changes.filter((change) => change.includes(": stop "));
  const inReverse = started.toReversed().map((change) => change.replace(": start ", ": stop "));
  assertEquals(stopped, inReverse);
});

Deno.test("bootstrap() with --rollback takes its import back, but no key of others", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster, { selection: { until: "consul-servers" } });
  cluster.consul.put("somebody/else", "1");
  cluster.failing.add("h1: hare-hax");
  await assertRejects(() => bootstrapOn(cluster, { rollback: true }), HareError, "start hax");
  assertEquals([...cluster.consul.keys.keys()], ["somebody/else"]);
});

for (const phase of PHASE_NAMES.slice(1, -1)) {
  Deno.test(`bootstrap() cut short in phase ${phase} names what it started, and can go on`, async () => {
    await using cluster = new StandInCluster(FIVE);
    const stop = new AbortController();
    const reason = new HareError("interrupted by SIGINT");
    let current = "";
    const error = await assertRejects(() =>
      bootstrapOn(cluster, {
        signal: stop.signal,
        report: (event) => {
          cluster.events.push(event);
          if (event.event === "phase") current = event.phase;
          if (event.event === "change" && current === phase) stop.abort(reason);
        },
      }), HareError);
    const running = cluster.running.map((unit) => unit.split(": ")[1]);
    assertStringIncludes(error.message, `interrupted by SIGINT, in phase ${phase}`);
    for (const unit of running) assertStringIncludes(error.message, unit ?? "");
    assertEquals(running.length === 0, error.message.includes("nothing was started"));
    assertEquals(cluster.consul.value("hare/lock"), undefined);
    await bootstrapOn(cluster);
    assertEquals(cluster.running.length, 3 * 5 + 2 * 3);
  });
}

Deno.test("bootstrap() cut short takes back what it did with --rollback", async () => {
  await using cluster = new StandInCluster(FIVE);
  const before = cluster.snapshot();
  const stop = new AbortController();
  cluster.onCommand = (command) => {
    if (command === `h1: start ${CONFD}`) stop.abort(new HareError("interrupted by SIGINT"));
  };
  const error = await assertRejects(
    () => bootstrapOn(cluster, { signal: stop.signal, rollback: true }),
    HareError,
  );
  assertEquals(error.message, "interrupted by SIGINT, in phase confd");
  assertStringIncludes(error.hint ?? "", "what this run had changed is taken back");
  assertEquals(cluster.consul.value("hare/lock"), undefined);
  assertEquals(cluster.running, []);
  // Formatting is not undone, so its notes stay, too.
  const onHosts = cluster.snapshot()
    .filter((line) => !line.startsWith("KV") && !line.includes("/.hare-mkfs-"));
  assertEquals(onHosts, before);
});

Deno.test("bootstrap() tells all that is wrong with the hosts before it changes anything", async () => {
  await using cluster = new StandInCluster(FIVE);
  cluster.dead.add("h3");
  cluster.host("h5").units.set("hare-rc", "failed");
  const before = cluster.snapshot();
  const error = await assertRejects(() => bootstrapOn(cluster), PhaseError);
  assertStringIncludes(error.message, "h3:\n  reachable: h3: no route to host");
  assertStringIncludes(error.message, "h5:\n  failed-units: unit hare-rc.service has failed");
  assertEquals(cluster.snapshot(), before);
  assertEquals(cluster.changes, []);
});

Deno.test("bootstrap() passes over the checks that it is told to", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  cluster.host("h1").units.set("hare-x", "failed");
  await bootstrapOn(cluster, { ignored: new Set(["failed-units"]) });
  assertEquals(cluster.running.length, 5);
});

Deno.test("bootstrap() runs the selected phases only", async () => {
  await using cluster = new StandInCluster(FIVE);
  await bootstrapOn(cluster, { selection: { until: "generate" } });
  assertEquals(cluster.running, []);
  assertEquals(outcomes(cluster), ["check done", "generate done"]);
  cluster.forget();
  await bootstrapOn(cluster, { selection: { only: ["consul-servers", "import"] } });
  assertEquals(outcomes(cluster), ["check done", "consul-servers done", "import done"]);
  assertEquals(cluster.running.length, 3);
});

Deno.test("bootstrap() refuses while somebody else operates on the cluster", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  await bootstrapOn(cluster, { selection: { until: "import" } });
  const lock = JSON.stringify({ host: "h9", command: "hare shutdown", since: "today" });
  cluster.consul.put("hare/lock", lock, cluster.consul.addSession("h9", "hare shutdown on h9"));
  cluster.forget();
  await assertRejects(
    () => bootstrapOn(cluster),
    HareError,
    "somebody else operates on this cluster: hare shutdown on h9, since today",
  );
  assertEquals(cluster.changes, []);
});

Deno.test("bootstrap() refuses while another operation is under way on this host", async () => {
  await using cluster = new StandInCluster({ servers: 1 });
  const lockPath = await Deno.makeTempFile();
  using file = await Deno.open(lockPath, { write: true });
  await file.lock(true);
  await assertRejects(
    () => bootstrapOn(cluster, { lockPath }),
    HareError,
    "another operation on the cluster is under way on this host",
  );
  await file.unlock();
  // Who was refused still waits for the lock, gets it now, and gives it back.
  await waitFor("the file to be closed", async () => {
    const open = await openFilesAt(lockPath);
    return open === 1
      ? { ready: true, value: open }
      : { ready: false, why: `it is open ${open} times` };
  }, { limitMs: 10_000, intervalMs: 5 });
  await Deno.remove(lockPath);
});

async function openFilesAt(path: string): Promise<number> {
  const entries = await Array.fromAsync(Deno.readDir("/proc/self/fd"));
  const places = await Promise.all(
    entries.map(({ name }) => Deno.readLink(`/proc/self/fd/${name}`).catch(() => "")),
  );
  return places.filter((place) => place === path).length;
}

Deno.test("bootstrap() takes files that were made before, unless they are of another cluster", async () => {
  await using cluster = new StandInCluster(FIVE);
  await bootstrapOn(cluster, { selection: { until: "generate" } });
  const directory = await Deno.makeTempDir();
  const files = [...cluster.host("h1").files].filter(([path]) => path.includes("/config/"));
  for (const [path, text] of files) {
    const edited = path.endsWith("confd.xc") ? `${text}# by hand\n` : text;
    await Deno.writeTextFile(`${directory}/${path.split("/").at(-1)}`, edited);
  }
  await bootstrapOn(cluster, { confDir: directory });
  assertStringIncludes(cluster.host("h2").files.get("/etc/mero/confd.xc") ?? "", "# by hand");
  await using smaller = new StandInCluster({ servers: 1 });
  await assertRejects(
    () => bootstrapOn(smaller, { confDir: directory }),
    HareError,
    "is of another cluster than the CDF and its hosts",
  );
  await Deno.remove(directory, { recursive: true });
});

Deno.test("planBootstrap() refuses another host than a server, and phases that there are not", async () => {
  await using cluster = new StandInCluster(FIVE);
  const cdf = { text: cluster.cdf, name: "cdf.yaml" };
  const error = assertThrows(
    () => planBootstrap(cdf, "mero", {}, "h4"),
    HareError,
    "this host, h4, is no server node of the cluster",
  );
  assertEquals(error.hint, "run it on one of h1, h2, h3");
  assertThrows(() => planBootstrap(cdf, "mero", { until: "x" }, "h1"), UsageError, '"x"');
});
