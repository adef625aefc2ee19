/**
 * Clusters of test hosts as an administrator brings them up: a CDF, `hare install`, and
 * `hare bootstrap` from the built binary; and what is on the hosts afterwards.
 *
 * @module
 */

import type { PhaseOutcome } from "../../mod/bringup/engine.ts";
import type { OperationEvent } from "../../mod/bringup/operation.ts";
import { assertEquals } from "../lib/assert.ts";
import type { TestHost, TestHosts } from "../hosts/mod.ts";
import { DISK_GLOB } from "../hosts/units.ts";
import { changes, copyTo } from "../install/machine.ts";

/** Where the CDF is on the first host. */
export const CDF = "/root/cdf.yaml";

/** A host that runs a confd beside its io server, and so a Consul server and an RC. */
const CONFD = "{ runs_confd: true }";
const IOS = `{ io_disks: { path_glob: "${DISK_GLOB}" } }`;

function hostOf(number: number, servers: string): string {
  return `
  - name: ssc-vm${number}
    data_iface: eth0
    m0_servers: [${servers}]
    c0_clients: 1
    m0t1fs_clients: 0`;
}

/** A CDF: the first hosts are servers, each with a confd and an io server; the others clients. */
export function cdfOf(servers: number, clients: number): string {
  const hosts = Array.from(
    { length: servers + clients },
    (_, i) => hostOf(i + 1, i < servers ? `${CONFD}, ${IOS}` : ""),
  );
  return `hosts:${hosts.join("")}
pools:
  - { name: tier1, disks: all, data_units: 1, parity_units: 0 }
`;
}

/**
 * Gets hosts ready to be brought up from the first one: the binary is copied there, which installs
 * itself on all; the CDF of the first `servers` hosts as servers is put there.
 */
export async function prepare({ all }: TestHosts, servers: number): Promise<TestHost> {
  const [first, ...others] = all;
  if (first === undefined) throw new Error("there is no host");
  await copyTo(first);
  await changes(first, "--host", ...all.map(({ name }) => name));
  await first.write(CDF, cdfOf(servers, others.length + 1 - servers));
  return first;
}

/** What a run of an operation came to. */
export interface Ran {
  readonly code: number;
  readonly events: readonly OperationEvent[];
  readonly stderr: string;
}

/** Options of {@linkcode operation}. */
export interface RunOptions {
  /** Is told each event as it comes. */
  readonly onEvent?: ((event: OperationEvent) => void) | undefined;
  /** After so many milliseconds it is killed. {@default 180000} */
  readonly limitMs?: number | undefined;
  /** What it is run by: `systemd-run`, with arguments. {@default nothing} */
  readonly by?: readonly string[] | undefined;
}

/** Runs `hare bootstrap --json` on a host, with the CDF that {@linkcode prepare} has put there. */
export function bootstrap(
  host: TestHost,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Ran> {
  return operation(host, ["bootstrap", ...args, CDF], options);
}

/** Runs `hare COMMAND --json` on a host. */
export async function operation(
  host: TestHost,
  [command = "", ...args]: readonly string[],
  { onEvent, limitMs = 180_000, by = [] }: RunOptions = {},
): Promise<Ran> {
  const argv = [...by, "hare", command, "--json", ...args];
  const [program, ...words] = await host.argv(argv as [string, ...string[]]);
  const child = new Deno.Command(program, {
    args: words,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(limitMs),
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const events: OperationEvent[] = [];
  let rest = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event: OperationEvent = JSON.parse(line);
      events.push(event);
      onEvent?.(event);
    }
  }
  const { code } = await child.status;
  return { code, events, stderr: await stderr };
}

/** The same, which must go well. */
export async function bootstrapWell(
  host: TestHost,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Ran> {
  const ran = await bootstrap(host, args, options);
  assertEquals([ran.code, withoutLog(ran.stderr)], [0, ""]);
  return ran;
}

/** What was written to standard error but the path of the log. */
export function withoutLog(stderr: string): string {
  return stderr.replace(/^log: .*\n/m, "");
}

/** How each phase has ended, by its name. */
export function outcomesOf({ events }: Ran): Readonly<Record<string, PhaseOutcome>> {
  return Object.fromEntries(
    events.flatMap((event) => event.event === "phase-end" ? [[event.phase, event.outcome]] : []),
  );
}

/** What was changed: `ssc-vm1: start hare-hax`, in the order in which it was. */
export function changesIn({ events }: Ran): readonly string[] {
  return events.flatMap((event) =>
    event.event === "change" ? [`${event.where}: ${event.what}`] : []
  );
}

/** The units of Hare and of Mero, as patterns. */
const UNITS = ["hare-*", "m0d@*", "mero-*"];

/**
 * The units of Hare and of Mero that are not at rest, by host: `hare-hax.service active 123`, with
 * the process that runs; one that was started again since has another.
 */
export async function unitsOn(
  hosts: readonly TestHost[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const ask = ["systemctl", "show", "--property=Id,ActiveState,MainPID", ...UNITS] as const;
  const lists = hosts.map(async (host) => {
    const blocks = (await host.output(ask)).trim().split("\n\n");
    const units = blocks.map((block) => {
      const known = new Map(block.split("\n").map((line) => line.split("=") as [string, string]));
      return ["Id", "ActiveState", "MainPID"].map((name) => known.get(name) ?? "").join(" ");
    });
    return [host.name, units.filter((unit) => !/ inactive |^ /.test(unit)).toSorted()] as const;
  });
  return Object.fromEntries(await Promise.all(lists));
}

/** Which of those units are active on each host, without ending and process: `hare-hax`. */
export async function activeOn(
  hosts: readonly TestHost[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const units = Object.entries(await unitsOn(hosts)).map(([host, units]) => {
    const active = units.filter((unit) => unit.includes(" active "));
    return [host, active.map((unit) => unit.replace(/\.service .*/, ""))];
  });
  return Object.fromEntries(units);
}

/** No unit anywhere. */
export function nothingOn(hosts: readonly TestHost[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(hosts.map(({ name }) => [name, []]));
}
