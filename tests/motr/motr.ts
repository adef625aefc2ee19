/**
 * Real Motr, for tests: where it is, what a client does, and when a cluster of it is well.
 *
 * @module
 */

import type { ProcessJson, StatusJson } from "../../mod/status/json.ts";
import { assertEquals } from "../lib/assert.ts";

const VARIABLE = "HARE_TEST_MOTR";

/** Directory with Motr's `bin/` and `lib/`; empty where there is none. */
export const MOTR: string = Deno.env.get(VARIABLE) ?? "";

/** Why real Motr is not tested; `null` where it is. */
export const WHY_NO_MOTR: string | null = MOTR === ""
  ? `no real Motr: ${VARIABLE} names no directory`
  : null;

/** How much a client writes and reads, in MiB. */
export const SIZE_MIB = 8;
/** Bytes of a MiB. */
export const MIB: number = 2 ** 20;

/** What a client needs to know. */
export interface ClientWorld {
  /** Directory of Motr's programs. */
  readonly bin: string;
  readonly status: StatusJson;
  /** The client's node. */
  readonly node: string;
  /** Fid of the profile. */
  readonly profile: string;
}

/** The command line with which a client writes a file into an object, or reads it into a file. */
export function clientCommand(
  program: "m0cp" | "m0cat",
  { path, object }: { readonly path: string; readonly object: number },
  { bin, status, node, profile }: ClientWorld,
): readonly [string, ...string[]] {
  const own = (role: ProcessJson["role"]) =>
    processesOf(status, role).find((one) => one.node === node);
  const { endpoint = "", fid = "" } = own("client") ?? {};
  return [
    `${bin}/${program}`,
    ...["-l", endpoint, "-H", own("hax")?.endpoint ?? "", "-p", `<${profile}>`, "-P", `<${fid}>`],
    ...["-o", `1:${object}`, "-s", "1m", "-c", `${SIZE_MIB}`, "-L", "9", path],
  ];
}

/** Processes of a role, in the order of nodes. */
export function processesOf(
  { cluster }: StatusJson,
  role: ProcessJson["role"],
): readonly ProcessJson[] {
  return cluster?.processes.filter((one) => one.role === role) ?? [];
}

/** Everything that Hare starts has said that it has started. */
export function assertAllStarted(status: StatusJson): void {
  assertEquals([status.level, status.reasons], ["healthy", []]);
  const servers = status.cluster?.processes.filter(({ role }) => role !== "client") ?? [];
  const states = new Set(servers.map(({ type, state }) => `${type} ${state}`));
  assertEquals(states, new Set(["M0D STARTED"]));
}
