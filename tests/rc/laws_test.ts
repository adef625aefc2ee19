/**
 * The laws of the event queue, under random interleavings: three coordinators of which each may
 * believe that it leads, a lock that moves between them at any moment or belongs to nobody because
 * a session has ended, producers, operators who pause, readings that are old or got lost, and calls
 * that fail before or after they had their effect.
 *
 * Each event is applied once; none is lost; in the order of numbers; and no transaction is committed
 * by anybody but the holder of the lock, nor while the coordinator is paused. Where somebody deletes,
 * overwrites or sets back the counter, each event still is applied once, and each broadcast is heard
 * by each hax, once, in the order of commits.
 *
 * @module
 */

import * as fc from "fast-check";
import { parseBroadcast } from "../../mod/kv/broadcast.ts";
import { parseEpochKey } from "../../mod/kv/keys.ts";
import { assertEquals } from "../lib/assert.ts";
import { NODES, troubles, turns } from "./laws_turns.ts";
import { applying, coordinate, tellingItself, World } from "./laws_world.ts";
import type { Commit } from "./model.ts";

Deno.test("events are applied once, in order, by the holder of the lock, whatever happens", async () => {
  const worlds = fc.record({
    // Without a size of "max" none would be longer than ten.
    script: fc.array(turns, { maxLength: 120, size: "max" }),
    queued: fc.integer({ min: 0, max: 60 }),
    every: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ script, queued, every }) => {
      const world = new World(script, queued, every);
      await Promise.all(NODES.map((node) => coordinate(world, node)));
      const applied = world.applied.map((one) => one.split(":"));
      const numbers = applied.map(([number]) => Number(number));
      assertAscending(numbers);
      const events = applied.map(([, event]) => event ?? "");
      assertEquals(events.toSorted(), world.made.filter((one) => one.startsWith("n")).toSorted());
      const told = world.model.list("bq/").map((entry) => Number(parseBroadcast(entry).fid.key));
      assertAscending(told);
      assertEquals(told.length, world.made.length - events.length);
      assertEquals(world.model.commits.filter(({ by, holder }) => by !== holder), []);
      assertEquals(world.model.list("eq-rejected/"), []);
      assertEquals(world.model.commits.filter(handledWhilePaused), []);
    }),
    { numRuns: 100 },
  );
});

Deno.test("every broadcast is heard by every hax, in order, however the counter goes back", async () => {
  const worlds = fc.record({
    script: fc.array(troubles, { maxLength: 400, size: "max" }),
    queued: fc.integer({ min: 0, max: 60 }),
    every: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ script, queued, every }) => {
      const world = new World(script, queued, every);
      await Promise.all(
        NODES.map((node) => coordinate(world, node, [applying, tellingItself])),
      );
      await world.hear();
      const events = world.applied.map((one) => one.split(":")[1] ?? "");
      assertEquals(events.toSorted(), world.made.filter((one) => one.startsWith("n")).toSorted());
      const broadcasts = world.model.commits.flatMap(({ ops }) =>
        ops.filter(({ key, verb }) => key.startsWith("bq/") && verb === "cas")
      );
      assertAscending(broadcasts.map(({ key }) => parseEpochKey("bq/", key) ?? -1));
      const told = broadcasts.map(({ key, value = "" }) =>
        Number(parseBroadcast({ key, value }).fid.key)
      );
      assertEquals(told.length, world.made.length - events.length);
      for (const heard of world.heard.values()) assertEquals(heard, told);
      assertEquals(world.model.list("eq-rejected/"), []);
    }),
    { numRuns: 100 },
  );
});

function handledWhilePaused({ ops, paused }: Commit): boolean {
  return paused && ops.some(({ verb, key }) => verb === "delete" && key.startsWith("eq/"));
}

/** Each is greater than the one before: in order, and none twice. */
function assertAscending(numbers: readonly number[]): void {
  assertEquals(numbers, [...new Set(numbers)].toSorted((a, b) => a - b));
}
