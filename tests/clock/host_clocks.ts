/**
 * Wall clocks of a development cluster's hosts that a test can set. The hosts' programs see the step
 * at once; monotonic time, and Consul (a static program), are left alone.
 *
 * Programs of a development host start in a session of their own, by `setsid`, with the PATH of
 * `hare dev up`: so the first `setsid` on that path puts a small library under them
 * (`wall_clock.c`). libfaketime would not do: a program that is killed while it reads the time keeps
 * a semaphore that those which it has started wait for.
 *
 * @module
 */

import { MARK } from "../../mod/dev/processes.ts";
import { runHere } from "../../mod/lib/process.ts";
import { join } from "../../mod/lib/std/path.ts";
import { hasCompiler } from "../halink/fake_motr.ts";

const SOURCE = new URL("wall_clock.c", import.meta.url).pathname;
/** Of a file that holds what a clock is ahead. */
const BYTES = BigInt64Array.BYTES_PER_ELEMENT;
const OPTIONS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"] as const;

/** Why clocks cannot be set here; `null` where they can. */
export const WHY_NO_CLOCKS: string | null = await hasCompiler()
  ? null
  : "no C compiler: install gcc";

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
    const dir = await Deno.makeTempDir({ prefix: "hare-test-clocks-" });
    const clocks = new HostClocks(dir, [OPERATOR, ...hosts]);
    const { code, stderr } = await runHere(["cc", ...OPTIONS, "-o", clocks.#library, SOURCE]);
    if (code !== 0) throw new Error(stderr);
    for (const name of clocks.#names) {
      await Deno.writeFile(clocks.#file(name), new Uint8Array(BYTES), { createNew: true });
    }
    await Deno.writeTextFile(
      join(dir, "setsid"),
      `#!/bin/sh
host=$(printf %s "$${MARK}" | sed 's/.*"host":"\\([^"]*\\)".*/\\1/')
export PATH="\${PATH#*:}" LD_PRELOAD="${clocks.#library}" HARE_TEST_CLOCK="${clocks.#file("$host")}"
exec setsid "$@"
`,
      { mode: 0o755 },
    );
    return clocks;
  }

  /** The environment for `hare dev`. */
  get env(): Readonly<Record<string, string>> {
    return {
      PATH: `${this.#dir}:${Deno.env.get("PATH")}`,
      LD_PRELOAD: this.#library,
      HARE_TEST_CLOCK: this.#file(OPERATOR),
    };
  }

  /**
   * Sets clocks.
   *
   * @param aheadMs what they are to be ahead of the machine's
   * @param names {@default all of them}
   */
  async set(aheadMs: number, names: readonly string[] = this.#names): Promise<void> {
    const bytes = new Uint8Array(new BigInt64Array([BigInt(aheadMs)]).buffer);
    for (const name of names) {
      // Written at one go, and never shorter: programs have it mapped.
      using file = await Deno.open(this.#file(name), { write: true });
      await file.write(bytes);
    }
  }

  get #library(): string {
    return join(this.#dir, "wall_clock.so");
  }

  #file(name: string): string {
    return join(this.#dir, `time-${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}
