/**
 * Programs as root, by a login that is root or may become it without a password.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";

const BECOME_ROOT = `
[ "$(id -u)" = 0 ] && exec "$@"
exec sudo -n -- "$@"
`;

/** What sudo, or the shell in its place, says when it is not willing, or not there. */
const REFUSED = /^(?:hare-root: .*)?sudo: .*/m;

/**
 * A {@linkcode Run} whose programs run as root: as they are where the login is root, by `sudo -n`
 * elsewhere.
 *
 * @returns a function that throws {@linkcode HareError} when sudo refuses
 */
export function asRoot(run: Run): Run {
  return async (argv, { env = {}, ...options } = {}) => {
    // sudo hands on no environment.
    const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const words = assignments.length === 0 ? argv : ["env", ...assignments, ...argv];
    const output = await run(["sh", "-c", BECOME_ROOT, "hare-root", ...words], options);
    const refusal = output.code === 0 ? undefined : REFUSED.exec(output.stderr)?.[0];
    if (refusal === undefined) return output;
    throw new HareError(`root is needed there: ${refusal}`, {
      hint: "log in as root (root@HOST), or let this user run programs by sudo without a password",
    });
  };
}
