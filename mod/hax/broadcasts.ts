/**
 * A node's hax as reader of the broadcast queue: every entry once, in the order of numbers.
 *
 * How far it has come is kept in Consul, `bq-seen/<node>`, and moved on by check-and-set BEFORE the
 * entries are told: so that no entry is ever told by two hax of a node, or twice. The flags of the key
 * say which hax moved it: so one whose answer was lost finds out what it has claimed. What dies
 * between the two is made good by what every newly linked process is told: the present states.
 *
 * hax also delivers an entry with a number below the position, if the entry was created after the
 * last change of the position: the counter had gone back, and the entry was not yet delivered.
 *
 * The leader drops entries that a hax has not seen when too many wait. So now and then, and whenever
 * Consul was away, the last states that were broadcast are compared with what was told.
 *
 * @module
 */

import type { Consul, KvEntry, WatchOptions } from "../consul/mod.ts";
import type { KnownState, Note } from "../halink/mod.ts";
import { parseBroadcast } from "../kv/broadcast.ts";
import { retryCas } from "../kv/cas_retry.ts";
import { KvValueError } from "../kv/errors.ts";
import { epochIn, positionIn } from "../kv/epoch_counter.ts";
import { BQ_PREFIX, bqSeenKey, EPOCH, parseEpochKey, STATE_PREFIX } from "../kv/keys.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";

/** What {@linkcode Broadcasts} stand on. */
export interface BroadcastsDeps {
  readonly consul: { readonly kv: Pick<Consul["kv"], "get" | "list" | "cas"> };
  /** Name of this hax's node. */
  readonly node: string;
  /** Number in [0, 1). */
  readonly random: () => number;
  /** Tells all linked processes. */
  readonly tell: (notes: readonly Note[]) => void;
  readonly log: Logger;
}

/** An entry of the queue. */
interface Numbered {
  readonly number: number;
  readonly entry: KvEntry;
}

/**
 * Time limit of each call to Consul, in milliseconds: where Raft's leader falls silent, a server asks
 * it in vain for up to 2 s (at a `raft_multiplier` of 1), and then whom the others elect.
 */
const CLAIM_MS = 2_500;

/** Applies broadcasts. */
export class Broadcasts {
  readonly #deps: BroadcastsDeps;
  /** Tells the claims of this hax from those of others. */
  readonly #me: number;
  /** What was claimed last, until it is known what came of it. */
  #claimed: readonly Numbered[] = [];
  /** The state that was told last of each object, and when: a count of the rounds. */
  readonly #told = new Map<string, Note & { readonly round: number }>();
  #round = 0;
  #applied = 0;
  /** Whether a counter that went back was reported, and has not advanced since. */
  #saidPassed = false;
  #saidAhead = false;
  /** The last call of {@linkcode Broadcasts.apply}. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: BroadcastsDeps) {
    this.#deps = deps;
    this.#me = 1 + Math.floor(deps.random() * 2 ** 48);
  }

  /** Entries that were told since this hax began. */
  get applied(): number {
    return this.#applied;
  }

  /** The last state that was told of each object. */
  get notes(): readonly Note[] {
    return [...this.#told.values()];
  }

  /** The last state that was told of an object, if any was. */
  stateOf(fid: Fid): KnownState | undefined {
    return this.#told.get(formatFid(fid))?.state;
  }

  /**
   * Tells what of these entries was not told yet, after what earlier calls tell: of two claims that
   * are under way at a time, the answer to the second may come first.
   *
   * @param entries all that are in the queue now
   * @throws {ConsulError} when it is not known whether the position was moved on: nothing was told
   * then, and the next call tells what was claimed, whether or not it is still in the queue
   */
  async apply(entries: readonly KvEntry[], signal: AbortSignal): Promise<void> {
    const mine = this.#last.then(() => this.#applyInTurn(entries, signal));
    this.#last = Promise.allSettled([mine]);
    await mine;
  }

  async #applyInTurn(entries: readonly KvEntry[], signal: AbortSignal): Promise<void> {
    const fresh = await this.#claim(numbered(entries), signal);
    const broadcasts = fresh.flatMap(({ entry }) => this.#parse(entry));
    this.#tell(broadcasts);
    this.#applied += broadcasts.length;
  }

  /**
   * Tells the states that were broadcast last and never told here, which have left the queue.
   *
   * @throws {ConsulError} when Consul cannot be asked
   */
  async reconcile(signal: AbortSignal): Promise<void> {
    const { consul, log } = this.#deps;
    this.#round += 1;
    const began = this.#round;
    const states = await consul.kv.list(STATE_PREFIX, { signal });
    // Read after the states: what is in the queue now is at least as new.
    await this.apply(await consul.kv.list(BQ_PREFIX, { signal }), signal);
    const missed = states.flatMap((entry) => this.#parse(entry)).filter(({ fid, state }) => {
      const told = this.#told.get(formatFid(fid));
      return told === undefined || told.round < began && told.state !== state;
    });
    if (missed.length > 0 && began > 1) {
      log.warn("{n} states had left the broadcast queue unseen", { n: missed.length });
    }
    this.#tell(missed);
    await this.#comparePosition(signal);
  }

