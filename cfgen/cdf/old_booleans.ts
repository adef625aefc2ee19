/**
 * The booleans of YAML 1.1 in old descriptions: `yes`, `no`, `on`, `off`. YAML 1.2 reads them as
 * texts, which they must stay elsewhere: a host may be called `on`.
 *
 * @module
 */

import type { Path } from "./path.ts";
import type { Source } from "./source.ts";

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["on", true],
  ["no", false],
  ["off", false],
]);

/** The place and value of a YAML 1.1 boolean. */
export interface OldBoolean {
  readonly path: Path;
  readonly value: boolean;
}

/** Replaces old booleans in the value of `source` where a CDF wants booleans: `runs_confd`. */
export function replaceOldBooleans(source: Source): readonly OldBoolean[] {
  const found: OldBoolean[] = [];
  entriesOf(fieldOf(source.value, "hosts")).forEach((host, i) =>
    entriesOf(fieldOf(host, "m0_servers")).forEach((server, j) => {
      const path = ["hosts", i, "m0_servers", j, "runs_confd"];
      const text = fieldOf(server, "runs_confd");
      const value = typeof text === "string" ? BOOLEANS.get(text.toLowerCase()) : undefined;
      if (value === undefined || !source.isPlain(path)) return;
      (server as Record<string, unknown>).runs_confd = value;
      found.push({ path, value });
    })
  );
  return found;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function entriesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
