/**
 * Which Hare this is.
 *
 * @module
 */

/** Version of the program, as in CHANGELOG.md. */
export const VERSION = "0.1.0";

/**
 * Version and commit, in which all hosts of a cluster must agree: `0.1.0 (commit abc1234)`.
 *
 * @param commit what the binary was built from; `undefined` when run from source
 */
export function buildText(commit: string | undefined): string {
  return `${VERSION} (${originOf(commit)})`;
}

/**
 * What `hare --version` prints.
 *
 * @param commit what the binary was built from; `undefined` when run from source
 */
export function versionText(commit: string | undefined): string {
  return `hare ${VERSION} (${originOf(commit)}, ${Deno.build.target})`;
}

function originOf(commit: string | undefined): string {
  return commit === undefined ? "from source" : `commit ${commit}`;
}
