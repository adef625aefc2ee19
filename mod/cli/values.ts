/**
 * What the shell's completion may offer for an argument, or for an option's value.
 *
 * @module
 */

import type { Argument, Option } from "./command.ts";
import type { Context } from "./context.ts";

/**
 * Asks the running cluster for values. It may fail, and it has until `signal` aborts: then the
 * shell offers nothing.
 */
export type LiveValues = (context: Context, signal: AbortSignal) => Promise<readonly string[]>;

/** What fits in one place of the command line. */
export type Values = "files" | "directories" | "nothing" | LiveValues;

/** An argument or option of any type. */
export type Taker = Pick<Argument | Option, "description" | "argChoices" | "name">;

const chosen = new WeakMap<Taker, Values>();

/**
 * The same argument or option, whose values are now known to the shell's completion.
 *
 * @example
 * ```ts
 * import { Argument } from "./command.ts";
 * import { completedBy, valuesOf } from "./values.ts";
 *
 * const host = completedBy(new Argument("<host>"), () => Promise.resolve(["ssc-vm1"]));
 * if (valuesOf(host) === "nothing") throw new Error("forgotten");
 * ```
 */
export function completedBy<T extends Taker>(taker: T, values: Values): T {
  chosen.set(taker, values);
  return taker;
}

/** What fits `taker`: as it was told, else by what it is called. */
export function valuesOf(taker: Taker): Values {
  return chosen.get(taker) ?? byPlaceholder(taker);
}

/** `<cdf>`, `--output <file>` and `--dir <directory>` need not be told. */
function byPlaceholder(taker: Taker): Values {
  const flags = "flags" in taker && typeof taker.flags === "string" ? taker.flags : undefined;
  const placeholder = flags === undefined ? taker.name() : /[<[]([^>\]]*)/.exec(flags)?.[1] ?? "";
  if (/^(cdf|file|path)s?\b/i.test(placeholder)) return "files";
  if (/^dir/i.test(placeholder)) return "directories";
  return "nothing";
}
