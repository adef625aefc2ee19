/**
 * The fault run in short, with the built binary, and with a coordinator whose fence was taken out.
 *
 * @module
 */

import { assert, assertEquals } from "../lib/assert.ts";
import { startProgram } from "../rc/nodes.ts";
import { FAST_ARGS, FaultCluster } from "./cluster.ts";
import { CLEAN, judge, type Seen, type Verdict } from "./effects.ts";
import { type FaultName, FAULTS } from "./faults.ts";
import { runFaults } from "./run.ts";
import { makeUnfenced } from "./unfenced.ts";

const ADDRESSES = ["127.79.7.1", "127.79.7.2", "127.79.7.3"] as const;
const PER_SECOND = 200;

const terms = (...terms: number[]) =>
  terms.map((term, index) => ({ term, index, key: `record ${index}` }));

const cases: readonly (readonly [what: string, seen: Partial<Seen>, wrong: Partial<Verdict>])[] = [
  ["nothing wrong", {}, {}],
  ["an event that was lost", { broadcasts: ["a", "c"] }, { lost: ["b"] }],
  ["one that came twice", { broadcasts: ["a", "b", "c", "c"] }, { twice: ["c"] }],
  ["one that was overtaken", { broadcasts: ["b", "a", "c"] }, { outOfOrder: ["a"] }],
  ["one that appeared too late", { late: ["a"] }, { outOfOrder: ["a"] }],
  ["one that was moved aside", { rejected: ["x"] }, { rejected: ["x"] }],
  ["a deposed leader's write", { terms: terms(1, 2, 1, 3) }, {
    byDeposed: ["record 2 by term 1 after 2"],
  }],
];
for (const [what, seen, wrong] of cases) {
  Deno.test(`judge() sees ${what}`, () => {
    const all = { broadcasts: ["a", "b", "c"], late: [], terms: terms(1, 1, 2), rejected: [] };
    assertEquals(judge(["a", "b", "c"], { ...all, ...seen }), { ...CLEAN, ...wrong });
  });
}

/** What is over soon, so that the run is. */
const SHORT: readonly FaultName[] = [
  "the leader is killed",
  "the leader is frozen past its session",
  "the leader is told to stop",
  "the leader is frozen past its session",
  "the leader is killed",
  "Raft's leader is frozen",
  "the leader's host is cut off",
];

Deno.test("under faults no event is lost, done twice or overtaken, and only the leader writes", async () => {
  await using cluster = await FaultCluster.start(ADDRESSES);
  const { events, verdict } = await runFaults({
    nodes: cluster.nodes,
    faults: FAULTS,
    next: (made) => SHORT[made] ?? null,
    perSecond: PER_SECOND,
  });
  assertEquals(verdict, CLEAN);
  assert(events > 1000, `only ${events} events`);
});

Deno.test("without the fence the same check finds writes of a deposed leader", async () => {
  await using unfenced = await makeUnfenced();
  await using cluster = await FaultCluster.start(
    ADDRESSES,
    (address) => startProgram(unfenced.argv, address, ...FAST_ARGS),
  );
  const { verdict } = await runFaults({
    nodes: cluster.nodes,
    faults: FAULTS,
    next: (made, soFar) =>
      made < 15 && soFar().byDeposed.length === 0 ? "the leader is frozen past its session" : null,
    perSecond: PER_SECOND,
  });
  assert(verdict.byDeposed.length > 0, "a leader that was deposed has written nothing");
});
