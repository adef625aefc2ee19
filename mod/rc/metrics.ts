/**
 * What a coordinator counts, and what it is now, for Prometheus.
 *
 * @module
 */

import type { ConsulErrorKind } from "../consul/mod.ts";
import { Counter, gauge, Histogram, type Metric } from "../lib/metrics.ts";

/** What only a leader knows. */
export interface LeaderNumbers {
  /** Entries by queue. */
  readonly queues: Readonly<Record<"eq" | "bq" | "timeout", number>>;
  /** How long the event has waited that is next, in milliseconds; 0 when none waits. */
  readonly oldestMs: number;
}

/** Upper bounds in seconds: from a bare transaction to a rule that takes its time. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 120];

/** The numbers of one coordinator. */
export class RcMetrics {
  readonly #events = new Counter(
    "hare_rc_events_total",
    "Events taken from the queue, by the rule's type (other: no rule) and by what became of them.",
  );
  readonly #seconds = new Histogram(
    "hare_rc_event_seconds",
    "How long an event took, all its tries together.",
    SECONDS,
  );
  readonly #elections = new Counter(
    "hare_rc_elections_total",
    "Terms of leadership of this node that have begun, and that are over.",
  );
  readonly #consulErrors = new Counter(
    "hare_rc_consul_errors_total",
    "Calls of Consul that failed, by kind; each was made again.",
  );
  /** Whether events are to wait, by order. */
  isPaused: () => boolean = () => false;
  /** `null` while this node does not lead. */
  leaderNumbers: (() => LeaderNumbers) | null = null;

  /** Counts an event. */
  event(type: string, result: "handled" | "rejected" | "left", ms: number): void {
    this.#events.add({ type, result });
    this.#seconds.observe(ms / 1000);
  }

  /** Counts the beginning or the end of a term. */
  election(result: "won" | "over"): void {
    this.#elections.add({ result });
  }

  /** Counts a call that failed. */
  consulError(kind: ConsulErrorKind): void {
    this.#consulErrors.add({ kind });
  }

  /** All of them. */
  metrics(): readonly Metric[] {
    const numbers = this.leaderNumbers?.() ?? null;
    return [
      gauge("hare_rc_leader", "Whether this node leads.", numbers === null ? 0 : 1),
      gauge("hare_rc_paused", "Whether events wait by order.", this.isPaused() ? 1 : 0),
      ...(numbers === null ? [] : leaderMetrics(numbers)),
      this.#events.metric(),
      this.#seconds.metric(),
      this.#elections.metric(),
      this.#consulErrors.metric(),
    ];
  }
}

function leaderMetrics({ queues, oldestMs }: LeaderNumbers): readonly Metric[] {
  return [
    {
      name: "hare_rc_queue_length",
      help: "Entries that wait, by queue; told by the leader.",
      type: "gauge",
      samples: Object.entries(queues).map(([queue, value]) => ({ labels: { queue }, value })),
    },
    gauge(
      "hare_rc_oldest_event_seconds",
      "How long the event has waited that is next; told by the leader.",
      oldestMs / 1000,
    ),
  ];
}