  /**
   * After a restore or edit of the KV a position may exceed the counter; the leader continues from
   * it.
   */
  async #comparePosition(signal: AbortSignal): Promise<void> {
    const { consul: { kv }, log, node } = this.#deps;
    const key = bqSeenKey(node);
    // Read before the counter, which may only be higher then.
    const position = positionIn((await kv.get(key, { signal }))?.value ?? "");
    const counter = epochIn(await kv.get(EPOCH, { signal })) ?? 0;
    const isAhead = position > counter;
    if (isAhead && !this.#saidAhead) {
      log.warn("{key} is {position}, ahead of counter {counter}: KV was restored, or edited", {
        key,
        position,
        counter,
      });
    }
    this.#saidAhead = isAhead;
  }

  /**
   * Moves the position on to the last of these entries; those that nobody has told before, with what
   * was claimed here without an answer.
   */
  async #claim(entries: readonly Numbered[], signal: AbortSignal): Promise<readonly Numbered[]> {
    if (entries.length === 0 && this.#claimed.length === 0) return [];
    const { consul, node } = this.#deps;
    const key = bqSeenKey(node);
    const call = { signal, timeoutMs: CLAIM_MS };
    return await retryCas(`move ${key} on`, async () => {
      // A Raft leader of the past may not know of a claim that was not answered.
      const seen = await consul.kv.get(key, { ...call, consistent: this.#claimed.length > 0 });
      const position = seen === null ? -1 : positionIn(seen.value);
      const isPassed = ({ number, entry }: Numbered) =>
        number <= position && entry.createIndex < (seen?.modifyIndex ?? 0);
      const isMine = seen?.flags === this.#me;
      const mine = isMine ? this.#claimed.filter(isPassed) : [];
      const fresh = entries.filter((entry) => !isPassed(entry));
      const last = fresh.at(-1);
      this.#claimed = [...mine, ...fresh];
      if (last !== undefined) {
        const next = String(Math.max(position, last.number));
        const cas = { ...call, flags: this.#me };
        const isSet = await consul.kv.cas(key, next, seen?.modifyIndex ?? 0, cas);
        if (!isSet) return { done: false, why: "it was moved meanwhile" };
        this.#sayIfPassed(fresh, position);
      }
      this.#claimed = [];
      return { done: true, value: [...mine, ...fresh] };
    }, call);
  }

  #sayIfPassed(told: readonly Numbered[], position: number): void {
    const late = told.filter(({ number }) => number <= position);
    if (late.length > 0 && !this.#saidPassed) {
      this.#deps.log.warn(
        "the numbers of broadcasts went back: {key} comes after {position}, and is told all the same",
        { key: late[0]?.entry.key, position },
      );
    }
    this.#saidPassed = late.length > 0;
  }

  #tell(broadcasts: readonly Note[]): void {
    for (const { fid, state } of broadcasts) {
      this.#told.set(formatFid(fid), { fid, state, round: this.#round });
    }
    if (broadcasts.length > 0) this.#deps.tell(broadcasts);
  }

  /** An entry that makes no sense is named, and passed over: it blocks nothing. */
  #parse(entry: KvEntry): Note | [] {
    try {
      const { fid, state } = parseBroadcast(entry);
      if (state !== "unknown") return { fid, state };
      this.#deps.log.error("{key} is passed over: an unknown state cannot be told", {
        key: entry.key,
      });
      return [];
    } catch (error) {
      if (!(error instanceof KvValueError)) throw error;
      this.#deps.log.error("a broadcast is passed over: {error}", { error: error.message });
      return [];
    }
  }
}

/** The entries that have a number, in the order of numbers. */
function numbered(entries: readonly KvEntry[]): readonly Numbered[] {
  return entries
    .map((entry) => ({ entry, number: parseEpochKey(BQ_PREFIX, entry.key) }))
    .filter((one): one is Numbered => one.number !== null)
    .toSorted((a, b) => a.number - b.number);
}

/** Applies the broadcast queue as it is, and after each change; yields the number of entries. */
export async function* applyEach(
  broadcasts: Broadcasts,
  consul: { readonly kv: Pick<Consul["kv"], "watchPrefix"> },
  options: WatchOptions,
): AsyncIterable<number> {
  for await (const entries of consul.kv.watchPrefix(BQ_PREFIX, options)) {
    await broadcasts.apply(entries, options.signal);
    yield entries.length;
  }
}
