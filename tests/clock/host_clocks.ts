/**
 * Wall clocks of a development cluster's hosts that a test can set, through libfaketime. The hosts'
 * programs see the step at once; monotonic time, and Consul (a static program), are left alone.
 *
 * Programs of a development host start in a session of their own, by `setsid`, with the PATH of
 * `hare dev up`: so the first `setsid` on that path puts the library under them.
 *
 * @module
 */

import { MARK } from "../../mod/dev/processes.ts";
import { join } from "../../mod/lib/std/path.ts";
import { exists } from "../../tools/cache.ts";

const PLACES = [
  `/usr/lib/${Deno.build.arch}-linux-gnu`,
  "/usr/lib",
  "/usr/lib64",
  "/usr/local/lib",
];

const LIBRARY = await findLibrary();

/** Why clocks cannot be stepped here; `null` where they can. */
export const WHY_NO_STEPS: string | null = LIBRARY === null
  ? "there is no libfaketime: install faketime"
  : null;

async function findLibrary(): Promise<string | null> {
  for (const place of PLACES) {
    const path = `${place}/faketime/libfaketimeMT.so.1`;
    if (await exists(path)) return path;
  }
  return null;
}

/** Name of the operator's clock: that of `hare dev` itself. */
export const OPERATOR = "operator";

/** The hosts' clocks, and the operator's. */
export class HostClocks implements AsyncDisposable {
  readonly #dir: string;
  readonly #names: readonly string[];

  private constructor(dir: string, names: readonly string[]) {
    this.#dir = dir;
    this.#names = names;
  }

  /** Clocks that agree with the machine's. */
  static async make(hosts: readonly string[]): Promise<HostClocks> {
    const clocks = new HostClocks(
      await Deno.makeTempDir({ prefix: "hare-test-clocks-" }),
      [OPERATOR, ...hosts],
    );
    await clocks.set(0);
    const setsid = join(clocks.#dir, "setsid");
    const variables = Object.entries(clocks.#variables("$host"));
    await Deno.writeTextFile(
      setsid,
      `#!/bin/sh
host=$(printf %s "$${MARK}" | sed 's/.*"host":"\\([^"]*\\)".*/\\1/')
PATH=\${PATH#*:}
export ${variables.map(([name, value]) => `${name}="${value}"`).join(" ")}
exec setsid "$@"
`,
    );
    await Deno.chmod(setsid, 0o755);
    return clocks;
  }

  /** The environment for `hare dev`. */
  get env(): Readonly<Record<string, string>> {
    return { ...this.#variables(OPERATOR), PATH: `${this.#dir}:${Deno.env.get("PATH")}` };
  }

  #variables(host: string): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: LIBRARY ?? "",
      FAKETIME_TIMESTAMP_FILE: join(this.#dir, `time-${host}`),
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      FAKETIME_NO_CACHE: "1",
    };
  }

  /**
   * Sets clocks.
   *
   * @param aheadMs what they are to be ahead of the machine's
   * @param names {@default all of them}
   */
  async set(aheadMs: number, names: readonly string[] = this.#names): Promise<void> {
    for (const name of names) {
      const path = join(this.#dir, `time-${name}`);
      // A program that reads half of it ends.
      await Deno.writeTextFile(`${path}.new`, `${aheadMs < 0 ? "" : "+"}${aheadMs / 1000}\n`);
      await Deno.rename(`${path}.new`, path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}
