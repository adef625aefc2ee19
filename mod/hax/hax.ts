/**
 * hax: what one node knows of its Mero processes and of its cluster, kept fresh; and what may be
 * asked of it and told to it. `handler.ts` puts it on HTTP, `link_side.ts` on the HA link.
 *
 * @module
 */

import { NO_LINK } from "../agent/services.ts";
import type { Consul, WatchOptions } from "../consul/mod.ts";
import { type EntrypointAnswer, entrypointOf } from "../entrypoint/entrypoint.ts";
import { type ConfProcess, type Layout, layoutOf } from "../kv/cluster.ts";
import { NODE_PREFIX } from "../kv/keys.ts";
import { type Leader, watchLeader } from "../kv/leader.ts";
import type { Clock } from "../lib/clock.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { Counter, gauge, type Metric } from "../lib/metrics.ts";
import { askPatiently } from "./ask_patiently.ts";
import type { Hint } from "./bodies.ts";
import { Checks } from "./checks.ts";
import { Followed } from "./followed.ts";
import { type HaxHealth, type Health, healthOfHax, healthOfProcess } from "./health.ts";
import { askSurroundings, type Surroundings } from "./identity.ts";
import { LinkKeeper, type OpenLink } from "./link_keeper.ts";
import { OwnProcesses, type Reception } from "./own_processes.ts";
import type { PresenceDeps } from "./presence.ts";
import { together } from "./together.ts";
import type { Report } from "./transition.ts";
import { UnitStates } from "./unit_states.ts";

export type { Reception };

/** What a {@linkcode Hax} stands on. */
export interface HaxDeps extends PresenceDeps {
  readonly consul: Consul;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  /** Opens the HA link; `null` for a hax without one. */
  readonly openLink: OpenLink | null;
  /** Path of the system bus's socket. {@default the system's} */
  readonly systemBus?: string | undefined;
  /** Reports that may wait while Consul is away. {@default 1024} */
  readonly queueCapacity?: number | undefined;
  /** Is told why hax does not do its work yet; `null` once it does. */
  readonly onWait?: ((why: string | null) => void) | undefined;
}

const log = loggerOf("hax");
/**
 * A server that was cut off is found out about when the others elect a leader in place of its node's;
 * each query a second costs some 0.1 % of a core.
 */
const LEADER_WAIT_MS = 1500;

/** One node's hax. */
export class Hax {
  readonly #deps: HaxDeps;
  readonly #leader: Followed<Leader | null>;
  readonly #layout: Followed<Layout>;
  readonly #processes: OwnProcesses;
  readonly #units: UnitStates;
  readonly #checks: Checks;
  readonly #link: LinkKeeper | null;
  readonly #hints = new Counter("hare_hax_hints_total", "Notices from Consul's watches.");
  #surroundings: Surroundings | null = null;
  #waits: string | null = "hax has just begun";

