/**
 * Control groups of test hosts: all processes of a host are in one, so that they can be killed and
 * frozen at one stroke, and nobody else with them.
 *
 * @module
 */

import { waitFor } from "../../mod/lib/wait_for.ts";

/**
 * Where the trees of control groups are mounted in which systemd keeps a host's services: cgroup2,
 * always the first, and where there is one version 1's tree `name=systemd`. None where there is no
 * cgroup2.
 */
export async function cgroupTrees(): Promise<readonly string[]> {
  const mounts = (await Deno.readTextFile("/proc/self/mounts")).split("\n").map((line) => {
    const [, path = "", type = "", options = ""] = line.split(" ");
    return { path, type, options: options.split(",") };
  });
  const cgroup2 = mounts.find(({ type }) => type === "cgroup2");
  if (cgroup2 === undefined) return [];
  const named = mounts.find(({ type, options }) =>
    type === "cgroup" && options.includes("name=systemd")
  );
  return [cgroup2, ...named === undefined ? [] : [named]].map(({ path }) => path);
}

/** One control group, in all trees. */
export class Cgroup {
  /** Its directories; the first is cgroup2's. */
  readonly directories: readonly string[];

  private constructor(directories: readonly string[]) {
    this.directories = directories;
  }

  /** The group of this name, which may have slashes in it; whether it exists or not. */
  static async named(name: string): Promise<Cgroup> {
    return new Cgroup((await cgroupTrees()).map((tree) => `${tree}/${name}`));
  }

  /** The file by which all processes in it and below are killed. */
  get killSwitch(): string {
    return `${this.directories[0]}/cgroup.kill`;
  }

  /** Makes it, and those above it. */
  async make(): Promise<void> {
    for (const directory of this.directories) await Deno.mkdir(directory, { recursive: true });
  }

  /** The pids in the group below it with this name; none where there is no such group. */
  async pids(below: string): Promise<readonly number[]> {
    const path = `${this.directories[0]}/${below}/cgroup.procs`;
    try {
      return (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "").map(Number);
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  }

  /** Stops all processes in it and below, or lets them go on. */
  async freeze(frozen: boolean): Promise<void> {
    await Deno.writeTextFile(`${this.directories[0]}/cgroup.freeze`, frozen ? "1" : "0");
    await waitFor(`the control group to ${frozen ? "freeze" : "thaw"}`, async () => {
      const events = await Deno.readTextFile(`${this.directories[0]}/cgroup.events`);
      return events.includes(`frozen ${frozen ? 1 : 0}`)
        ? { ready: true, value: undefined }
        : { ready: false, why: events.trim().replaceAll("\n", ", ") };
    }, { limitMs: 10_000, intervalMs: 5 });
  }

  /** Kills all processes in it and below, frozen ones too, at one stroke. */
  async kill(): Promise<void> {
    try {
      await Deno.writeTextFile(this.killSwitch, "1", { create: false });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Removes it and all below, once the last process in it has ended. */
  async remove(): Promise<void> {
    for (const directory of this.directories) {
      await waitFor(`processes to end, to remove ${directory}`, async () => {
        await removeTree(directory);
        return { ready: true, value: undefined };
      }, { limitMs: 20_000, intervalMs: 10 });
    }
  }
}

/** Nothing in a directory of this file system can be removed but directories. */
async function removeTree(directory: string): Promise<void> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      if (isDirectory) await removeTree(`${directory}/${name}`);
    }
    await Deno.remove(directory);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** A group that ends while it is read is no such device. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Error && /\(os error 19\)/.test(error.message);
}
