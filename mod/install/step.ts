/**
 * The things that are done on a host, in words and in deed.
 *
 * @module
 */

import { HostCommandError } from "../host/errors.ts";
import type { HostCallOptions } from "../host/host.ts";
import { STATE_DIRECTORY } from "../host/places.ts";
import type { SystemdHost } from "../host/systemd.ts";
import { type Manifest, MANIFEST_FILE, writeManifest } from "./manifest.ts";
import { USER_FILE, type WantedDirectory, type WantedFile } from "./payload.ts";

/** One thing to do on a host. */
export type Step =
  | { readonly do: "note"; readonly manifest: Manifest }
  | { readonly do: "write"; readonly file: WantedFile }
  | { readonly do: "make user"; readonly user: string }
  | { readonly do: "set up"; readonly directory: WantedDirectory }
  | { readonly do: "reload systemd" }
  | { readonly do: "disable"; readonly unit: string }
  | { readonly do: "remove"; readonly path: string }
  /** One that is not empty stays. */
  | { readonly do: "remove directory"; readonly path: string }
  /** One that something belongs to stays. */
  | { readonly do: "remove user"; readonly user: string };

/** A step in words: of one that is to come, and of one that was done. */
export function inWords(step: Step): { readonly toDo: string; readonly done: string } {
  const words = (toDo: string, done: string, what: string) => ({
    toDo: `${toDo} ${what}`,
    done: `${done} ${what}`,
  });
  switch (step.do) {
    case "note":
      return words("write", "wrote", MANIFEST_FILE);
    case "write":
      return words("write", "wrote", step.file.path);
    case "make user":
      return words("make", "made", `user ${step.user}`);
    case "set up":
      return words("set up", "set up", `directory ${step.directory.path}`);
    case "reload systemd":
      return words("reload", "reloaded", "systemd");
    case "disable":
      return words("disable", "disabled", step.unit);
    case "remove":
      return words("remove", "removed", step.path);
    case "remove directory":
      return {
        toDo: `remove directory ${step.path}, if it is empty`,
        done: `removed directory ${step.path}`,
      };
    case "remove user":
      return {
        toDo: `remove user ${step.user}, unless something is its own`,
        done: `removed user ${step.user}`,
      };
  }
}

// Arguments: path, mode, owner. The text is constant.
const SET_UP_DIRECTORY = `
set -eu
umask 077
[ -d "$1" ] || mkdir -- "$1"
chown -- "$3" "$1"
chmod -- "$2" "$1"
`;

/** Exit status of the scripts below when they leave something as it is. */
const STAYS = 44;

const REMOVE_DIRECTORY = `
set -eu
[ -d "$1" ] || exit 0
[ -z "$(ls -A -- "$1")" ] || exit ${STAYS}
rmdir -- "$1"
`;

// Arguments: user, directory with what may be its own. Its group goes with it, or has to be removed,
// as the system is set up.
const REMOVE_USER = `
set -eu
if [ -d "$2" ] && [ -n "$(find "$2" -user "$1" -print -quit)" ]; then exit ${STAYS}; fi
userdel -- "$1"
if getent group "$1" >/dev/null; then groupdel -- "$1"; fi
`;

/**
 * Does a step.
 *
 * @returns why something stays as it is; `null` when all was done
 * @throws {HareError} when it fails
 */
export async function doStep(
  step: Step,
  host: SystemdHost,
  options: HostCallOptions,
): Promise<string | null> {
  const run = async (script: string, ...args: readonly string[]) => {
    const output = await host.ask(["sh", "-c", script, "hare-install", ...args], options);
    if (output.code === STAYS) return false;
    if (output.code !== 0) throw new HostCommandError(host.name, inWords(step).toDo, output);
    return true;
  };
  switch (step.do) {
    case "note":
      await host.putFile({
        path: MANIFEST_FILE,
        content: writeManifest(step.manifest),
        mode: 0o644,
        owner: "root:root",
      }, options);
      return null;
    case "write": {
      const { path, mode, sha256, open } = step.file;
      const file = { path, mode, sha256, owner: "root:root", content: await open() };
      await host.putFile(file, options);
      return null;
    }
    case "make user":
      await host.change("make the user", ["systemd-sysusers", USER_FILE], options);
      return null;
    case "set up": {
      const { path, mode, owner } = step.directory;
      await run(SET_UP_DIRECTORY, path, mode.toString(8), owner);
      return null;
    }
    case "reload systemd":
      await host.reloadSystemd(options);
      return null;
    case "disable":
      await host.disableUnit(step.unit, options);
      return null;
    case "remove":
      await host.removeFile(step.path, options);
      return null;
    case "remove directory":
      return await run(REMOVE_DIRECTORY, step.path) ? null : `${step.path}: it is not empty`;
    case "remove user":
      return await run(REMOVE_USER, step.user, STATE_DIRECTORY)
        ? null
        : `user ${step.user}: something in ${STATE_DIRECTORY} is its own`;
  }
}
