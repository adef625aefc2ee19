/**
 * Metrics in Prometheus' text format: counters and histograms that count, and a pure renderer.
 *
 * @module
 */

/** One metric with all its samples. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

/** One value. */
export interface Sample {
  /** What follows the metric's name in a histogram: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Names and values that tell a metric's samples apart. */
export type Labels = Readonly<Record<string, string>>;

/** A counter with labels. */
export class Counter {
  readonly #counts = new Map<string, { labels: Labels; value: number }>();

  /** @param name ends with `_total` */
  constructor(readonly name: string, readonly help: string) {}

  /** Adds one to the sample with these labels. */
  add(labels: Labels): void {
    const key = renderLabels(labels);
    const count = this.#counts.get(key) ?? { labels, value: 0 };
    count.value += 1;
    this.#counts.set(key, count);
  }

  /** The value with these labels. */
  value(labels: Labels): number {
    return this.#counts.get(renderLabels(labels))?.value ?? 0;
  }

  /** What has been counted. */
  metric(): Metric {
    const samples = [...this.#counts.values()].map((count) => ({ ...count }));
    return { name: this.name, help: this.help, type: "counter", samples };
  }
}

/** How values are spread, by upper bounds. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** @param bounds upper bounds of the buckets, ascending; a last one without bound is added */
  constructor(readonly name: string, readonly help: string, bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  /** Counts one value. */
  observe(value: number): void {
    this.#count += 1;
    this.#sum += value;
    const place = this.#bounds.findIndex((bound) => value <= bound);
    if (place >= 0) this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  /** What has been counted; each bucket counts those below it too, as Prometheus wants it. */
  metric(): Metric {
    let below = 0;
    const buckets = this.#bounds.map((bound, i): Sample => {
      below += this.#counts[i] ?? 0;
      return { suffix: "_bucket", labels: { le: String(bound) }, value: below };
    });
    const samples = [
      ...buckets,
      { suffix: "_bucket", labels: { le: "+Inf" }, value: this.#count },
      { suffix: "_sum", labels: {}, value: this.#sum },
      { suffix: "_count", labels: {}, value: this.#count },
    ];
    return { name: this.name, help: this.help, type: "histogram", samples };
  }
}

/** A gauge without labels. */
export function gauge(name: string, help: string, value: number): Metric {
  return { name, help, type: "gauge", samples: [{ labels: {}, value }] };
}

/**
 * The text that Prometheus scrapes.
 *
 * @example
 * ```ts
 * import { renderMetrics } from "./metrics.ts";
 *
 * const samples = [{ labels: { lane: "a" }, value: 2 }];
 * const text = renderMetrics([{ name: "queue", help: "Waiting.", type: "gauge", samples }]);
 * if (!text.endsWith('queue{lane="a"} 2\n')) throw new Error(text);
 * ```
 */
export function renderMetrics(metrics: readonly Metric[]): string {
  return metrics.map(({ name, help, type, samples }) =>
    [
      `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ suffix = "", labels, value }) =>
        `${name}${suffix}${renderLabels(labels)} ${value}`
      ),
    ].join("\n") + "\n"
  ).join("");
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
