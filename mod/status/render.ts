/**
 * The cluster on one screen: what is wrong first, then who leads, then each process. Pure.
 *
 * @module
 */

import type { Line, Style, StyledText } from "../lib/lines.ts";
import { tableLines } from "../lib/table.ts";
import { columnsOf, visible } from "../lib/visible.ts";
import type { Assessment, Level, Verdict } from "./assess.ts";
import { nodeLines } from "./render_nodes.ts";
import type { PoolLoss } from "./pool_loss.ts";
import { leftOf, list } from "./reasons.ts";
import type { Tally } from "./tallies.ts";
import type { World } from "./world.ts";

/** Options of {@linkcode render}. */
export interface RenderOptions {
  /** Characters in a line. */
  readonly width: number;
  /** Each process, also where many nodes are well. {@default false} */
  readonly all?: boolean | undefined;
}

/** The lines of the screen. */
export function render(
  world: World,
  assessment: Assessment,
  options: RenderOptions,
): readonly Line[] {
  const blocks = [
    verdictLines(assessment, options.width),
    world.processes.length === 0 ? [] : summaryLines(world, assessment, options.width),
    nodeLines(world, assessment.tallies, options),
  ];
  return blocks.filter((lines) => lines.length > 0)
    .flatMap((lines, i) => i === 0 ? lines : ["", ...lines]);
}

/** The screen where there is a judgement and no more. */
export function renderVerdict(verdict: Verdict, options: RenderOptions): readonly Line[] {
  return verdictLines(verdict, options.width);
}

const LEVEL_STYLES: Readonly<Record<Level, Style>> = {
  healthy: "good",
  degraded: "doubtful",
  down: "bad",
};

/** The one word, and what is wrong. Marks tell the levels apart without colours too. */
function verdictLines({ level, reasons }: Verdict, width: number): readonly Line[] {
  return [
    [
      { text: level.toUpperCase(), style: LEVEL_STYLES[level] },
      level === "degraded" ? ": it serves, but" : "",
    ],
    ...reasons.flatMap(({ level, text }): readonly Line[] => {
      const [first = "", ...rest] = wrap(text, width - 4);
      const mark = { text: level === "down" ? "x" : "!", style: LEVEL_STYLES[level] };
      return [["  ", mark, ` ${first}`], ...rest.map((line) => `    ${line}`)];
    }),
  ];
}

/** Breaks at spaces where it can. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of visible(text).split(" ")) {
    if (line !== "" && columnsOf(line) + 1 + columnsOf(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** One line a subject; one that is too long goes on under its own text. */
function summaryLines(
  world: World,
  { tallies }: Assessment,
  width: number,
): readonly Line[] {
  const { confds, ios, quorum, pools } = tallies;
  const subjects: readonly (readonly [label: string, text: StyledText])[] = [
    ["Consul", consulCell(world)],
    ["RC", rcCell(world)],
    ["confds", { text: `${servingText(confds)}; quorum is ${quorum}`, style: styleOf(confds) }],
    ...(ios.all === 0 ? [] : [["ios", { text: servingText(ios), style: styleOf(ios) }] as const]),
    ...pools.map((loss, i) => [i === 0 ? "pools" : "", poolCell(loss)] as const),
    ...clientCells(world).map((cell) => ["clients", cell] as const),
  ];
  const left = Math.max(...subjects.map(([label]) => label.length)) + "  ".length;
  const rows = subjects.flatMap(([label, { text, style }]) =>
    wrap(text, width - left).map((line, i) => [i === 0 ? label : "", { text: line, style }])
  );
  return tableLines(rows);
}

function servingText({ all, serving }: Tally): string {
  if (all !== serving) return `${serving} of ${all} serve`;
  return all === 1 ? "1 serves" : `all ${all} serve`;
}

function styleOf({ all, serving }: Tally): Style {
  return all === serving ? "plain" : serving === 0 ? "bad" : "doubtful";
}

/** `3 servers, ssc-vm1 leads; 1 more may fail` */
function consulCell({ consul, nodes }: World): StyledText {
  const { servers } = consul;
  const alive = new Set(nodes.filter((node) => node.presence === "alive").map(({ name }) => name));
  const voters = servers.filter(({ votes }) => votes);
  const quorum = Math.floor(voters.length / 2) + 1;
  const spare = voters.filter(({ node }) => alive.has(node)).length - quorum;
  const lost = servers.filter(({ node }) => !alive.has(node)).map(({ node }) => node);
  const leader = servers.find(({ leads }) => leads);
  const text = [
    `${servers.length} server${servers.length === 1 ? "" : "s"}`,
    leader === undefined ? "none leads" : `${leader.node} leads`,
    ...(lost.length === 0 ? [] : [`${list(lost)} lost`]),
  ].join(", ");
  const style = !consul.hasLeader ? "bad" : lost.length > 0 ? "doubtful" : "plain";
  return { text: `${text}; ${spare > 0 ? spare : "none"} more may fail`, style };
}

/** `ssc-vm1 leads; ssc-vm2 and ssc-vm3 stand by` */
function rcCell({ rc, consul }: World): StyledText {
  const others = rc.running.filter((node) => node !== rc.leader);
  const standBy = others.length === 0
    ? "none stands by"
    : `${list(others)} ${others.length === 1 ? "stands" : "stand"} by`;
  if (rc.leader === null) return { text: `no leader; ${standBy}`, style: "bad" };
  // Without Consul's leader nobody can tell whether the lock still holds.
  if (!consul.hasLeader) return { text: `${rc.leader} led last; ${standBy}`, style: "doubtful" };
  return rc.sessionOk
    ? { text: `${rc.leader} leads, its session is good; ${standBy}`, style: "plain" }
    : { text: `${rc.leader} led, its session has ended; ${standBy}`, style: "bad" };
}

/** `tier1: 2+1 on 12 drives; may lose 1 controller or 1 drive more` */
function poolCell(loss: PoolLoss): StyledText {
  const { name, data, parity, spare } = loss.pool;
  const layout = spare === 0 ? `${data}+${parity}` : `${data}+${parity}+${spare}`;
  const lost = loss.drivesLost === 0 ? "" : `, ${loss.drivesLost} lost`;
  const style = loss.left === null ? "bad" : loss.drivesLost > 0 ? "doubtful" : "plain";
  return {
    text: `${name}: ${layout} on ${loss.drives} drives${lost}; ${leftOf(loss)}`,
    style,
  };
}

/** Clients are not Hare's to start: they are counted, and never a fault. */
function clientCells({ processes }: World): readonly StyledText[] {
  const clients = processes.filter(({ role }) => role === "client");
  if (clients.length === 0) return [];
  const started = clients.filter(({ record }) => record?.state === "STARTED").length;
  return [{ text: `${started} of ${clients.length} started`, style: "faint" }];
}
