/**
 * The leader's care for the broadcast queue: what every hax has seen is removed, and it never grows
 * beyond its bound.
 *
 * @module
 */

import { type KvEntry, txn } from "../consul/mod.ts";
import { MAX_BROADCASTS } from "../kv/broadcast.ts";
import { layoutOf, roleOf } from "../kv/cluster.ts";
import { KvValueError } from "../kv/errors.ts";
import {
  BQ_PREFIX,
  BQ_SEEN_PREFIX,
  NODE_PREFIX,
  parseBqSeenKey,
  parseEpochKey,
} from "../kv/keys.ts";
import type { Logger } from "../lib/log.ts";
import { Bell } from "./bell.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";

/** What {@linkcode Broadcasts} stand on. */
export interface BroadcastsDeps extends LeaderDeps {
  readonly leadership: Leadership;
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

/**
 * What is to go of the broadcast queue.
 *
 * @param keys keys below `bq/`
 * @param positions numbers of the last entries that have been seen, by node
 * @param nodes nodes that have a hax; one without a position has seen nothing
 */
export function surplusOf(
  keys: readonly string[],
  positions: ReadonlyMap<string, number>,
  nodes: readonly string[],
  bound: number = MAX_BROADCASTS,
): Surplus {
  const seenByAll = Math.min(...nodes.map((node) => positions.get(node) ?? -1));
  const entries = keys
    .map((key) => ({ key, epoch: parseEpochKey(BQ_PREFIX, key) }))
    .filter((entry): entry is { key: string; epoch: number } => entry.epoch !== null)
    .toSorted((a, b) => a.epoch - b.epoch);
  const seen = nodes.length === 0 ? [] : entries.filter(({ epoch }) => epoch <= seenByAll);
  const rest = entries.slice(seen.length);
  const unseen = rest.slice(0, Math.max(0, rest.length - bound));
  return { seen: seen.map(({ key }) => key), unseen: unseen.map(({ key }) => key) };
}

/** Keeps the broadcast queue short while leadership lasts. */
export class Broadcasts {
  readonly #deps: BroadcastsDeps;
  readonly #bell: Bell;
  #positions: ReadonlyMap<string, number> = new Map();
  #length = 0;

  constructor(deps: BroadcastsDeps) {
    this.#deps = deps;
    this.#bell = new Bell(deps.clock);
  }

  /** Entries that were there after the last cleaning. */
  get length(): number {
    return this.#length;
  }

  /** Keeps the positions in view; ends with leadership. */
  async watch(): Promise<void> {
    const { consul, leadership, reachability } = this.#deps;
    const options = reachability.watch("positions", leadership.signal);
    for await (const entries of consul.kv.watchPrefix(BQ_SEEN_PREFIX, options)) {
      this.#positions = positionsIn(entries);
      this.#bell.ring();
    }
  }

  /**
   * Cleans when there may be something to clean, for as long as leadership lasts.
   *
   * @throws the reason of the end of leadership
   */
  async run(): Promise<never> {
    const { clock, leadership } = this.#deps;
    while (true) {
      await this.#bell.wait(LONGEST_PAUSE_MS, leadership.signal);
      await this.clean();
      await clock.sleep(PAUSE_MS, leadership.signal);
    }
  }

  /** Removes what is to go now. */
  async clean(): Promise<void> {
    const { consul, leadership, log } = this.#deps;
    const { signal } = leadership;
    const [keys, nodes] = await leadership.patiently(
      "broadcasts",
      () => Promise.all([consul.kv.keys(BQ_PREFIX, { signal }), this.#haxNodes(signal)]),
    );
    const { seen, unseen } = surplusOf(keys, this.#positions, nodes);
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
    this.#length = keys.length - surplus.length;
  }

  /** A configuration that cannot be read has no nodes: nothing counts as seen then. */
  async #haxNodes(signal: AbortSignal): Promise<string[]> {
    const { consul, log } = this.#deps;
    try {
      const { processes } = layoutOf(await consul.kv.list(NODE_PREFIX, { signal }));
      return processes.filter((process) => roleOf(process) === "hax").map(({ node }) => node);
    } catch (error) {
      if (!(error instanceof KvValueError)) throw error;
      log.warn("broadcasts are kept: {why}", { why: error.message });
      return [];
    }
  }
}

/** Positions by node; one that is no number is none. */
function positionsIn(entries: readonly KvEntry[]): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  for (const { key, value } of entries) {
    const node = parseBqSeenKey(key);
    const position = /^\d+$/.test(value.trim()) ? Number(value) : -1;
    if (node !== null) positions.set(node, position);
  }
  return positions;
}
