/**
 * The life of hax's HA link: it is started with hax, told what is broadcast, and stopped with hax.
 *
 * It does not wait for a leader: where every confd has died nobody can lead before one of them is
 * seen to start again, and that is seen on the link.
 *
 * @module
 */

import type { Consul } from "../consul/mod.ts";
import type { EntrypointAnswer } from "../entrypoint/entrypoint.ts";
import type { HaLink, KnownState, LinkEvents, LinkIdentity, Note } from "../halink/mod.ts";
import type { Layout } from "../kv/cluster.ts";
import { enqueueFirst, type QueueStore } from "../kv/enqueue.ts";
import { EQ_PREFIX } from "../kv/keys.ts";
import type { ProcessRecord } from "../kv/process_state.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { gauge, type Metric } from "../lib/metrics.ts";
import { abortable } from "../lib/std/async.ts";
import { watchRecords } from "./all_records.ts";
import { applyEach, Broadcasts } from "./broadcasts.ts";
import { EventSender } from "./event_sender.ts";
import { runAndFlush } from "./flush.ts";
import { Followed } from "./followed.ts";
import type { Identity } from "./identity.ts";
import { LinkSide } from "./link_side.ts";
import { ownerOf, stateFor, summaryOf, withServices } from "./object_states.ts";
import type { OwnProcesses } from "./own_processes.ts";
import type { StartOf } from "./presence.ts";
import { Rounds } from "./rounds.ts";
import { PAUSES } from "./write_in_turn.ts";
import { together } from "./together.ts";

/** Opens a link; nothing is heard of it before it is started. */
export type OpenLink = (
  identity: LinkIdentity,
  events: LinkEvents,
) => Promise<Pick<HaLink, Exclude<keyof HaLink, symbol>>>;

/** The part of Consul that a {@linkcode LinkKeeper} uses. */
export interface LinkStore extends QueueStore {
  readonly kv: Pick<Consul["kv"], "get" | "keys" | "list" | "cas" | "watchPrefix">;
}

/** What a {@linkcode LinkKeeper} stands on. */
export interface LinkKeeperDeps {
  readonly consul: LinkStore;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly startOf: StartOf;
  readonly open: OpenLink;
  readonly entrypoint: () => EntrypointAnswer;
  readonly layout: () => Layout;
  readonly processes: Pick<OwnProcesses, "hear" | "isUp" | "running">;
}

/** How far the link has come; `none` is a hax that is told to do without. */
export type LinkState = "none" | "starts" | "up" | "stopped";

const log = loggerOf("hax", "link");

/** Longest pause between two rounds of work that is done when it is asked for. */
const ROUND_MS = 60_000;
/** How often those who wait for an entrypoint are looked at, while somebody does. */
const ASKERS_MS = 50;
/** How often it is looked at whether linked processes are there. */
const ENDED_MS = 2_000;
/** How long those that were linked with an earlier hax are waited for. */
const RETURN_MS = 15_000;
/** How long those who are left may take to hear what they were told, and how often it is looked. */
const HEARD_MS = 15_000;
const HEARD_PAUSE_MS = 100;
/** How long the library may take to stop the link: it takes 5 s for each process that died. */
const STOP_MS = 60_000;

/** Keeps the link. */
export class LinkKeeper {
  readonly #deps: LinkKeeperDeps;
  readonly #events: EventSender;
  readonly #records: Followed<ReadonlyMap<string, ProcessRecord>>;
  readonly #compare: Rounds;
  readonly #askers: Rounds;
  #side: LinkSide | null = null;
  #broadcasts: Broadcasts | null = null;
  #state: LinkState = "starts";
  #startedAt = -Infinity;

