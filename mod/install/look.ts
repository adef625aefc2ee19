/**
 * What is on a host already.
 *
 * @module
 */

import { HostCommandError } from "../host/errors.ts";
import type { HostCallOptions, HostView } from "../host/host.ts";
import { HareError } from "../lib/errors.ts";
import { USERS } from "../host/places.ts";
import { type Manifest, MANIFEST_FILE, readManifest } from "./manifest.ts";

/** What there is at a path. */
export type Found =
  | { readonly kind: "nothing" }
  | { readonly kind: "directory"; readonly mode: number; readonly owner: string }
  | {
    readonly kind: "file";
    readonly mode: number;
    readonly owner: string;
    readonly sha256: string;
  }
  /** A symbolic link, a device, or the like. */
  | { readonly kind: "other" };

/** A host as it was found. */
export interface Sight {
  /** What an earlier installation has made; `null` where there was none. */
  readonly manifest: Manifest | null;
  /** Hare's users that exist. */
  readonly users: readonly string[];
  /** What there is at each path that was asked for. */
  readonly found: ReadonlyMap<string, Found>;
}

// Arguments: users, an empty one, then paths. The text is constant.
const LOOK = `
set -eu
while [ -n "$1" ]; do
  if id -u -- "$1" >/dev/null 2>&1; then echo yes; else echo no; fi
  shift
done
shift
for path; do
  if [ -L "$path" ]; then
    echo other
  elif [ -d "$path" ]; then
    echo "directory $(stat -c '%a %U:%G' -- "$path")"
  elif [ -f "$path" ]; then
    sum=$(sha256sum <"$path")
    echo "file $(stat -c '%a %U:%G' -- "$path") \${sum%% *}"
  elif [ -e "$path" ]; then
    echo other
  else
    echo nothing
  fi
done
`;

/**
 * Looks at a host.
 *
 * @param paths what an installation is about; those in the manifest are looked at too
 * @throws {HareError} when it cannot be told what is there
 */
export async function look(
  host: Pick<HostView, "name" | "ask" | "readFile">,
  paths: readonly string[],
  options: HostCallOptions,
): Promise<Sight> {
  const text = await host.readFile(MANIFEST_FILE, options);
  const manifest = text === null ? null : readManifest(text);
  const all = [...new Set([...paths, ...Object.keys(manifest?.files ?? {})])];
  const output = await host.ask(
    ["sh", "-c", LOOK, "hare-look", ...USERS, "", ...all],
    options,
  );
  if (output.code !== 0) throw new HostCommandError(host.name, "look what is there", output);
  const answers = output.stdout.split("\n");
  const lines = answers.slice(USERS.length);
  return {
    manifest,
    found: new Map(all.map((path, i) => [path, readLine(host.name, lines[i] ?? "")])),
    users: USERS.filter((_, i) => answers[i] === "yes"),
  };
}

function readLine(host: string, line: string): Found {
  if (line === "nothing" || line === "other") return { kind: line };
  // Names of users and groups may hold spaces.
  const [, kind, mode = "", owner = "", sha256 = ""] =
    /^(?:(directory)|file) ([0-7]+) (.+?)(?: ([0-9a-f]{64}))?$/.exec(line) ?? [];
  const permissions = parseInt(mode, 8);
  if (kind === "directory") return { kind, mode: permissions, owner };
  if (sha256 !== "") return { kind: "file", mode: permissions, owner, sha256 };
  throw new HareError(`${host}: look what is there: ${JSON.stringify(line)} is no answer`, {
    hint: `see whether \`stat -c %a /\` and \`sha256sum\` work on ${host}`,
  });
}
