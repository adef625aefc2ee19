/**
 * Who may tell hax something: this machine's own programs, which come from a loopback address, and
 * whoever knows hax's token. Asking is open to all who reach it.
 *
 * The token is in a file, never in an argument or a variable, where others could read it.
 *
 * @module
 */

import { HareError, messageOf, UsageError } from "../lib/errors.ts";
import { RequestRefused } from "./json_body.ts";

/** Variable with the path of the file that the token is in. */
export const TOKEN_FILE_VARIABLE = "HARE_HAX_TOKEN_FILE";

/** A token that is shorter could be guessed. */
const MIN_TOKEN_LENGTH = 16;
const FOR_OTHERS = 0o007;

/**
 * The token of the file that the environment names; `null` where it names none.
 *
 * @throws {UsageError} when the file has no token that can be used, or is open to everybody
 */
export async function readToken(
  env: (name: string) => string | undefined,
): Promise<string | null> {
  const path = env(TOKEN_FILE_VARIABLE);
  if (!path) return null;
  try {
    const { mode } = await Deno.stat(path);
    if (((mode ?? 0) & FOR_OTHERS) !== 0) {
      throw new UsageError(`${TOKEN_FILE_VARIABLE}: ${path} is open to every user`, {
        hint: `chmod 600 ${path}`,
      });
    }
    const token = (await Deno.readTextFile(path)).trim();
    if (/^[\x21-\x7e]+$/.test(token) && token.length >= MIN_TOKEN_LENGTH) return token;
  } catch (error) {
    if (error instanceof HareError) throw error;
    throw new UsageError(`${TOKEN_FILE_VARIABLE}: cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new UsageError(`${TOKEN_FILE_VARIABLE}: ${path} has no token`, {
    hint: `a token is one word of ${MIN_TOKEN_LENGTH} letters or more: ` +
      `umask 077; openssl rand -hex 32 >${path}`,
  });
}

/**
 * Lets a request that tells something pass.
 *
 * @param peer host address that it comes from
 * @param token hax's token; `null` where it has none
 * @throws {RequestRefused} when it comes from elsewhere and does not know the token
 */
export function admit(request: Request, peer: string, token: string | null): void {
  if (/^(::ffff:)?127\.|^::1$/.test(peer)) return;
  if (token === null) {
    throw new RequestRefused(403, "told from another host, which this hax has no token for");
  }
  const [, given = ""] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (isSame(given, token)) return;
  throw new RequestRefused(401, "told from another host without hax's token");
}

/** Takes the same time wherever they differ. */
function isSame(given: string, token: string): boolean {
  if (given.length !== token.length) return false;
  let difference = 0;
  for (let i = 0; i < token.length; i++) difference |= given.charCodeAt(i) ^ token.charCodeAt(i);
  return difference === 0;
}
