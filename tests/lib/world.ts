/**
 * A world for the command line in tests: what is written is kept, nothing outside is touched.
 *
 * @module
 */

import type { World } from "../../mod/cli/world.ts";
import { systemClock } from "../../mod/lib/clock.ts";

/** A world, and what was written in it. */
export interface FakeWorld extends World {
  /** All that went to standard output. */
  readonly out: () => string;
  /** All that went to standard error. */
  readonly err: () => string;
}

/** A world where nothing is but what `parts` brings. */
export function fakeWorld(parts: Partial<World> = {}): FakeWorld {
  let out = "";
  let err = "";
  const absent = (what: string) => () => {
    throw new Error(`this test has no ${what}`);
  };
  return {
    env: () => undefined,
    stdout: (text) => Promise.resolve(void (out += text)),
    stderr: (text) => Promise.resolve(void (err += text)),
    readStdin: absent("standard input"),
    terminal: { isTerminal: false, colours: false, columns: 80 },
    clock: systemClock,
    run: absent("other programs"),
    signal: new AbortController().signal,
    consul: absent("Consul"),
    ...parts,
    out: () => out,
    err: () => err,
  };
}
