/**
 * In which order processes are linked once hax itself has asked to be: those that come back from an
 * earlier hax in the order in which they were linked there, then others. The library numbers links from
 * 1 on, and whoever comes back with the number of a link that another has here is taken for that one,
 * of which it dies.
 *
 * @module
 */

import type { Peer } from "../halink/mod.ts";

/** How long those that come back wait for one another: they come at about the same time. */
const TURN_MS = 400;

/**
 * Whether a process that asks to be linked, and has waited so long, may be.
 *
 * @param awaited pids of those that are to come back
 */
export function isTurnOf(
  { pid, isFirst }: Peer,
  waitedMs: number,
  awaited: readonly number[],
): boolean {
  if (isFirst) return awaited.every((other) => other === pid);
  // They were linked in the order in which they were started, which their pids are in.
  const isNext = awaited.every((other) => other >= pid);
  return isListening(waitedMs) && (isNext || waitedMs > TURN_MS);
}

/**
 * Whether a process that comes back listens: for a second after it has asked. Then it tries its old link
 * for ten; where the answer comes meanwhile it asks once more as the one it was, which the library takes
 * for one whose link was ended. And so on, each time a little later.
 */
function isListening(waitedMs: number): boolean {
  const since = waitedMs % 11_000;
  return since < 700 && (since > 300 || waitedMs < 700);
}
