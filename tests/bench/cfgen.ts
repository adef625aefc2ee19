/**
 * How time and memory of `hare cfgen` grow with the cluster: `deno run -A tests/bench/cfgen.ts
 * [RUNS]`, with the binary built before. Prints a table for README.md here.
 *
 * @module
 */

import { FILE_NAMES } from "../../cfgen/mod.ts";
import { join } from "../../mod/lib/std/path.ts";
import { hare } from "../lib/hare.ts";

/** Hosts of the clusters that are measured, in this order: the peak of memory only goes up. */
const HOSTS = [1, 30, 100, 300, 1000] as const;
const DISKS = 24;
const POOLS = [[8, 2], [4, 2], [2, 1]] as const;

/** The description of a cluster and the facts of its hosts. */
function cluster(hosts: number): { readonly cdf: string; readonly facts: string } {
  const names = Array.from({ length: hosts }, (_, i) => `h${i}`);
  const host = (name: string, i: number) =>
    `\
  - name: ${name}
    data_iface: eth1
    m0_servers:
${i < 3 ? "      - runs_confd: true\n" : ""}      - io_disks: { path_glob: "/dev/sd*" }
    c0_clients: 2
    m0t1fs_clients: 0
`;
  const pool = ([data, parity]: readonly [number, number], i: number) =>
    `  - { name: tier${i}, disks: all, data_units: ${data}, parity_units: ${parity} }\n`;
  const disks = Array.from({ length: DISKS }, (_, i) => ({
    path: `/dev/sd${String.fromCharCode("b".charCodeAt(0) + i)}`,
    size: 8 * 2 ** 40,
    blksize: 4096,
  }));
  const facts = (hostname: string, i: number) => ({
    hostname,
    processorcount: 32,
    memorysize_mb: 128 * 1024,
    ipaddress_eth1: `10.0.${i >> 8}.${i & 255}`,
  });
  return {
    cdf: `hosts:\n${names.map(host).join("")}pools:\n${POOLS.map(pool).join("")}`,
    facts: JSON.stringify({
      hosts: Object.fromEntries(
        names.map((name, i) => [name, { facts: facts(name, i), disks: { "/dev/sd*": disks } }]),
      ),
    }),
  };
}

/** What the system has noted of all children that have ended. */
interface Usage {
  /** User and system time, in milliseconds. */
  readonly cpu: number;
  /** Peak of memory of the largest one, in MiB. */
  readonly peak: number;
}

const libc = Deno.dlopen("libc.so.6", {
  getrusage: { parameters: ["i32", "buffer"], result: "i32" },
});

/** `getrusage(RUSAGE_CHILDREN)`: what GNU time shows, without GNU time. */
function usageOfChildren(): Usage {
  const usage = new BigInt64Array(18);
  if (libc.symbols.getrusage(-1, usage) !== 0) throw new Error("getrusage failed");
  const [userS = 0n, userUs = 0n, systemS = 0n, systemUs = 0n, maxKiB = 0n] = usage;
  return {
    cpu: Number(userS + systemS) * 1000 + Number(userUs + systemUs) / 1000,
    peak: Number(maxKiB) / 1024,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

const runs = Number(Deno.args[0] ?? 5);
const lines = [
  `${DISKS} drives a host, ${POOLS.length} pools of all drives; median of ${runs} runs`,
  "",
  "| hosts | drives | objects | output, MB | wall, ms | CPU, ms | CPU a drive and pool, µs | peak, MiB |",
  "| --- | --- | --- | --- | --- | --- | --- | --- |",
];
const directory = await Deno.makeTempDir();
const [cdfFile, factsFile] = [join(directory, "cdf.yaml"), join(directory, "facts.json")];
let starting: number | undefined; // CPU time of the smallest cluster: the start of the program
for (const hosts of HOSTS) {
  const { cdf, facts } = cluster(hosts);
  await Deno.writeTextFile(cdfFile, cdf);
  await Deno.writeTextFile(factsFile, facts);
  const [wall, cpu]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run += 1) {
    const [start, before] = [performance.now(), usageOfChildren().cpu];
    const { code, stderr } = await hare(["cfgen", "--facts", factsFile, "-o", directory, cdfFile]);
    if (code !== 0) throw new Error(stderr);
    wall.push(performance.now() - start);
    cpu.push(usageOfChildren().cpu - before);
  }
  const sizes = FILE_NAMES.map((name) => Deno.statSync(join(directory, name)).size);
  const [, objects] = /^\[(\d+):/.exec(await Deno.readTextFile(join(directory, "confd.xc"))) ?? [];
  const drives = hosts * DISKS;
  starting ??= median(cpu);
  const growth = (median(cpu) - starting) * 1000 / (drives * POOLS.length);
  lines.push(`| ${
    [
      hosts,
      drives,
      objects,
      (sizes.reduce((a, b) => a + b, 0) / 1e6).toFixed(1),
      median(wall).toFixed(0),
      median(cpu).toFixed(0),
      hosts === HOSTS[0] ? "-" : growth.toFixed(1),
      usageOfChildren().peak.toFixed(0),
    ].join(" | ")
  } |`);
}
await Deno.remove(directory, { recursive: true });
libc.close();
await Deno.stdout.write(new TextEncoder().encode(lines.join("\n") + "\n"));
