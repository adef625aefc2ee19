/**
 * Metrics in Prometheus' text format: counters that count, and a pure renderer.
 *
 * @module
 */

/** One metric with all its samples. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

/** One value. */
export interface Sample {
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
      ...samples.map(({ labels, value }) => `${name}${renderLabels(labels)} ${value}`),
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
