/**
 * What it costs to watch the health of a node's 20 services, side by side: `hare hax` that tells its
 * Consul agent of them, with the HA link up; and the original's way, a script that asks systemd for each service, each second:
 * `tools/deno run -A tests/bench/hax_cost.ts [MINUTES]`. Prints a table for README.md here.
 *
 * @module
 */

import { layoutOf } from "../../mod/kv/cluster.ts";
import { EPOCH, IMPORTED, NODE_PREFIX, serviceKey } from "../../mod/kv/keys.ts";
import { elect, eventually, registerServicesOf, reportTo, startProcess } from "../hax/node.ts";
import { buildForTests } from "../halink/fake_motr.ts";
import { startConsul } from "../lib/consul.ts";
import { HARE } from "../lib/hare.ts";
import { cpuSeconds, print, rssMb } from "./measure.ts";

const minutes = Number(Deno.args[0] ?? 5);
const SERVICES = 20;
/** Mero's services of the first processes; the others are io servers. */
const TYPES = ["ha rms", "rms confd"];
const [OURS, THEIRS, IDLE] = ["127.80.9.1", "127.80.9.2", "127.80.9.3"];
const SETTLING_MS = 10_000;

const libmotr = (await buildForTests("what hax costs", ["motr"])).get("motr") ?? "";

const dir = await Deno.makeTempDir();
await using cleanUp = new AsyncDisposableStack();
cleanUp.defer(() => Deno.remove(dir, { recursive: true }));

/** One script for each service, each second; it leaves a mark of each run. */
const marks = `${dir}/marks`;
const script = `${dir}/check-service`;
await Deno.writeTextFile(
  script,
  `#!/usr/bin/env bash
printf . >>${marks}
state=$(systemctl is-active "m0d@$1" 2>/dev/null)
[ "$state" != failed ]
`,
  { mode: 0o755 },
);
const scripted = Array.from({ length: SERVICES }, (_, i) => ({
  id: String(i),
  name: "ios",
  checks: [{ args: [script, String(i)], interval: "1s", timeout: "900ms" }],
}));
const theirs = cleanUp.use(
  await startConsul({
    address: THEIRS,
    node: "theirs",
    hcl: [JSON.stringify({ enable_local_script_checks: true, services: scripted })],
  }),
);

/** What an agent costs that checks nothing. */
const idle = cleanUp.use(await startConsul({ address: IDLE, node: "idle" }));

const ours = cleanUp.use(await startConsul({ address: OURS, node: "ours" }));
const { consul } = ours;
await consul.kv.put(EPOCH, "1");
for (let i = 0; i < SERVICES; i++) {
  await consul.kv.put(serviceKey("ours", 10 + i, "types"), TYPES[i] ?? "rms ios");
  await consul.kv.put(serviceKey("ours", 10 + i, "ep"), `10.0.0.1@tcp:12345:2:${i + 1}`);
}
await consul.kv.put(IMPORTED, "now");
await elect(consul, "ours");
const { processes } = layoutOf(await consul.kv.list(NODE_PREFIX));
await registerServicesOf(consul, OURS, processes);
const socket = `${await Deno.makeTempDir()}/hax.sock`;
const hax = cleanUp.use(
  new Deno.Command(HARE, {
    args: ["hax", "--listen", OURS, "--socket", socket, "--libmotr", libmotr],
    env: { CONSUL_HTTP_ADDR: `${OURS}:8500` },
    stderr: "null",
  }).spawn(),
);
for (const { fid, types } of processes) {
  if (types.includes("ha")) continue;
  const { pid } = cleanUp.use(startProcess());
  await eventually(
    "a report to be taken",
    () => reportTo(socket, fid, { event: "started", type: "M0D", pid }).catch(() => null),
    202,
  );
}
await eventually("the HA link to be up", async () => {
  const response = await fetch(`http://${OURS}:8008/health`);
  return (await response.json()).link;
}, "up");
await eventually("all services to pass", async () => {
  const checks = await consul.agent.checks();
  return checks.filter(({ status }) => status === "passing").length;
}, SERVICES);
await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));

/** Seconds of processor time of a process that has gone into children that ended. */
async function childrenSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
const runs = async () => (await Deno.stat(marks)).size;
const PARTS = {
  "hare hax": hax.pid,
  "Consul that is told": ours.pid,
  "Consul with scripts": theirs.pid,
  "Consul that checks nothing": idle.pid,
};
const read = () =>
  Promise.all(
    Object.values(PARTS).map(async (pid) => [await cpuSeconds(pid), await childrenSeconds(pid)]),
  );
const [before, runsBefore] = [await read(), await runs()];
await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
const [after, runsAfter] = [await read(), await runs()];
print(`| ${SERVICES} services, ${minutes} minutes | of a core | children, of a core | memory |`);
print("| --- | --- | --- | --- |");
for (const [i, [name, pid]] of Object.entries(PARTS).entries()) {
  const shares = [0, 1].map((k) => (after[i]?.[k] ?? 0) - (before[i]?.[k] ?? 0))
    .map((seconds) => `${(seconds / (minutes * 60) * 100).toFixed(2)} %`);
  print(`| ${name} | ${shares.join(" | ")} | ${await rssMb(pid)} MB |`);
}
print(`scripts run: ${runsAfter - runsBefore}`);
