/**
 * Which Hare this is.
 *
 * @module
 */

/** Version of the program, as in CHANGELOG.md. */
export const VERSION = "0.1.0";

/**
 * What `hare --version` prints.
 *
 * @param commit what the binary was built from; `undefined` when run from source
 */
export function versionText(commit: string | undefined): string {
  const origin = commit === undefined ? "from source" : `commit ${commit}`;
  return `hare ${VERSION} (${origin}, ${Deno.build.target})`;
}