  constructor(deps: HaxDeps) {
    const { consul, openLink } = deps;
    this.#deps = deps;
    this.#leader = new Followed(
      (options) => watchLeader(consul, { ...options, timeoutMs: LEADER_WAIT_MS }),
      {
        ...deps,
        waitMs: LEADER_WAIT_MS,
        onLost: (why) => log.warn("Consul is away, which is waited out: {why}", { why }),
        onRegained: () => {
          log.info("Consul is back");
          this.#link?.lookAround();
          this.#checks.tellAnew();
        },
      },
    );
    this.#layout = new Followed(
      (options) => watchLayout(consul, options, this.#layout.latest ?? undefined),
      deps,
    );
    const own = () => this.#own();
    this.#checks = new Checks({ ...deps, log, own, healthOf: (fid) => this.healthOf(fid) });
    this.#processes = new OwnProcesses({
      ...deps,
      log,
      own,
      onRecorded: () => this.#checks.ask(),
    });
    this.#units = new UnitStates({
      ...deps,
      log,
      onBell: () => {
        // A death need not wait for the next patrol.
        this.#processes.lookAtAll();
        this.#checks.ask();
      },
    });
    this.#link = openLink === null ? null : new LinkKeeper({
      ...deps,
      open: openLink,
      entrypoint: () => this.entrypoint(),
      layout: () => this.#layoutNow(),
      processes: this.#processes,
    });
  }

  /**
   * Lives until `signal` is aborted; the reports that were taken are recorded then, within a time
   * limit.
   *
   * @throws what no part of hax expects: a fault of the program, or of the HA link's library
   */
  async run(signal: AbortSignal): Promise<void> {
    // The link ends first: what its processes say until then is still recorded.
    const linkEnded = new AbortController();
    await together(signal, [
      (signal) => this.#leader.run(signal),
      () => this.#processes.record(linkEnded.signal),
      async (signal) => {
        try {
          const { identity } = await this.#learnSurroundings(signal);
          // Not before: while the configuration is imported, only a part of it is there.
          await together(signal, [
            (signal) => this.#layout.run(signal),
            (signal) => this.#processes.patrol(signal),
            (signal) => this.#units.run(signal),
            (signal) => this.#checks.run(signal),
            async (signal) => await this.#link?.run(identity, signal),
          ]);
        } finally {
          linkEnded.abort();
        }
      },
    ]);
  }

  /** hax's own health. */
  health(): HaxHealth {
    const leader = this.#leader.now;
    return healthOfHax({
      waits: this.#waits,
      consulAway: leader.known ? null : leader.why,
      link: this.#link?.state ?? "none",
      queueLength: this.#processes.queue.length,
      queueCapacity: this.#processes.queue.capacity,
    });
  }

  /** Health of one process of this node, or `null` where there is no such process. */
  healthOf(fid: Fid): Health | null {
    if (this.#surroundings === null) {
      return { level: "warning", why: `hax waits: ${this.#waits}` };
    }
    if (!this.#processes.has(fid)) return null;
    if (formatFid(fid) === formatFid(this.#surroundings.identity.process)) return this.health();
    const { record, presence } = this.#processes.look(fid);
    const health = healthOfProcess(record, presence, {
      successor: this.#link?.pidOf(fid) ?? null,
      unit: this.#units.of(fid),
    });
    const isUnlinked = health.level === "passing" &&
      this.#link?.isLinked(fid, record?.pid ?? null) === false;
    return isUnlinked ? { ...health, why: `${health.why}; ${NO_LINK}` } : health;
  }

  /** The entrypoint as of now. */
  entrypoint(): EntrypointAnswer {
    const leader = this.#leader.now;
    if (!leader.known) return { known: false, why: leader.why };
    if (this.#surroundings === null) return { known: false, why: `hax waits: ${this.#waits}` };
    return entrypointOf(leader.value, this.#layoutNow());
  }

  /** Takes what a process says of itself; it is recorded later, in the order of reports. */
  report(fid: Fid, report: Report): Reception {
    return this.#surroundings === null ? "not now" : this.#processes.report(fid, report);
  }

  /** Takes notice of what a watch of the agent saw: it is read anew, not believed. */
  takeHint(hint: Hint): void {
    this.#hints.add({ about: hint.about });
    this.#link?.lookAround();
    log.debug("a watch names {about}: {names}", {
      about: hint.about,
      names: hint.names.join(" ") || "none",
    });
  }

  /** What there is to be measured. */
  metrics(): readonly Metric[] {
    return [
      gauge("hare_hax_consul_up", "Whether Consul can be asked.", this.#leader.now.known ? 1 : 0),
      ...this.#processes.metrics(),
      ...this.#units.metrics(),
      ...this.#checks.metrics(),
      ...this.#link?.metrics() ?? [],
      this.#hints.metric(),
    ];
  }

  async #learnSurroundings(signal: AbortSignal): Promise<Surroundings> {
    const { consul, clock, random } = this.#deps;
    const surroundings = this.#surroundings = await askPatiently(async (signal) => {
      const answer = await askSurroundings(consul, signal);
      if (!answer.ready) return answer;
      const { identity, layout } = answer.value;
      const own = layout.processes.filter(({ node }) => node === identity.node);
      await this.#processes.load(own, signal);
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
      fid: formatFid(surroundings.identity.process),
      node: surroundings.identity.node,
    });
    return surroundings;
  }

  #layoutNow(): Layout {
    return this.#layout.latest ?? this.#surroundings?.layout ?? { processes: [] };
  }

  #own(): readonly ConfProcess[] {
    const node = this.#surroundings?.identity.node;
    return this.#layoutNow().processes.filter((process) => process.node === node);
  }
}

/** The configuration; an invalid key removes no process from it. */
async function* watchLayout(
  consul: Consul,
  options: WatchOptions,
  before?: Layout,
): AsyncIterable<Layout> {
  let layout = before;
  let said = "";
  for await (const entries of consul.kv.watchPrefix(NODE_PREFIX, options)) {
    layout = layoutOf(entries, layout);
    const what = layout.unreadable?.map(({ error }) => error.message).join("; ") ?? "";
    if (what !== "" && what !== said) log.warn("the configuration has a fault: {what}", { what });
    said = what;
    yield layout;
  }
}
