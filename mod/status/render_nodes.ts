/**
 * The lower part of the screen: each node, and the processes on it.
 *
 * @module
 */

import { formatFid } from "../lib/fid.ts";
import { type Line, lineText, type Piece } from "../lib/lines.ts";
import { tableLines } from "../lib/table.ts";
import { columnsOf } from "../lib/visible.ts";
import { countTitles } from "./reasons.ts";
import type { Tallies } from "./tallies.ts";
import { type NodeView, type ProcessView, titleOf, type World } from "./world.ts";

/** Options of {@linkcode nodeLines}. */
export interface NodeLinesOptions {
  /** Characters in a line. */
  readonly width: number;
  /** Each process, also where many nodes are well. {@default false} */
  readonly all?: boolean | undefined;
}

/** With more nodes than this, those that are well have one line each. */
const MANY_NODES = 8;

const INDENT = "  ";

/** A paragraph a node: a heading, and a line for each process. */
export function nodeLines(
  world: World,
  tallies: Tallies,
  { width, all = false }: NodeLinesOptions,
): readonly Line[] {
  const brief = world.nodes.length > MANY_NODES && !all;
  const blocks = world.nodes.map((node) => {
    const here = world.processes.filter((process) => process.node === node.name);
    const ours = here.filter(({ role }) => role !== "client");
    const well = node.presence === "alive" && !ours.some((process) => tallies.idle.has(process));
    return brief && well
      ? { node, processes: [], summary: ours.length === 0 ? "" : `${countTitles(ours)} serve` }
      // A client that never reported is most likely not there, which is no fault.
      : {
        node,
        processes: here.filter(({ record, role }) => role !== "client" || record !== null),
      };
  });
  const headings = tableLines(
    blocks.map(({ node, summary = "" }) => headingOf(node, summary, world)),
  );
  const details = processLines(
    blocks.flatMap(({ node, processes }) => processes.map((process) => ({ node, process }))),
    width - INDENT.length,
  );
  let next = 0;
  return blocks.flatMap(({ processes }, i) => [
    headings[i] ?? "",
    ...details.slice(next, next += processes.length).map((line) => [INDENT, ...line]),
  ]);
}

function headingOf(
  { name, presence, troubles }: NodeView,
  summary: string,
  world: World,
): readonly Piece[] {
  const server = world.consul.servers.find(({ node }) => node === name);
  const duties = [
    ...(server === undefined ? [] : [
      server.leads
        ? "Consul leader"
        : server.votes
        ? "Consul server"
        : "Consul server, no vote yet",
    ]),
    ...(world.rc.leader === name ? ["RC leader"] : world.rc.running.includes(name) ? ["RC"] : []),
  ];
  return [
    { text: name, style: "strong" },
    presence !== "alive"
      ? { text: presence.toUpperCase(), style: "bad" }
      : troubles.length > 0
      ? { text: "OFFLINE", style: "bad" }
      : presence,
    duties.join(", "),
    summary,
  ];
}

/** A process, and the node it is on. */
interface Located {
  readonly node: NodeView;
  readonly process: ProcessView;
}

/** How much a line tells; where lines are too long for the screen, the next. */
const DETAILS = ["everything", "short endpoints", "no endpoints"] as const;

/** One line each, in columns that all share. */
function processLines(all: readonly Located[], width: number): readonly Line[] {
  let lines: readonly Line[] = [];
  for (const detail of DETAILS) {
    lines = tableLines(all.map((one) => rowOf(one, detail)));
    if (lines.every((line) => columnsOf(lineText(line)) <= width)) break;
  }
  return lines;
}

function rowOf({ node, process }: Located, detail: typeof DETAILS[number]): readonly Piece[] {
  return [
    titleOf(process),
    formatFid(process.fid),
    stateCell(process),
    node.presence !== "alive"
      ? { text: "unknown", style: "bad" }
      : node.troubles.length > 0
      ? { text: "offline", style: "bad" }
      : checkCell(process),
    { text: endpointText(process, detail), style: "faint" },
  ];
}

/** LNet's endpoints share their middle part: `192.168.0.1@...:44:101` is as good. */
function endpointText({ endpoint }: ProcessView, detail: typeof DETAILS[number]): string {
  switch (detail) {
    case "everything":
      return endpoint;
    case "short endpoints":
      return endpoint.replace("@tcp:12345:", "@...:");
    case "no endpoints":
      return "";
  }
}

/** What the process reported last. hax itself reports nothing. */
function stateCell({ record, role }: ProcessView): Piece {
  if (record === null) return role === "hax" ? "-" : { text: "unknown", style: "doubtful" };
  const text = record.state.toLowerCase();
  return record.state === "STARTED" || role === "client" ? text : { text, style: "doubtful" };
}

/** The worst of the process's checks. */
function checkCell({ checks }: ProcessView): Piece {
  const has = (status: string) => checks.some((check) => check.status === status);
  if (checks.length === 0) return "-";
  if (has("absent")) return { text: "no service", style: "bad" };
  if (has("critical")) return { text: "critical", style: "bad" };
  if (has("warning")) return { text: "warning", style: "doubtful" };
  return { text: "passing", style: "good" };
}
