/**
 * Mero servers that fail while a cluster is brought up: how they are told to, what is to be said of
 * it and what to do, and how it is mended.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import type { FAILURES } from "../../mod/dev/stand_in.ts";
import { assertEquals, assertMatch } from "../lib/assert.ts";
import type { TestHost } from "../hosts/mod.ts";
import { failFile } from "../hosts/units.ts";
import { bootstrap, bootstrapWell, changesIn, type Ran, unitsOn, withoutLog } from "./cluster.ts";

/** A Mero server of a cluster of three servers. */
export interface Server {
  readonly host: TestHost;
  readonly role: "confd" | "ios";
  readonly fid: string;
}

/** A way to fail. */
export interface ServerFault {
  /** For people: `m0d dies at once`. */
  readonly what: string;
  /** What the stand-in is told. */
  readonly order: (typeof FAILURES)[number];
  /** The unit that fails, where one does. */
  readonly failedUnit: (server: Server) => string | null;
  /** What is told of the host. */
  readonly message: (server: Server) => string;
  /** What the next run does again. */
  readonly repeated: (server: Server) => readonly string[];
}

/** The file in which a host keeps how far a server's mkfs has come. */
export function markerOf({ fid }: Server): string {
  return `${TARGETS.mero.dataDirectory}/.hare-mkfs-${fid}.json`;
}

const MKFS = ({ fid }: Server) => `mero-mkfs@${fid}`;
const M0D = ({ fid }: Server) => `m0d@${fid}`;

/** The ways. */
export const SERVER_FAULTS = {
  mkfsFails: {
    what: "mkfs fails",
    order: "mkfs",
    failedUnit: MKFS,
    message: (server) =>
      `unit ${MKFS(server)}: exit status 1; its last lines:\n    hare: mkfs was told to fail`,
    repeated: (server) => [
      `KV: put hare/mkfs/${server.fid}: begun`,
      `${server.host.name}: write ${markerOf(server)}`,
      `${server.host.name}: run ${MKFS(server)}`,
      `${server.host.name}: write ${markerOf(server)}`,
    ],
  },
  m0dDies: {
    what: "m0d dies at once",
    order: "start",
    failedUnit: M0D,
    message: (server) =>
      `unit ${M0D(server)}: exit status 1; its last lines:\n    hare: m0d was told to fail`,
    repeated: (server) => [`${server.host.name}: start ${M0D(server)}`],
  },
  m0dHangs: {
    what: "m0d never gets ready",
    order: "hang",
    failedUnit: () => null,
    message: ({ role, fid }) =>
      `waited for its ${role} to serve: ${role} ${fid}: its last report is M0D STARTING`,
    repeated: () => [],
  },
} as const satisfies Readonly<Record<string, ServerFault>>;

/** Tells a server to fail. */
export async function breakServer({ host, fid }: Server, { order }: ServerFault): Promise<void> {
  await host.write(failFile(fid), order);
}

/** Ends that, as the hint of the failure says. */
export async function mendServer(server: Server, fault: ServerFault): Promise<void> {
  await server.host.output(["rm", failFile(server.fid)]);
  if (fault.failedUnit(server) === null) {
    await server.host.output(["systemctl", "restart", M0D(server)]);
  }
}

/** A run has failed because of that; it names host, unit and reason, and what to do. */
export function assertTells({ code, stderr }: Ran, server: Server, fault: ServerFault): void {
  const unit = fault.failedUnit(server);
  const title = server.role === "confd" ? "start the confds" : "start the io servers";
  const limit = `phase ${server.role} did not end within its time limit of 120 s: `;
  const hint = unit === null
    ? "a server that hangs runs on: once the cause is mended, restart its unit there, " +
      `${M0D(server)}; then the same command goes on from here`
    : `mend the cause, of which \`journalctl -u ${unit}\` there tells more; then the same command ` +
      "with --reset-failed goes on from here";
  const lines = [
    `hare: could not ${title}:`,
    `  ${server.host.name}: ${unit === null ? limit : ""}${fault.message(server)}`,
    `  hint: ${hint}\n`,
  ];
  assertEquals([code, withoutLog(stderr)], [1, lines.join("\n")]);
}

/** Where a unit has failed, the same command again does nothing until somebody has looked. */
export async function assertWantsALook(
  first: TestHost,
  server: Server,
  fault: ServerFault,
): Promise<void> {
  const unit = fault.failedUnit(server);
  if (unit === null) return;
  const refused = await bootstrap(first);
  assertEquals([refused.code, changesIn(refused)], [1, []]);
  const found = `  failed-units: unit ${unit}.service has failed\n    → see why with \`journalctl`;
  assertEquals(
    withoutLog(refused.stderr).startsWith(
      `hare: not every host is ready:\n${server.host.name}:\n${found}`,
    ),
    true,
    refused.stderr,
  );
}

/** Brings the cluster up at last; what runs is left alone, and of what was done all but the last. */
export async function assertGoesOn(
  hosts: readonly TestHost[],
  first: TestHost,
  former: Ran,
  repeated: readonly string[],
): Promise<void> {
  const before = await unitsOn(hosts);
  const ran = await bootstrapWell(first, ["--reset-failed"]);
  assertEquals(changesIn(ran).filter((change) => changesIn(former).includes(change)), repeated);
  const after = await unitsOn(hosts);
  for (const { name } of hosts) {
    const lost = before[name]?.filter((unit) =>
      / active /.test(unit) && !after[name]?.includes(unit)
    );
    assertEquals(lost, []);
    for (const unit of after[name] ?? []) assertMatch(unit, / active /);
  }
}
