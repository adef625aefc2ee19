/**
 * hax: what one node knows of its Mero processes and of its cluster, kept fresh; and what may be
 * asked of it and told to it. `handler.ts` puts it on HTTP.
 *
 * @module
 */

import type { Consul, KvEntry, WatchOptions } from "../consul/mod.ts";
import { type EntrypointAnswer, entrypointOf } from "../entrypoint/entrypoint.ts";
import { type ConfProcess, type Layout, layoutOf } from "../kv/cluster.ts";
import { LEADER, NODE_PREFIX } from "../kv/keys.ts";
import type { Clock } from "../lib/clock.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { askPatiently } from "./ask_patiently.ts";
import type { Hint } from "./bodies.ts";
import { Followed } from "./followed.ts";
import { type HaxHealth, type Health, healthOfHax, healthOfProcess } from "./health.ts";
import { askSurroundings, type Surroundings } from "./identity.ts";
import { Counter, gauge, type Metric } from "../lib/metrics.ts";
import { type PidExists, type Presence, presenceOf } from "./presence.ts";
import { Recorder } from "./recorder.ts";
import { type BootRecord, ProcessRecords } from "./records.ts";
import { together } from "./together.ts";
import { isUp, type Report } from "./transition.ts";

/** What a {@linkcode Hax} stands on. */
export interface HaxDeps {
  readonly consul: Consul;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly pidExists: PidExists;
  /** Id of this machine's boot; `null` where it cannot be told. */
  readonly boot: string | null;
  /** Reports that may wait while Consul is away. {@default 1024} */
  readonly queueCapacity?: number | undefined;
  /** Is told why hax does not do its work yet; `null` once it does. */
  readonly onWait?: ((why: string | null) => void) | undefined;
}

/** What becomes of a report. */
export type Reception =
  | "taken"
  /** hax does not know its node yet, or its queue is full: come again. */
  | "not now"
  /** The configuration has no such process on this node. */
  | "not of this node";

const log = loggerOf("hax");

/** Pause between two looks at whether this node's processes are there. */
const PATROL_MS = 2_000;
/** How long the reports that wait are still tried to record when hax stops. */
const FLUSH_MS = 5_000;

/** One node's hax. */
export class Hax {
  readonly #deps: HaxDeps;
  readonly #leader: Followed<KvEntry | null>;
  readonly #layout: Followed<Layout>;
  readonly #records: ProcessRecords;
  readonly #recorder: Recorder;
  readonly #hints = new Counter("hare_hax_hints_total", "Notices from Consul's watches.");
  readonly #events = new Counter("hare_hax_process_events_total", "Events of Mero processes.");
  /** Generations whose death is in the queue, by fid. */
  readonly #deaths = new Map<string, number | null>();
  #surroundings: Surroundings | null = null;
  #waits: string | null = "hax has just begun";

