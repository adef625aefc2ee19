/**
 * One test host: a Debian with systemd as its first process, in namespaces of its own. It knows
 * nothing of that it is no machine; its disk is a layer over the tree that all hosts share.
 *
 * @module
 */

import { HareError, messageOf } from "../../mod/lib/errors.ts";
import { type Output, type Run, runHere } from "../../mod/lib/process.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { type Argv, outputOf } from "../../tools/exec.ts";
import { Cgroup } from "./cgroup.ts";
import type { Switch } from "./switch.ts";

/** What a host is made of. */
export interface HostParts {
  readonly name: string;
  /** Name of its machine: no other on this one has it. */
  readonly machine: string;
  /** Its directory, with `upper`, `work` and `root`. */
  readonly directory: string;
  /** The layers under its disk, the highest first. */
  readonly layers: readonly string[];
  /** Program of Consul on this machine. */
  readonly consul: string;
  readonly network: Switch;
  /** Its port of the network. */
  readonly port: number;
  readonly cgroup: Cgroup;
}

// Arguments: the layers, the host's directory, its network namespace; its control groups' directories
// up to `--`; then what boots it. The mount is in a namespace of this process's own, and goes with it.
const POWER_ON = `
layers=$1 own=$2 namespace=$3
shift 3
exec >>"$own/console.log" 2>&1 </dev/null
while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit; shift; done
shift
mount -t overlay hare-test-host \
  -o "lowerdir=$layers,upperdir=$own/upper,workdir=$own/work" "$own/root" || exit
exec nsenter --net="$namespace" -- "$@"
`;

/** nspawn's exit status when its host wants to be booted again. */
const REBOOT = 133;

const BOOT_LIMIT_MS = 60_000;