  constructor(deps: LinkKeeperDeps) {
    const { consul } = deps;
    this.#deps = deps;
    this.#events = new EventSender({
      ...deps,
      log,
      put: async (events, signal) =>
        (await enqueueFirst(consul, EQ_PREFIX, events, { signal, pauses: PAUSES })).length,
    });
    this.#compare = new Rounds({ ...deps, everyMs: ROUND_MS });
    this.#askers = new Rounds({ ...deps, everyMs: ROUND_MS, pauseMs: ASKERS_MS });
    this.#records = new Followed((options) => watchRecords(consul, options), deps);
  }

  /** How far the link has come. */
  get state(): LinkState {
    return this.#state;
  }

  /** Whether the process with this pid is linked. */
  isLinked(process: Fid, pid: number | null): boolean {
    return this.#side?.isLinked(process, pid) === true;
  }

  /** Pid of the process that asked last to be let in as `process`, while it runs. */
  pidOf(process: Fid): number | null {
    return this.#side?.pidOf(process) ?? null;
  }

  /** Has what was broadcast compared soon with what was told. */
  lookAround(): void {
    this.#compare.ask();
  }

  /**
   * Keeps the link until `signal` is aborted, and stops it then.
   *
   * @throws {HareError} when the library cannot be used, or fails
   */
  async run(identity: Identity, signal: AbortSignal): Promise<void> {
    const { consul, random } = this.#deps;
    const side = this.#side = this.#makeSide(identity);
    const broadcasts = this.#broadcasts = new Broadcasts({
      consul,
      random,
      node: identity.node,
      tell: (notes) => {
        const told = notes.filter((note) => this.#isOfNow(note));
        side.tell(withServices(told, this.#deps.layout()));
        if (told.length > 0) log.info("tells that {what}", { what: summaryOf(told) });
      },
      log,
    });
    const queue = new Followed((options) => applyEach(broadcasts, consul, options), {
      ...this.#deps,
      // What has left the queue meanwhile.
      onRegained: () => this.#compare.ask(),
    });
    // What is said until the link has ended is still sent.
    const linkEnded = new AbortController();
    await together(signal, [
      (signal) => this.#records.run(signal),
      (signal) => queue.run(signal),
      (signal) => this.#compare.run((signal) => this.#reconcile(broadcasts, signal), signal),
      () => this.#sendEvents(linkEnded.signal),
      async (signal) => {
        try {
          await this.#serve(identity, side, signal);
        } finally {
          linkEnded.abort();
        }
      },
    ]);
  }

  /** What there is to be measured. */
  metrics(): readonly Metric[] {
    return [
      gauge("hare_hax_link_up", "Whether the HA link is up.", this.#state === "up" ? 1 : 0),
      gauge("hare_hax_events_waiting", "Events that wait to be queued.", this.#events.length),
      gauge("hare_hax_broadcasts", "Broadcasts told.", this.#broadcasts?.applied ?? 0),
      ...this.#side?.metrics() ?? [],
    ];
  }

  #makeSide({ process }: Identity): LinkSide {
    const { entrypoint, processes, startOf } = this.#deps;
    return new LinkSide({
      own: process,
      startOf,
      awaited: () => this.#awaited(),
      // Whoever asks may have to wait; each look asks again for those who do.
      onAsked: () => this.#askers.ask(),
      entrypoint,
      stateFor: (asker, fid) => this.#stateFor(asker, fid),
      statesToKnow: (linked) => this.#statesToKnow(linked),
      report: (fid, report) => processes.hear(fid, report),
      putEvent: (event) => this.#events.offer(event),
      log,
    });
  }

  async #serve(identity: Identity, side: LinkSide, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const link = await this.#deps.open(this.#linkIdentity(identity), side);
    side.use(link);
    const lookAfterEnded = async (signal: AbortSignal) => {
      while (true) {
        await clock.sleep(ENDED_MS, signal);
        side.letGo();
      }
    };
    try {
      await together(signal, [
        (signal) => this.#askers.run(() => Promise.resolve(link.answerWaiting()), signal),
        lookAfterEnded,
        async (signal) => {
          // Ends once there is an entrypoint: the library asks for it, too.
          this.#startedAt = clock.monotonic();
          await abortable(link.start(), signal);
          this.#state = "up";
          log.info("the HA link is up");
        },
      ]);
    } finally {
      if (link.isAsked || !side.isAlone) await this.#leave(link, side);
      else if (this.#state === "up") await this.#stop(link);
      // One that still starts goes with the process: nobody is linked yet.
      this.#state = "stopped";
      log.info("the HA link has stopped");
    }
  }

  async #stop(link: Pick<HaLink, "stop">): Promise<void> {
    const limit = AbortSignal.timeout(STOP_MS);
    await abortable(link.stop(), limit).catch((error) => {
      if (!limit.aborted) throw error;
      log.error("the library does not stop the link within {s} s", { s: STOP_MS / 1000 });
    });
  }

  async #leave(link: Pick<HaLink, "leave">, side: LinkSide): Promise<void> {
    const { clock } = this.#deps;
    const limit = clock.monotonic() + HEARD_MS;
    while (!side.isHeard() && clock.monotonic() < limit) await clock.sleep(HEARD_PAUSE_MS);
    link.leave(() => side.lastWord());
    log.info("who is linked is left to the next hax");
  }

  /** Those that were linked with an earlier hax come back when they notice that it has gone. */
  #awaited(): readonly number[] {
    const { clock, processes } = this.#deps;
    if (clock.monotonic() - this.#startedAt > RETURN_MS) return [];
    return processes.running()
      .filter(({ fid, pid }) => !this.isLinked(fid, pid))
      .map(({ pid }) => pid);
  }

  async #sendEvents(signal: AbortSignal): Promise<void> {
    if (await runAndFlush(this.#events, signal)) return;
    log.error("{n} events are lost", { n: this.#events.length });
  }

  #linkIdentity({ process, ha, rm }: Identity): LinkIdentity {
    const own = this.#deps.layout().processes.find(({ fid }) =>
      formatFid(fid) === formatFid(process)
    );
    if (own === undefined) throw new HareError(`${formatFid(process)} is not in the configuration`);
    return { process, ha, rm, endpoint: own.endpoint };
  }

  /** While Consul fails, the next round is another try. */
  async #reconcile(broadcasts: Broadcasts, signal: AbortSignal): Promise<void> {
    try {
      await broadcasts.reconcile(signal);
    } catch (error) {
      if (!(error instanceof HareError) || signal.aborted) throw error;
      log.debug("what was broadcast could not be compared: {error}", { error: error.message });
    }
  }

  /** That one of this node's own processes has failed is past when it is there again. */
  #isOfNow({ fid, state }: Note): boolean {
    const isPast = state === "failed" && this.#deps.processes.isUp(fid);
    if (isPast) {
      log.info("{fid} is there again: that it failed is not told", { fid: formatFid(fid) });
    }
    return !isPast;
  }

  #stateFor(asker: Fid | null, fid: Fid): KnownState {
    return stateFor(asker, fid, {
      layout: this.#deps.layout(),
      broadcast: (fid) => this.#broadcasts?.stateOf(fid),
      records: this.#records.latest ?? new Map(),
    });
  }

  /** All that was ever broadcast, but for the process itself: it is there, whatever it was. */
  #statesToKnow(process: Fid | null): readonly Note[] {
    const told = withServices(this.#broadcasts?.notes ?? [], this.#deps.layout());
    if (process === null) return told;
    return told.filter(({ fid }) => {
      const owner = ownerOf(fid, this.#deps.layout());
      return owner === null || formatFid(owner.fid) !== formatFid(process);
    });
  }
}
