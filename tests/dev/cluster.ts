/**
 * A development cluster for tests, from the compiled binary.
 *
 * @module
 */

import { Consul } from "../../mod/consul/mod.ts";
import { findMarked, type MarkedProcess } from "../../mod/dev/processes.ts";
import { type Output, runHere } from "../../mod/lib/process.ts";
import { join } from "../../mod/lib/std/path.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assertEquals } from "../lib/assert.ts";
import { HARE, hare } from "../lib/hare.ts";

/** Directory of the examples. */
export const EXAMPLES = new URL("../../examples", import.meta.url).pathname;

/** A development cluster with a directory of its own, taken down whatever the test does. */
export class Dev implements AsyncDisposable {
  readonly dir: string;
  readonly #net: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(dir: string, net: string, env: Readonly<Record<string, string>>) {
    this.dir = dir;
    this.#net = net;
    this.#env = env;
  }

  /**
   * @param net first three numbers of the hosts' addresses
   * @param env variables for `hare dev`
   */
  static async make(net: string, env: Readonly<Record<string, string>> = {}): Promise<Dev> {
    return new Dev(join(await Deno.makeTempDir({ prefix: "hare-test-dev-" }), "dev"), net, env);
  }

  /** Address of host number `n`, which counts from 1. */
  address(n: number): string {
    return `${this.#net}.${n}`;
  }

  consul(n: number): Consul {
    return new Consul({ address: `http://${this.address(n)}:8500` });
  }

  /** `hare dev VERB … --dir …`. */
  async dev(verb: string, ...args: string[]): Promise<Output> {
    return await hare(["dev", verb, "--dir", this.dir, ...args], { env: this.#env });
  }

  /** Starts `hare dev up`, and has SIGINT sent as Ctrl-C would once a line is shown. */
  async interruptUp(cdf: string, line: string): Promise<Output> {
    const args = ["dev", "up", "--dir", this.dir, "--net", this.#net, "--disk-size", "16M", cdf];
    const child = new Deno.Command(HARE, { args, stdout: "piped", stderr: "piped" }).spawn();
    const stdout = new Response(child.stdout).text();
    let stderr = "";
    let isSent = false;
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += chunk;
      if (isSent || !stderr.includes(line)) continue;
      child.kill("SIGINT");
      isSent = true;
    }
    return { code: (await child.status).code, stdout: await stdout, stderr };
  }

  async up(cdf: string, ...options: string[]): Promise<Output> {
    const disks = options.includes("--disk-size") ? [] : ["--disk-size", "16M"];
    return mustPass(await this.dev("up", "--net", this.#net, ...disks, ...options, cdf));
  }

  /** A command that asks host number `n`'s Consul. */
  async ask(n: number, ...args: string[]): Promise<Output> {
    return await hare(args, { env: { CONSUL_HTTP_ADDR: `${this.address(n)}:8500` } });
  }

  async processes(): Promise<number> {
    return (await this.marked()).length;
  }

  /** The processes that say that they are of this cluster, whether its files are there or not. */
  async marked(): Promise<readonly MarkedProcess[]> {
    return (await findMarked(runHere)).filter(({ dir }) => dir === this.dir);
  }

  async log(host: string, unit: string): Promise<string> {
    return await Deno.readTextFile(join(this.dir, "hosts", host, "log", `${unit}.log`));
  }

  /** Nothing of the cluster is left: no process, no file, no address in use. */
  async assertGone(hosts: number): Promise<void> {
    assertEquals(await this.processes(), 0);
    assertEquals(await Array.fromAsync(Deno.readDir(join(this.dir, ".."))), []);
    for (let n = 1; n <= hosts; n++) {
      for (const port of [8008, 8300, 8301, 8500]) {
        Deno.listen({ hostname: this.address(n), port }).close();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dev("down");
    await Deno.remove(join(this.dir, ".."), { recursive: true });
  }
}

/** The output of a command that has to have succeeded. */
export function mustPass(output: Output): Output {
  assertEquals(output.code, 0, `exit status ${output.code}: ${output.stderr}${output.stdout}`);
  return output;
}

/** Waits until `ask` answers with status 0, and returns what it printed. */
export async function until(what: string, ask: () => Promise<Output>): Promise<string> {
  return await waitFor(what, async () => {
    const { code, stdout, stderr } = await ask();
    return code === 0 ? { ready: true, value: stdout } : { ready: false, why: stdout + stderr };
  }, { limitMs: 60_000, intervalMs: 200 });
}