/** A host. */
export class TestHost {
  readonly name: string;
  readonly address: string;
  readonly #parts: HostParts;
  /** Resolves when the host is off; `null` while it is. */
  #on: Promise<void> | null = null;
  #isCut = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.address = parts.network.address(parts.port);
  }

  /** Switches it on, unless it is, and waits until it has started all that starts by itself. */
  async boot(): Promise<void> {
    this.#on ??= this.#stayOn().finally(() => this.#on = null);
    const off = new AbortController();
    const ended = this.#on.then(() => off.abort(new HareError(`${this.name} went off`)));
    try {
      await Promise.race([this.#settled(null, off.signal), ended]);
      off.signal.throwIfAborted();
    } catch (error) {
      const log = await Deno.readTextFile(`${this.#parts.directory}/console.log`);
      throw new HareError(
        `${this.name} does not boot: ${messageOf(error)}\n${log.slice(-2000)}`,
        { cause: error },
      );
    }
  }

  /** Shuts it down in good order and boots it again. */
  async reboot(): Promise<void> {
    const before = await this.#leader();
    await this.run(["systemctl", "reboot"]);
    await this.#settled(before);
  }

  /** Pulls its power cord: the others hear nothing more of it, and all its processes are gone. */
  async crash(): Promise<void> {
    if (this.#on === null) return;
    await this.#parts.network.silence(this.#parts.port);
    await this.#parts.cgroup.kill();
    await this.#on;
  }

  /** Loses what is sent from it and to it, until {@linkcode heal}, also over a reboot. */
  async cut(): Promise<void> {
    this.#isCut = true;
    await this.#parts.network.silence(this.#parts.port);
  }

  /** Ends a {@linkcode cut}. */
  async heal(): Promise<void> {
    this.#isCut = false;
    await this.#parts.network.forward(this.#parts.port);
  }

  /** Hangs it: no process runs, while its kernel still answers the network. */
  freeze(): Promise<void> {
    return this.#parts.cgroup.freeze(true);
  }

  /** Ends a {@linkcode freeze}. */
  thaw(): Promise<void> {
    return this.#parts.cgroup.freeze(false);
  }

  /** Runs a program on it as root; no network is needed for that. */
  readonly run: Run = async (argv, options) => runHere(await this.argv(argv), options);

  /** Runs a program on it that must succeed, and returns what it has printed. */
  async output(argv: Argv, options?: Parameters<Run>[1]): Promise<string> {
    return await outputOf(await this.argv(argv), { limitMs: 60_000, ...options });
  }

  /** The pid, on this machine, of the program that a unit (`x.service`) runs. */
  async mainPid(unit: string): Promise<number> {
    const inside = (await this.output(["systemctl", "show", "-P", "MainPID", unit])).trim();
    const pids = await this.#parts.cgroup.pids(`payload/system.slice/${unit}`);
    const pid = await whichIs(inside, pids);
    if (pid === null) throw new HareError(`${this.name}: ${unit} does not run`);
    return pid;
  }

  /** Copies a file of this machine to it. */
  async put(file: { from: string; to: string; mode?: string }): Promise<void> {
    using source = await Deno.open(file.from);
    await this.output(
      ["install", "-D", "--mode", file.mode ?? "0644", "/dev/stdin", file.to],
      { stdin: source.readable },
    );
  }

  /** Writes a file on it. */
  async write(path: string, content: string, mode = "0644"): Promise<void> {
    await this.output(["install", "-D", "--mode", mode, "/dev/stdin", path], { stdin: content });
  }

  /** What is to be run on this machine to run `argv` on the host: for programs to be watched. */
  async argv(argv: Argv): Promise<Argv> {
    const leader = await this.#leader();
    if (leader === null) throw new HareError(`${this.name} is off`);
    const [cgroup] = this.#parts.cgroup.directories;
    return [
      // Its place among the host's own processes is first in their group, to be frozen and killed
      // with them.
      ...["sh", "-c", 'echo $$ >"$1" && shift && exec "$@"', "sh"] as const,
      `${cgroup}/payload/init.scope/cgroup.procs`,
      // Its root is not that of its mounts where this machine is a chroot.
      ...["nsenter", "--target", `${leader}`, "--mount", "--root", "--uts", "--ipc", "--net"],
      ...["--pid", "--cgroup", "--", "/usr/bin/env", "-i", "-C", "/root", ...ENVIRONMENT, ...argv],
    ];
  }

  async #stayOn(): Promise<void> {
    let code: number;
    do {
      code = await this.#onOnce();
    } while (code === REBOOT);
  }

  async #onOnce(): Promise<number> {
    const { name, machine, directory, layers, consul, network, port, cgroup } = this.#parts;
    const namespace = `/run/netns/${network.namespace(port)}`;
    await network.plug(port);
    if (this.#isCut) await network.silence(port);
    await cgroup.make();
    const nspawn = [
      ...["systemd-nspawn", "--quiet", "--boot", "--directory", `${directory}/root`],
      ...["--machine", machine, "--hostname", name, `--network-namespace-path=${namespace}`],
      // Neither systemd nor machined of this machine are asked for anything: there may be none.
      ...["--register=no", "--keep-unit", "--link-journal=no"],
      ...["--resolv-conf=off", "--timezone=off", "--console=read-only"],
      `--bind-ro=${consul}:/opt/consul/consul`,
    ];
    const { code } = await new Deno.Command("unshare", {
      args: [
        ...["--mount", "--propagation", "private", "sh", "-c", POWER_ON, "sh"],
        ...[layers.join(":"), directory, namespace, ...cgroup.directories, "--", ...nspawn],
      ],
      // The host has cgroup2 alone, whatever this machine has.
      env: { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn().status;
    await cgroup.remove();
    await network.unplug(port);
    return code;
  }

  /** The pid, on this machine, of the host's first process; `null` while it is off. */
  async #leader(): Promise<number | null> {
    return await whichIs("1", await this.#parts.cgroup.pids("payload/init.scope"));
  }

  /** Waits until systemd has started all that it starts at boot. */
  async #settled(before: number | null, signal?: AbortSignal): Promise<void> {
    await waitFor(`${this.name} to boot`, async (within) => {
      const leader = await this.#leader();
      if (leader === null) return { ready: false, why: "it is off" };
      if (leader === before) return { ready: false, why: "it is going down" };
      const { stdout, stderr }: Output = await this.run(
        ["systemctl", "is-system-running", "--wait"],
        { signal: within },
      );
      return /^(running|degraded)$/.test(stdout.trim())
        ? { ready: true, value: undefined }
        : { ready: false, why: `${stdout}${stderr}`.trim() };
    }, { limitMs: BOOT_LIMIT_MS, intervalMs: 20, signal });
  }
}

/** Which of these processes of this machine has this pid on its host. */
async function whichIs(inside: string, pids: readonly number[]): Promise<number | null> {
  for (const pid of pids) {
    const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
    if (status.match(/^NSpid:.*\s(\d+)$/m)?.[1] === inside) return pid;
  }
  return null;
}

/** What a login has. */
const ENVIRONMENT = [
  "HOME=/root",
  "USER=root",
  "LOGNAME=root",
  "LANG=C.UTF-8",
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
];
