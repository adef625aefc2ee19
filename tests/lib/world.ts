/**
 * A world for the command line in tests: what is written is kept, nothing outside is touched.
 *
 * @module
 */

import { type Output, outputText } from "../../mod/cli/output.ts";
import type { World } from "../../mod/cli/world.ts";
import { systemClock } from "../../mod/lib/clock.ts";

/** A world, and what was written in it. */
export interface FakeWorld extends World {
  /** All that went to standard output. */
  readonly out: () => string;
  /** All that went to standard error. */
  readonly err: () => string;
}

const PLAIN = { isTerminal: false, colours: false };

/** A world where nothing is but what `parts` brings. */
export function fakeWorld(parts: Partial<World> = {}): FakeWorld {
  let out = "";
  let err = "";
  const terminal = parts.terminal ??
    { ...PLAIN, showsStatus: false, columns: 80, statusColumns: 80 };
  const textOf = (output: Output) => outputText(output, terminal);
  const absent = (what: string) => () => {
    throw new Error(`this test has no ${what}`);
  };
  return {
    env: () => undefined,
    stdout: (output) => Promise.resolve(void (out += textOf(output))),
    stderr: (output) => Promise.resolve(void (err += outputText(output, PLAIN))),
    readStdin: absent("standard input"),
    terminal,
    clock: systemClock,
    run: absent("other programs"),
    signal: new AbortController().signal,
    consul: absent("Consul"),
    ...parts,
    out: () => out,
    err: () => err,
  };
}
