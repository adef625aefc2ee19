/**
 * The leader's care for the broadcast queue: what every hax has seen is removed, and it never grows
 * beyond its bound.
 *
 * @module
 */

import { type KvEntry, txn } from "../consul/mod.ts";
import { MAX_BROADCASTS } from "../kv/broadcast.ts";
import { readLayout, roleOf } from "../kv/cluster.ts";
import { positionIn } from "../kv/epoch_counter.ts";
import { BQ_PREFIX, BQ_SEEN_PREFIX, bqSeenKey, parseBqSeenKey, parseEpochKey } from "../kv/keys.ts";
import type { Logger } from "../lib/log.ts";
import { Bell } from "./bell.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";
import type { Mishaps } from "./mishaps.ts";
import type { Numbering } from "./numbering.ts";
import { failureOf } from "./question.ts";

/** What {@linkcode Broadcasts} stand on. */
export interface BroadcastsDeps extends LeaderDeps {
  readonly leadership: Leadership;
  readonly numbering: Numbering;
  readonly mishaps: Mishaps;
  readonly log: Logger;
}

/** Pause between two cleanings: positions may change with every broadcast, on every node. */
const PAUSE_MS = 1000;
/** Longest time without one: the bound is held even if no hax moves, and no watch is trusted. */
const LONGEST_PAUSE_MS = 60_000;
/** Entries removed in one transaction. */
const CHUNK = 60;

/** What is to go. */
export interface Surplus {
  /** Keys of entries that every hax has seen. */
  readonly seen: readonly string[];
  /** Keys of entries beyond the bound that some hax has not seen. */
  readonly unseen: readonly string[];
}

/** Position of a node's hax in the broadcast queue. */
export interface Position {
  /** Number of the last entry that hax has seen; -1: none. */
  readonly number: number;
  /** Consul's index of the last change of the position. hax has not seen entries created later. */
  readonly index: number;
}

/**
 * What is to go of the broadcast queue.
 *
 * @param found the entries below `bq/`
 * @param positions by node
 * @param nodes nodes that have a hax; one without a position has seen nothing
 */
export function surplusOf(
  found: readonly Pick<KvEntry, "key" | "createIndex">[],
  positions: ReadonlyMap<string, Position>,
  nodes: readonly string[],
  bound: number = MAX_BROADCASTS,
): Surplus {
  const entries = found
    .flatMap(({ key, createIndex }) => {
      const epoch = parseEpochKey(BQ_PREFIX, key);
      return epoch === null ? [] : [{ key, createIndex, epoch }];
    })
    .toSorted((a, b) => a.epoch - b.epoch);
  const all = nodes.map((node) => positions.get(node) ?? NOWHERE);
  const [isSeen, isNot] = [[], []] as [typeof entries, typeof entries];
  for (const entry of entries) {
    const seenByAll = all.length > 0 &&
      all.every(({ number, index }) => entry.epoch <= number && entry.createIndex < index);
    (seenByAll ? isSeen : isNot).push(entry);
  }
  const unseen = isNot.slice(0, Math.max(0, isNot.length - bound));
  return { seen: isSeen.map(({ key }) => key), unseen: unseen.map(({ key }) => key) };
}

const NOWHERE: Position = { number: -1, index: 0 };

/** Keeps the broadcast queue short while leadership lasts. */
export class Broadcasts {
  readonly #deps: BroadcastsDeps;
  readonly #bell: Bell;
  #length = 0;

  constructor(deps: BroadcastsDeps) {
    this.#deps = deps;
    this.#bell = new Bell(deps.clock);
  }

  /** Entries that were there after the last cleaning. */
  get length(): number {
    return this.#length;
  }

  /** Notices when positions move; ends with leadership. */
  async watch(): Promise<void> {
    const { consul, leadership, numbering, reachability } = this.#deps;
    const options = reachability.watch("positions", leadership.signal);
    for await (const entries of consul.kv.watchPrefix(BQ_SEEN_PREFIX, options)) {
      for (const [node, { number }] of positionsIn(entries)) {
        numbering.takes({ number, key: bqSeenKey(node) });
      }
      this.#bell.ring();
    }
  }

  /**
   * Cleans when there may be something to clean, for as long as leadership lasts.
   *
   * @throws the reason of the end of leadership
   */
  async run(): Promise<never> {
    const { clock, leadership, mishaps } = this.#deps;
    while (true) {
      await this.#bell.wait(LONGEST_PAUSE_MS, leadership.signal);
      try {
        await this.clean();
      } catch (error) {
        const why = failureOf(error, { key: BQ_PREFIX }, this.#deps);
        mishaps.report(`${BQ_PREFIX} cannot be made shorter: ${why}`);
      }
      await clock.sleep(PAUSE_MS, leadership.signal);
    }
  }

  /** Removes what is to go now. */
  async clean(): Promise<void> {
    const { consul, leadership, log } = this.#deps;
    const { signal } = leadership;
    const [found, positions, nodes] = await leadership.patiently(
      "broadcasts",
      () =>
        Promise.all([
          consul.kv.list(BQ_PREFIX, { signal }),
          consul.kv.list(BQ_SEEN_PREFIX, { signal }),
          this.#haxNodes(signal),
        ]),
    );
    const { seen, unseen } = surplusOf(found, positionsIn(positions), nodes);
    if (unseen.length > 0) {
      log.warn("removes {n} broadcasts that not every hax has seen: more than {bound} wait", {
        n: unseen.length,
        bound: MAX_BROADCASTS,
      });
    }
    const surplus = [...seen, ...unseen];
    for (let i = 0; i < surplus.length; i += CHUNK) {
      await leadership.write(surplus.slice(i, i + CHUNK).map(txn.delete), { signal });
    }
    this.#length = found.length - surplus.length;
  }

  /** Nodes that have a hax, or may have one because their configuration cannot be read. */
  async #haxNodes(signal: AbortSignal): Promise<string[]> {
    const { processes, unreadable = [] } = await readLayout(this.#deps.consul, { signal });
    const nodes = processes.filter((process) => roleOf(process) === "hax").map(({ node }) => node);
    const others = unreadable.filter(({ node }) => !nodes.includes(node));
    for (const { error } of others) {
      this.#deps.mishaps.report(`broadcasts are kept for longer: ${error.message}`);
    }
    return [...nodes, ...others.map(({ node }) => node)];
  }
}

/** Positions by node; one that is no number is none. */
function positionsIn(entries: readonly KvEntry[]): ReadonlyMap<string, Position> {
  const positions = new Map<string, Position>();
  for (const { key, value, modifyIndex } of entries) {
    const node = parseBqSeenKey(key);
    if (node !== null) positions.set(node, { number: positionIn(value), index: modifyIndex });
  }
  return positions;
}
