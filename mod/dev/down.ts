/**
 * `hare dev down`: ends every process of a development cluster and removes its directory, in
 * whatever state either is.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { ignoreNotFound } from "../lib/files.ts";
import { join } from "../lib/std/path.ts";
import { waitFor } from "../lib/wait_for.ts";
import type { DevWorld } from "./cluster.ts";
import { lockDirectory } from "./directory.ts";
import { findProcesses, sendSignal } from "./processes.ts";

/** What `down` found. */
export interface DownResult {
  /** How many processes it ended. */
  readonly ended: number;
  /** Whether there was a directory to remove. */
  readonly removed: boolean;
}

/** Everything that `up` puts into the directory, last what tells that it is such a directory. */
const CONTENTS = ["hosts", "cluster.json", "lock"];

/**
 * Takes the cluster in `world.dir` down. Its data go with it, so nothing is stopped in order:
 * everything is killed. Other files in the directory stay, and the directory with them.
 *
 * @throws {HareError} when the directory holds something else than a development cluster
 */
export async function down(
  world: Pick<DevWorld, "dir" | "run" | "clock">,
  signal: AbortSignal,
): Promise<DownResult> {
  const ended = new Set<number>();
  const killAll = async () => {
    const processes = await findProcesses(world.dir, world.run, signal);
    for (const { pid } of processes) {
      ended.add(pid);
      sendSignal(pid, "SIGKILL");
    }
    return processes.length;
  };
  const exists = await isCluster(world.dir);
  using _lock = exists ? await lockDirectory(world.dir) : null;
  await waitFor(`the cluster's processes to end`, async () => {
    const left = await killAll();
    return left === 0
      ? { ready: true, value: undefined }
      : { ready: false, why: `${left} are still there` };
  }, { limitMs: 60_000, intervalMs: 20, clock: world.clock, signal });
  if (exists) {
    for (const name of CONTENTS) {
      await Deno.remove(join(world.dir, name), { recursive: true }).catch(ignoreNotFound);
    }
    await removeIfEmpty(world.dir);
  }
  return { ended: ended.size, removed: exists };
}

/** Whether `dir` is there; a directory with things in it but none of a cluster is not touched. */
async function isCluster(dir: string): Promise<boolean> {
  try {
    const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
    if (names.length === 0 || CONTENTS.some((name) => names.includes(name))) return true;
  } catch (error) {
    ignoreNotFound(error);
    return false;
  }
  throw new HareError(`${dir} holds no development cluster`, {
    hint: "name the directory that was given to `hare dev up` with --dir",
  });
}

async function removeIfEmpty(dir: string): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(dir));
  if (entries.length === 0) await Deno.remove(dir);
}