  constructor(deps: HaxDeps) {
    const { consul, boot } = deps;
    this.#deps = deps;
    this.#leader = new Followed((options) => consul.kv.watch(LEADER, options), {
      ...deps,
      onLost: (why) => log.warn("Consul is away, which is waited out: {why}", { why }),
      onRegained: () => log.info("Consul is back"),
    });
    this.#layout = new Followed((options) => watchLayout(consul, options), deps);
    this.#records = new ProcessRecords({ consul, boot, log });
    this.#recorder = new Recorder(this.#records, {
      ...deps,
      log,
      capacity: deps.queueCapacity,
      onOutcome: (event, transition) =>
        this.#events.add({
          event: event.kind === "report" ? event.report.event : "death",
          outcome: transition.applied ? "recorded" : transition.why,
        }),
    });
  }

  /**
   * Lives until `signal` is aborted; the reports that were taken are recorded then, within a time
   * limit.
   *
   * @throws what no part of hax expects: a fault of the program
   */
  async run(signal: AbortSignal): Promise<void> {
    await together(signal, [
      (signal) => this.#leader.run(signal),
      (signal) => this.#record(signal),
      async (signal) => {
        await this.#learnSurroundings(signal);
        // Not before: while the configuration is imported, only a part of it is there.
        await together(signal, [
          (signal) => this.#layout.run(signal),
          (signal) => this.#patrol(signal),
        ]);
      },
    ]);
  }

  /** hax's own health. */
  health(): HaxHealth {
    const leader = this.#leader.now;
    return healthOfHax({
      waits: this.#waits,
      consulAway: leader.known ? null : leader.why,
      queueLength: this.#recorder.queue.length,
      queueCapacity: this.#recorder.queue.capacity,
    });
  }

  /** Health of one process of this node, or `null` where there is no such process. */
  healthOf(fid: Fid): Health | null {
    if (this.#surroundings === null) {
      return { level: "warning", why: `hax waits: ${this.#waits}` };
    }
    if (!this.#isOwn(fid)) return null;
    if (formatFid(fid) === formatFid(this.#surroundings.identity.process)) return this.health();
    const { record, presence } = this.#look(fid);
    return healthOfProcess(record, presence);
  }

  /** The entrypoint as of now. */
  entrypoint(): EntrypointAnswer {
    const leader = this.#leader.now;
    if (!leader.known) return { known: false, why: leader.why };
    if (this.#surroundings === null) return { known: false, why: `hax waits: ${this.#waits}` };
    return entrypointOf(leader.value, this.#layout.latest ?? this.#surroundings.layout);
  }

  /** Takes what a process says of itself; it is recorded later, in the order of reports. */
  report(fid: Fid, report: Report): Reception {
    if (this.#surroundings === null) return "not now";
    if (!this.#isOwn(fid)) return "not of this node";
    const reporterExists = this.#deps.pidExists(report.pid);
    return this.#recorder.offer(fid, { kind: "report", report, reporterExists })
      ? "taken"
      : "not now";
  }

  /** Takes notice of what a watch of the agent saw. Without a link to Mero nobody is to be told. */
  takeHint(hint: Hint): void {
    this.#hints.add({ about: hint.about });
    log.debug("a watch names {about}: {names}", {
      about: hint.about,
      names: hint.names.join(" ") || "none",
    });
  }

  /** What there is to be measured. */
  metrics(): readonly Metric[] {
    const { length, capacity } = this.#recorder.queue;
    const states = this.#ownProcesses().flatMap(({ fid }) => {
      const record = this.#records.get(fid);
      return record === null ? [] : [{
        labels: { fid: formatFid(fid), type: record.type ?? "", state: record.state },
        value: 1,
      }];
    });
    return [
      gauge("hare_hax_consul_up", "Whether Consul can be asked.", this.#leader.now.known ? 1 : 0),
      gauge("hare_hax_queue_length", "Process events that wait to be recorded.", length),
      gauge("hare_hax_queue_capacity", "Process events that may wait.", capacity),
      {
        name: "hare_hax_process_state",
        help: "Recorded states of this node's Mero processes.",
        type: "gauge",
        samples: states,
      },
      this.#events.metric(),
      this.#hints.metric(),
    ];
  }

  async #learnSurroundings(signal: AbortSignal): Promise<void> {
    const { consul, clock, random } = this.#deps;
    const { identity } = this.#surroundings = await askPatiently(async (signal) => {
      const answer = await askSurroundings(consul, signal);
      if (!answer.ready) return answer;
      const { identity, layout } = answer.value;
      await this.#records.load(
        layout.processes.filter((p) => p.node === identity.node).map((p) => p.fid),
        signal,
      );
      return answer;
    }, {
      signal,
      clock,
      random,
      onWait: (why) => {
        this.#waits = why;
        this.#deps.onWait?.(why);
        log.info("waits: {why}", { why });
      },
    });
    this.#waits = null;
    this.#deps.onWait?.(null);
    log.info("is process {fid} of node {node}", {
      fid: formatFid(identity.process),
      node: identity.node,
    });
  }

  /** Looks after this node's processes, so that a death is recorded even if nobody asks. */
  async #patrol(signal: AbortSignal): Promise<never> {
    while (true) {
      for (const { fid } of this.#ownProcesses()) this.#look(fid);
      await this.#deps.clock.sleep(PATROL_MS, signal);
    }
  }

  /** Records what is taken; once `signal` is aborted only what waits, within a time limit. */
  async #record(signal: AbortSignal): Promise<void> {
    const limit = new AbortController();
    let timer: number | undefined;
    const onStop = () => {
      this.#recorder.close();
      timer = setTimeout(() => limit.abort(), FLUSH_MS);
    };
    signal.addEventListener("abort", onStop, { once: true });
    try {
      await this.#recorder.run(limit.signal);
    } catch (error) {
      if (!limit.signal.aborted) throw error;
      log.error("{n} events of processes are lost", { n: this.#recorder.queue.length });
    } finally {
      clearTimeout(timer);
    }
  }

  /** A process on record and whether it is there; if it died without a word, that is recorded. */
  #look(fid: Fid): { record: BootRecord | null; presence: Presence } {
    const record = this.#records.get(fid);
    if (record === null) return { record, presence: "gone" };
    const presence = presenceOf(record, this.#deps);
    const { pid, generation } = record;
    const key = formatFid(fid);
    if (isUp(record) && presence !== "there" && this.#deaths.get(key) !== generation) {
      if (this.#recorder.offer(fid, { kind: "death", pid, generation })) {
        this.#deaths.set(key, generation);
      }
    }
    return { record, presence };
  }

  #ownProcesses(): readonly ConfProcess[] {
    if (this.#surroundings === null) return [];
    const { identity, layout } = this.#surroundings;
    const { processes } = this.#layout.latest ?? layout;
    return processes.filter(({ node }) => node === identity.node);
  }

  #isOwn(fid: Fid): boolean {
    return this.#ownProcesses().some((own) => formatFid(own.fid) === formatFid(fid));
  }
}

async function* watchLayout(consul: Consul, options: WatchOptions): AsyncIterable<Layout> {
  for await (const entries of consul.kv.watchPrefix(NODE_PREFIX, options)) yield layoutOf(entries);
}
