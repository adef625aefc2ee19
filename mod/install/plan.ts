/**
 * What has to be done on a host, and what stands in the way. Pure: the same on every way there, and
 * in a dry run.
 *
 * @module
 */

import type { Found, Sight } from "./look.ts";
import { type Manifest, MANIFEST_FILE, NOTHING_MADE } from "./manifest.ts";
import { type Payload, unitFile, type WantedDirectory, type WantedFile } from "./payload.ts";
import { USERS } from "../host/places.ts";
import type { Step } from "./step.ts";
import { UNITS } from "./units.ts";

/** What stands in the way, and what to do about it. */
export interface Problem {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What is to be done on a host. */
export interface Plan {
  /** Nothing is done while there are any. */
  readonly problems: readonly Problem[];
  readonly steps: readonly Step[];
  /** What is left as it is though it stands where something of Hare's belongs, and why. */
  readonly kept: readonly string[];
}

/**
 * What is to be done for `payload` to be on a host.
 *
 * @param upgrade whether another build of Hare may be replaced
 */
export function planInstall(sight: Sight, payload: Payload, upgrade: boolean): Plan {
  const { manifest } = sight;
  const newUsers = USERS.filter((user) => !sight.users.includes(user));
  const made = { ...NOTHING_MADE, ...manifest };
  const { program, userFile, units, directories, version } = payload;
  const files = [userFile, program, ...units];
  const newFiles = files.filter((file) => !isAsWanted(file, at(sight, file)));
  const newDirectories = directories.filter((one) => !isAsWanted(one, at(sight, one)));
  const absent = newDirectories.filter((one) => at(sight, one).kind === "nothing");
  const isNew = (file: WantedFile) => newFiles.includes(file);
  const next: Manifest = {
    format: made.format,
    hare: version,
    users: USERS.filter((user) => made.users.includes(user) || newUsers.includes(user)),
    directories: directories.map(({ path }) => path)
      .filter((path) => made.directories.includes(path) || absent.some((one) => one.path === path)),
    files: Object.fromEntries(
      files.filter((file) => file.path in made.files || isNew(file))
        .map(({ path, sha256 }) => [path, sha256]),
    ),
  };
  const write = (file: WantedFile): readonly Step[] => isNew(file) ? [{ do: "write", file }] : [];
  return {
    problems: [
      ...newDirectories.flatMap((one) => inTheWay(one.path, at(sight, one), "directory")),
      ...newFiles.flatMap((file) =>
        file === program && at(sight, file).kind === "file"
          ? upgrade ? [] : otherBuild(sight, program)
          : inTheWay(file.path, at(sight, file), file.path in made.files ? "file" : null)
      ),
    ],
    steps: [
      ...(isSame(manifest, next) ? [] : [{ do: "note", manifest: next } as const]),
      ...write(userFile),
      ...newUsers.map((user): Step => ({ do: "make user", user })),
      ...newDirectories.map((directory): Step => ({ do: "set up", directory })),
      ...write(program),
      ...units.flatMap(write),
      ...(units.some(isNew) ? [{ do: "reload systemd" } as const] : []),
    ],
    kept: [],
  };
}

/** That a host's program, where it has one, is not the one that is wanted. */
export function otherBuild(sight: Sight, { path, sha256 }: WantedFile): readonly Problem[] {
  const sum = sumOf(at(sight, { path }));
  if (sum === null || sum === sha256) return [];
  const which = sight.manifest === null ? "" : `, ${sight.manifest.hare}`;
  return [{
    message: `another build of hare is installed${which}`,
    hint: "a cluster runs one build: replace it on all its hosts at once, with --upgrade",
  }];
}

/** What is to be done for all that was made on a host to be gone. */
export function planUninstall(sight: Sight): Plan {
  const { manifest } = sight;
  if (manifest === null) return { problems: [], steps: [], kept: foreign(sight) };
  const listed = Object.entries(manifest.files)
    .map(([path, sha256]) => ({ path, sha256, there: at(sight, { path }) }))
    .filter(({ there }) => there.kind !== "nothing");
  const ours = listed.filter(({ there, sha256 }) => sumOf(there) === sha256);
  const isOurs = (path: string) => ours.some((one) => one.path === path);
  const units = Object.keys(UNITS).filter((unit) => isOurs(unitFile(unit)));
  return {
    problems: [],
    steps: [
      ...units.map((unit): Step => ({ do: "disable", unit })),
      ...ours.map(({ path }): Step => ({ do: "remove", path })),
      ...(units.length > 0 ? [{ do: "reload systemd" } as const] : []),
      { do: "remove", path: MANIFEST_FILE },
      ...manifest.directories.toReversed()
        .map((path): Step => ({ do: "remove directory", path })),
      ...manifest.users.filter((user) => sight.users.includes(user)).toReversed()
        .map((user): Step => ({ do: "remove user", user })),
    ],
    kept: [
      ...listed.filter(({ path }) => !isOurs(path))
        .map(({ path }) => `${path}: it is not as hare install has made it`),
      ...foreign(sight),
    ],
  };
}

/** What stands where Hare's files belong and is not among those that were made. */
function foreign({ found, manifest }: Sight): readonly string[] {
  return [...found]
    .filter(([path, { kind }]) =>
      (kind === "file" || kind === "other") && manifest?.files[path] === undefined
    )
    .map(([path]) => `${path}: hare install has not made it`);
}

function at({ found }: Sight, { path }: { readonly path: string }): Found {
  const there = found.get(path);
  if (there === undefined) throw new TypeError(`nobody has looked at ${path}`);
  return there;
}

function sumOf(there: Found): string | null {
  return there.kind === "file" ? there.sha256 : null;
}

function isAsWanted(wanted: WantedDirectory | WantedFile, there: Found): boolean {
  if (there.kind !== "file" && there.kind !== "directory") return false;
  if (there.mode !== wanted.mode) return false;
  return "sha256" in wanted
    ? sumOf(there) === wanted.sha256 && there.owner === "root:root"
    : there.kind === "directory" && there.owner === wanted.owner;
}

/** What is not of the kind that may be replaced or put right. */
function inTheWay(path: string, there: Found, mayBe: Found["kind"] | null): readonly Problem[] {
  if (there.kind === "nothing" || there.kind === mayBe) return [];
  return [{
    message: `there is a ${path} that hare install has not made`,
    hint: "look what it is for, and move it away",
  }];
}

function isSame(a: Manifest | null, b: Manifest): boolean {
  return a !== null && JSON.stringify(a) === JSON.stringify(b);
}
