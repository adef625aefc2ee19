/**
 * Paths into a document: `hosts[0].m0_servers[1].io_disks`.
 *
 * @module
 */

import { excerpt } from "../../mod/lib/excerpt.ts";

/** Keys and indexes from the document's root down. */
export type Path = readonly (string | number)[];

/** A path in which `"*"` stands for any key or index. */
export type PathPattern = Path;

/** A valid document has fewer levels. */
const MAX_STEPS = 20;

/** A valid document has shorter keys. */
const MAX_KEY = 60;

/**
 * A path as it is shown to a person; the root is `document`.
 *
 * @example
 * ```ts
 * import { formatPath } from "./path.ts";
 *
 * if (formatPath(["hosts", 0, "name"]) !== "hosts[0].name") throw new Error("wrong");
 * ```
 */
export function formatPath(path: Path): string {
  if (path.length === 0) return "document";
  if (path.length > MAX_STEPS) return `${formatPath(path.slice(0, MAX_STEPS))}…`;
  return path
    .map((step, i) => {
      if (typeof step === "number") return `[${step}]`;
      const short = excerpt(step, MAX_KEY);
      const key = /^[\w/.*-]+$/.test(short) ? short : JSON.stringify(short);
      return i === 0 ? key : `.${key}`;
    })
    .join("");
}

/**
 * Whether one of the two lies in the other: whether a change at `path` can change what `pattern`
 * names.
 *
 * @example
 * ```ts
 * import { touches } from "./path.ts";
 *
 * if (!touches(["hosts", 3], ["hosts", "*", "name"])) throw new Error("it contains the name");
 * if (touches(["hosts", 3, "name"], ["hosts", 4])) throw new Error("another host");
 * ```
 */
export function touches(path: Path, pattern: PathPattern): boolean {
  const length = Math.min(path.length, pattern.length);
  for (let i = 0; i < length; i++) {
    if (pattern[i] !== "*" && path[i] !== pattern[i]) return false;
  }
  return true;
}

/** What `value` has at `path`; `undefined` where there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}
