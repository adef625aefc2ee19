import { assertEquals } from "../../tests/lib/assert.ts";
import { makeFid } from "../lib/fid.ts";
import type { PoolRecord } from "../kv/pools.ts";
import { lossOf, type PoolLoss } from "./pool_loss.ts";

interface Case {
  /** Enclosures, controllers, drives that may fail. */
  readonly tolerance: readonly [number, number, number];
  /** Nodes, each a list of processes, each its drives; with an `x` when it does not serve. */
  readonly nodes: readonly (readonly string[])[];
  readonly left: PoolLoss["left"];
}

const CASES: Readonly<Record<string, Case>> = {
  "a pool that has lost nothing": {
    tolerance: [0, 1, 2],
    nodes: [["4"], ["4"], ["4"]],
    left: { controllers: 1, drives: 2 },
  },
  "a pool that never bore anything and has lost nothing": {
    tolerance: [0, 0, 0],
    nodes: [["4"]],
    left: { controllers: 0, drives: 0 },
  },
  "a pool that never bore anything and has lost a drive": {
    tolerance: [0, 0, 0],
    nodes: [["4", "1x"]],
    left: null,
  },
  "one drive of two that may fail": {
    tolerance: [0, 0, 2],
    nodes: [["4", "1x"], ["4"]],
    left: { controllers: 0, drives: 1 },
  },
  "one drive that counts as its controller too": {
    tolerance: [0, 1, 2],
    nodes: [["4", "1x"], ["4"]],
    left: { controllers: 0, drives: 1 },
  },
  "a whole controller": {
    tolerance: [0, 1, 1],
    nodes: [["4x"], ["4"], ["4"]],
    left: { controllers: 0, drives: 0 },
  },
  "a controller of two, with more drives than may fail anywhere": {
    tolerance: [0, 2, 2],
    nodes: [["4x", "4x"], ["4"], ["4"], ["4"]],
    left: { controllers: 1, drives: 1 },
  },
  "a controller, borne as an enclosure": {
    tolerance: [1, 0, 0],
    nodes: [["4x"], ["4"]],
    left: { controllers: 0, drives: 0 },
  },
  "drives on more controllers than may fail": {
    tolerance: [0, 1, 1],
    nodes: [["4", "1x"], ["4", "1x"], ["4"]],
    left: null,
  },
  "drives on more controllers than may fail, but no more than may fail anywhere": {
    tolerance: [0, 1, 2],
    nodes: [["4", "1x"], ["4", "1x"], ["4"]],
    left: { controllers: 0, drives: 0 },
  },
  "a process without drives of the pool": {
    tolerance: [0, 0, 1],
    nodes: [["4"], ["0x"]],
    left: { controllers: 0, drives: 1 },
  },
};

for (const [what, { tolerance, nodes, left }] of Object.entries(CASES)) {
  Deno.test(`lossOf() weighs ${what}`, () => {
    const processes = nodes.flatMap((texts, node) =>
      texts.map((text) => ({ node, drives: parseInt(text), lost: text.endsWith("x") }))
    );
    const pool: PoolRecord = {
      fid: makeFid("pool", 1),
      name: "tier1",
      data: 1,
      parity: 1,
      spare: 0,
      tolerance: [0, 0, ...tolerance],
      drives: new Map(processes.map(({ drives }, i) => [i, drives])),
    };
    const loss = lossOf(pool, (i) => `${processes[i]?.node}`, (i) => processes[i]?.lost === false);
    const held = processes.filter(({ drives }) => drives > 0);
    const lost = held.filter((one) => one.lost);
    const drivesOf = (some: typeof processes) => some.reduce((sum, { drives }) => sum + drives, 0);
    const nodesOf = (some: typeof processes) => new Set(some.map(({ node }) => node)).size;
    assertEquals(loss, {
      pool,
      drives: drivesOf(held),
      drivesLost: drivesOf(lost),
      controllers: nodesOf(held),
      controllersHit: nodesOf(lost),
      left,
    });
  });
}
