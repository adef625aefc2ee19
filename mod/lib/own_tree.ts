/**
 * Removes a tree of files that this program has made, and nothing else. It does not follow links,
 * and does not touch files of other users or on other file systems.
 *
 * @module
 */

import { HareError } from "./errors.ts";
import { ignoreNotFound } from "./files.ts";
import type { Mount } from "./mounts.ts";
import { dirname, join } from "./std/path.ts";

/** The conditions that this program's own tree must meet. */
export interface OwnTreeOptions {
  /** The user that must own every file in the tree. */
  readonly uid: number;
  /** All mounts: none may be inside the tree. */
  readonly mounts: readonly Mount[];
}

/**
 * Refuses a tree that has files of other users or mounts.
 *
 * @param root an absolute path without links; a path that does not exist is accepted
 * @throws {HareError} that names the first file that does not belong to the tree
 */
export async function assertOwnTree(root: string, options: OwnTreeOptions): Promise<void> {
  const { uid, mounts } = options;
  const inside = mounts.find(({ point }) => point === root || point.startsWith(`${root}/`));
  if (inside !== undefined) {
    throw new HareError(`${inside.point} is a mount point: nothing below ${root} is removed`, {
      hint: `unmount it: umount ${inside.point}`,
    });
  }
  const info = await lstatIfAny(root);
  if (info === null) return;
  const above = dirname(root);
  const real = await Deno.realPath(above);
  if (real !== above) {
    throw new HareError(`${above} is a link to ${real}: nothing below it is removed`);
  }
  const check = async (path: string, { dev, uid: owner, isDirectory }: Deno.FileInfo) => {
    if (owner !== uid) {
      throw new HareError(`${path} belongs to user ${owner}: nothing below ${root} is removed`, {
        hint: `look what it is for; remove it as user ${owner} if it can go`,
      });
    }
    if (dev !== info.dev) {
      throw new HareError(`${path} is on another file system: nothing below ${root} is removed`);
    }
    if (!isDirectory) return;
    for await (const { name } of Deno.readDir(path)) {
      const below = await lstatIfAny(join(path, name));
      if (below !== null) await check(join(path, name), below);
    }
  };
  await check(root, info);
}

/**
 * Removes a tree that {@linkcode assertOwnTree} has accepted. Links are removed, not followed.
 *
 * @throws {HareError} when the tree meanwhile contains a file of another user
 */
export async function removeOwnTree(root: string, options: OwnTreeOptions): Promise<void> {
  await assertOwnTree(root, options);
  await Deno.remove(root, { recursive: true }).catch(ignoreNotFound);
}

async function lstatIfAny(path: string): Promise<Deno.FileInfo | null> {
  return await Deno.lstat(path).catch(ignoreNotFound) ?? null;
}
