/**
 * The states of the cluster's objects as hax tells them to a process that asks: from what Consul
 * has, nothing made up.
 *
 * @module
 */

import type { KnownState, Note } from "../halink/mod.ts";
import type { ConfProcess, Layout } from "../kv/cluster.ts";
import type { ProcessRecord } from "../kv/process_state.ts";
import { type Fid, formatFid, isFidOf, makeFid } from "../lib/fid.ts";

/** What is known of the cluster. */
export interface KnownStates {
  readonly layout: Layout;
  /** The last state that was broadcast of an object, if any was. */
  readonly broadcast: (fid: Fid) => KnownState | undefined;
  /** The records of all nodes' processes, by fid. */
  readonly records: ReadonlyMap<string, ProcessRecord>;
}

/**
 * The state of an object for `asker`.
 *
 * - A process is what its record says of its m0d: online once it has started, failed when it has
 *   stopped; transient, which is to say not yet, where it never ran. m0mkfs changes nothing.
 * - A service shares the lot of its process; else it is what was last broadcast of it.
 * - Anything else is what was last broadcast of it, and online where nothing ever was.
 *
 * The asker itself and its services are never failed: it lives, whatever was true of its last life.
 */
export function stateFor(asker: Fid | null, fid: Fid, known: KnownStates): KnownState {
  const owner = ownerOf(fid, known.layout);
  const broadcast = known.broadcast(fid) ?? "online";
  if (owner === null) return broadcast;
  if (asker !== null && formatFid(owner.fid) === formatFid(asker)) return "online";
  const lot = stateOfProcess(owner, known);
  return formatFid(owner.fid) === formatFid(fid) || lot !== "online" ? lot : broadcast;
}

/** The process that `fid` is, or that it is a service of; `null` for any other object. */
export function ownerOf(fid: Fid, { processes }: Layout): ConfProcess | null {
  if (isFidOf("process", fid)) {
    return processes.find((process) => formatFid(process.fid) === formatFid(fid)) ?? null;
  }
  if (!isFidOf("service", fid)) return null;
  // cfgen gives a process and its services keys in one go, and processes are in that order.
  return processes.findLast(({ fidk }) => BigInt(fidk) < fid.key) ?? null;
}

/**
 * The same states, and after each one of a process those of its services: Mero does not conclude from
 * the one to the others. (One that waits for a resource manager which has died goes on waiting until
 * it is told that the service of that resource manager has failed.)
 */
export function withServices(notes: readonly Note[], layout: Layout): readonly Note[] {
  const own = new Set(notes.map(({ fid }) => formatFid(fid)));
  return notes.flatMap((note) => {
    if (!isFidOf("process", note.fid)) return [note];
    const services = (ownerOf(note.fid, layout)?.types ?? []).map((_, i) =>
      makeFid("service", note.fid.key + BigInt(i + 1))
    );
    const rest = services.filter((fid) => !own.has(formatFid(fid)));
    return [note, ...rest.map((fid) => ({ fid, state: note.state }))];
  });
}

function stateOfProcess(process: ConfProcess, { records, broadcast }: KnownStates): KnownState {
  const record = records.get(formatFid(process.fid));
  if (record === undefined || record.type === "M0MKFS") return "transient";
  switch (record.state) {
    case "STARTED":
    case "STOPPING":
      return "online";
    case "STARTING":
      return broadcast(process.fid) === "failed" ? "failed" : "transient";
    case "STOPPED":
      return "failed";
  }
}

/** `0x…:0x9 is failed, …`: the first few of many. */
export function summaryOf(notes: readonly Note[]): string {
  const shown = notes.slice(0, 4).map(({ fid, state }) => `${formatFid(fid)} is ${state}`);
  const more = notes.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}
