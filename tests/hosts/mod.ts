/**
 * Test hosts: real-looking servers on this one machine, each with systemd, sshd, a journal, a disk
 * and an address of its own. They have Consul, and stand-ins for Mero; what else a test needs it
 * brings itself. Nothing of them leaves the machine, and nothing stays when they are disposed of.
 *
 * ```ts ignore
 * await using hosts = await TestHosts.make(3, await testHostBase());
 * const [one, two] = hosts.all;
 * await one.output(["ssh", two.name, "hostname"]);
 * await two.crash();
 * ```
 *
 * @module
 */

import { HareError } from "../../mod/lib/errors.ts";
import { lockFile } from "../../mod/lib/lock_file.ts";
import type { Run } from "../../mod/lib/process.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { outputOf } from "../../tools/exec.ts";
import { exists } from "../../tools/cache.ts";
import type { Base } from "./base.ts";
import { Cgroup } from "./cgroup.ts";
import { killWhenThisEnds } from "./guard.ts";
import { TestHost } from "./host.ts";
import { introduce, operatorsSsh } from "./ssh.ts";
import { removeSwitch, Switch } from "./switch.ts";
import { writeMero } from "./units.ts";

export type { Base } from "./base.ts";
export type { TestHost } from "./host.ts";

/** What everything is called that is seen on the whole machine: one set of hosts at a time. */
const NAME = "hare-test";

/** The first three numbers of the hosts' addresses. */
const NET = "10.77.77";

/** Where the hosts' disks are. The lock beside it is held for as long as there are hosts. */
const DIRECTORY = "/var/tmp/hare-test-hosts";

/** Where systemd-nspawn has a directory for each machine, which it does not remove. */
const NSPAWN_DIRECTORY = "/run/systemd/nspawn/propagate";

/** How long other tests may have their hosts, in milliseconds. */
const PATIENCE_MS = 15 * 60_000;

/** Some hosts on one network, and the operator's place on it. */
export class TestHosts implements AsyncDisposable {
  /** `ssc-vm1`, `ssc-vm2`, … */
  readonly all: readonly TestHost[];
  readonly #network: Switch;
  readonly #stack: AsyncDisposable;

  private constructor(all: readonly TestHost[], network: Switch, stack: AsyncDisposable) {
    this.all = all;
    this.#network = network;
    this.#stack = stack;
  }

  /** Makes hosts and boots them. Waits while other tests have theirs. */
  static async make(count: number, base: Base): Promise<TestHosts> {
    await using stack = new AsyncDisposableStack();
    stack.use(await takeTurn());
    await clear(); // of a run that was killed
    stack.defer(clear);
    const cgroup = await Cgroup.named(NAME);
    await cgroup.make();
    stack.use(killWhenThisEnds(cgroup));
    const common = `${DIRECTORY}/common`;
    await writeMero(common);
    const network = await Switch.make(NAME, NET);
    const all: TestHost[] = [];
    for (let port = 1; port <= count; port++) {
      const name = `ssc-vm${port}`;
      const directory = `${DIRECTORY}/${name}`;
      for (const part of ["upper", "work", "root"]) {
        await Deno.mkdir(`${directory}/${part}`, { recursive: true });
      }
      const machine = `${NAME}-${name}`;
      const host = new TestHost({
        ...{ name, machine, directory, network, port, consul: base.consul },
        layers: [common, base.tree],
        cgroup: await Cgroup.named(`${NAME}/${name}`),
      });
      all.push(host);
    }
    await introduce(all, DIRECTORY, common);
    stack.defer(async () => void await Promise.all(all.map((host) => host.crash())));
    await together(all, (host) => host.boot());
    return new TestHosts(all, network, stack.move());
  }

  /** The host with this name. */
  host(name: string): TestHost {
    const found = this.all.find((host) => host.name === name);
    if (found === undefined) throw new HareError(`there is no host ${name}`);
    return found;
  }

  /** Runs a program at the operator's place, which is none of the hosts. */
  get run(): Run {
    return this.#network.run;
  }

  /** Runs a program on a host, by ssh from the operator's place. */
  readonly ssh = (host: string, ...argv: readonly string[]): ReturnType<Run> =>
    this.run([...operatorsSsh(DIRECTORY), host, ...argv]);

  /** Lets programs of this machine talk to the hosts, for as long as there are any. */
  connectHere(): Promise<void> {
    return this.#network.connectHere();
  }

  /** Takes everything down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** Does something to several hosts at once, and waits for all of them even when one fails. */
export async function together(
  hosts: readonly TestHost[],
  work: (host: TestHost) => Promise<unknown>,
): Promise<void> {
  for (const outcome of await Promise.allSettled(hosts.map(work))) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}

async function takeTurn(): Promise<Disposable> {
  return await waitFor("other test hosts of this machine to go", async () => {
    const lock = await lockFile(`${DIRECTORY}.lock`);
    return lock === null
      ? { ready: false, why: "they are still there" }
      : { ready: true, value: lock };
  }, { limitMs: PATIENCE_MS, intervalMs: 500 });
}

/** Removes everything that hosts leave on this machine. */
async function clear(): Promise<void> {
  const cgroup = await Cgroup.named(NAME);
  await cgroup.kill();
  await cgroup.remove();
  await removeSwitch(NAME);
  if (await exists(NSPAWN_DIRECTORY)) {
    for await (const { name } of Deno.readDir(NSPAWN_DIRECTORY)) {
      if (name.startsWith(`${NAME}-`)) await Deno.remove(`${NSPAWN_DIRECTORY}/${name}`);
    }
  }
  // A layer's work directory may not be entered, not even by root where this is Deno.
  await outputOf(["rm", "-rf", "--one-file-system", DIRECTORY]);
}
