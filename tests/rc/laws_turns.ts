/**
 * What befalls coordinators while they work, for the laws of the event queue.
 *
 * @module
 */

import * as fc from "fast-check";
import { STEPS_MS } from "../lib/fake_clock.ts";
import type { Fate } from "./model.ts";

/** Nodes with a coordinator and a hax each. */
export const NODES = ["a", "b", "c"] as const;
/** One of them. */
export type Node = (typeof NODES)[number];

/** What happens at one call of a coordinator, before it takes effect. */
export type Turn =
  | { readonly is: "nothing" }
  /** The caller is held up while others run. */
  | { readonly is: "pause"; readonly turns: number }
  | { readonly is: "lock moves"; readonly to: Node | null }
  | { readonly is: "order"; readonly paused: boolean }
  /** The next reading of the queue is an earlier one, or is empty. */
  | { readonly is: "reading"; readonly old: boolean }
  /** A producer puts an event on the queue, with the counter's next number. */
  | { readonly is: "event" }
  | { readonly is: "timeout"; readonly events: number }
  /** The counter is deleted, overwritten, or set back. */
  | { readonly is: "counter"; readonly value: string | null }
  /** The wall clock is set. */
  | { readonly is: "clock"; readonly stepMs: number }
  /** The hax of these nodes read the broadcast queue. */
  | { readonly is: "hax"; readonly nodes: readonly Node[] }
  | { readonly is: "fails"; readonly fate: Fate };

/** What happens in any world. */
export const turns: fc.Arbitrary<Turn> = fc.oneof(
  { arbitrary: fc.constant<Turn>({ is: "nothing" }), weight: 6 },
  fc.record({ is: fc.constant("pause" as const), turns: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ is: fc.constant("clock" as const), stepMs: fc.constantFrom(...STEPS_MS) }),
  fc.record({
    is: fc.constant("lock moves" as const),
    to: fc.constantFrom(...NODES, null),
  }),
  fc.record({ is: fc.constant("order" as const), paused: fc.boolean() }),
  fc.record({ is: fc.constant("reading" as const), old: fc.boolean() }),
  fc.constant<Turn>({ is: "event" }),
  fc.record({ is: fc.constant("timeout" as const), events: fc.integer({ min: 0, max: 130 }) }),
  fc.record({
    is: fc.constant("fails" as const),
    fate: fc.constantFrom<Fate>("refused", "answer-lost"),
  }),
);

/** What else happens where the counter goes back. */
export const troubles: fc.Arbitrary<Turn> = fc.oneof(
  { arbitrary: turns, weight: 6 },
  { arbitrary: fc.constant<Turn>({ is: "event" }), weight: 3 },
  {
    arbitrary: fc.record({
      is: fc.constant("counter" as const),
      value: fc.constantFrom(null, "0", "3", "-1", "many", "9007199254740991"),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      is: fc.constant("hax" as const),
      nodes: fc.oneof(fc.constant(NODES), fc.subarray([...NODES])),
    }),
    weight: 3,
  },
);
