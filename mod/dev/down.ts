/**
 * `hare dev down`: ends every process of a development cluster and removes its files.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { ignoreNotFound } from "../lib/files.ts";
import { mounts } from "../lib/mounts.ts";
import { assertOwnTree, removeOwnTree } from "../lib/own_tree.ts";
import { join } from "../lib/std/path.ts";
import { waitFor } from "../lib/wait_for.ts";
import type { DevWorld } from "./cluster.ts";
import { LOCK_NAME, lockDirectory } from "./directory.ts";
import { findMarked, findProcesses, sendSignal } from "./processes.ts";
import { type DevState, HOSTS_NAME, loadState, STATE_NAME } from "./state.ts";

/** What `down` found. */
export interface DownResult {
  /** How many processes it ended. */
  readonly ended: number;
  /** Whether there was a cluster to remove. */
  readonly removed: boolean;
}

/**
 * Takes the cluster in `world.dir` down. Its data go with it, so nothing is stopped in order:
 * everything is killed. Other files in the directory stay, and the directory with them.
 *
 * @throws {HareError} when the directory is not a development cluster's, or has files that are not
 * the cluster's: then nothing is changed
 */
export async function down(
  world: Pick<DevWorld, "dir" | "run" | "clock">,
  signal: AbortSignal,
): Promise<DownResult> {
  const { dir, run, clock } = world;
  const state = await loadState(dir);
  if (state === null) {
    await refuseRest(world, signal);
    return { ended: 0, removed: false };
  }
  using _lock = await lockDirectory(dir);
  const own = async () => ({ uid: Deno.uid() ?? -1, mounts: await mounts(run, signal) });
  const trees = state.hosts.map(({ name }) => join(dir, HOSTS_NAME, name));
  const before = await own();
  for (const path of [join(dir, STATE_NAME), ...trees]) await assertOwnTree(path, before);
  const ended = new Set<number>();
  await waitFor("the cluster's processes to end", async () => {
    const left = await killAll(state, world, signal);
    for (const pid of left) ended.add(pid);
    return left.length === 0
      ? { ready: true, value: undefined }
      : { ready: false, why: `${left.length} are still there` };
  }, { limitMs: 60_000, intervalMs: 20, clock, signal });
  const after = await own();
  for (const path of trees) await removeOwnTree(path, after);
  await removeIfEmpty(join(dir, HOSTS_NAME));
  // The state file is removed last, so that an interrupted removal can be repeated.
  for (const name of [STATE_NAME, LOCK_NAME]) {
    await Deno.remove(join(dir, name)).catch(ignoreNotFound);
  }
  await removeIfEmpty(dir);
  return { ended: ended.size, removed: true };
}

async function killAll(
  state: DevState,
  { run }: Pick<DevWorld, "run">,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const processes = await findProcesses(state, run, signal);
  for (const { pid } of processes) sendSignal(pid, "SIGKILL");
  return processes.map(({ pid }) => pid);
}

/**
 * Without the state file, nothing proves which files belong to a cluster.
 *
 * @throws {HareError} when there are files that may belong to a cluster
 */
async function refuseRest(
  { dir, run }: Pick<DevWorld, "dir" | "run">,
  signal: AbortSignal,
): Promise<void> {
  const marked = await findMarked(run, signal);
  const pids = marked.filter((it) => it.dir === dir).map(({ pid }) => pid);
  if (pids.length > 0) {
    throw new HareError(
      `${dir} holds no development cluster, but processes say that they are of one there: ` +
        pids.join(", "),
      { hint: `look at them with \`ps ${pids.join(" ")}\`, and end them with \`kill\`` },
    );
  }
  if (await Deno.stat(dir).catch(ignoreNotFound) === undefined) return;
  throw new HareError(`${dir} holds no development cluster: there is no ${STATE_NAME}`, {
    hint: "name the directory that was given to `hare dev up` with --dir",
  });
}

/** Keeps a link, another user's directory, and a directory that is not empty. */
async function removeIfEmpty(dir: string): Promise<void> {
  const info = await Deno.lstat(dir).catch(ignoreNotFound);
  if (!info?.isDirectory || info.uid !== Deno.uid()) return;
  const entries = await Array.fromAsync(Deno.readDir(dir));
  if (entries.length === 0) await Deno.remove(dir);
}
