/**
 * Who may send reports and hints to hax. Any client that reaches hax may query it.
 *
 * Reports of processes change Mero's states. Any user's program can connect to a loopback address.
 * So hax accepts reports only over the Unix socket, which root and group `hare` may open, or with
 * hax's token. Consul's watches post hints, which change nothing: programs on this machine may post
 * hints over TCP.
 *
 * The token is in a file, never in an argument or a variable, where others could read it.
 *
 * @module
 */

import { HareError, messageOf, UsageError } from "../lib/errors.ts";
import { isLoopback } from "../lib/http_guard.ts";
import type { Peer } from "../lib/http_server.ts";
import { readSettingFile } from "../lib/setting_file.ts";
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
        hint: `chown root:hare ${path} && chmod 640 ${path}`,
      });
    }
    const token = (await readSettingFile(path)).trim();
    if (/^[\x21-\x7e]+$/.test(token) && token.length >= MIN_TOKEN_LENGTH) return token;
  } catch (error) {
    if (error instanceof HareError) throw error;
    throw new UsageError(`${TOKEN_FILE_VARIABLE}: cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new UsageError(`${TOKEN_FILE_VARIABLE}: ${path} has no token`, {
    hint: `a token is one word of ${MIN_TOKEN_LENGTH} letters or more: ` +
      `umask 027; openssl rand -hex 32 >${path}`,
  });
}

/** Effect of a request: `hint` only makes hax read data again, `report` changes states. */
export type Deed = "hint" | "report";

/**
 * Accepts or refuses a report or a hint.
 *
 * @param peer the sender of the request
 * @param token hax's token; `null` where it has none
 * @throws {RequestRefused} when the sender has no permission
 */
export function admit(request: Request, peer: Peer, deed: Deed, token: string | null): void {
  if (peer.transport === "unix") return;
  const [, given = ""] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (token !== null && isSame(given, token)) return;
  if (deed === "hint" && isLoopback(peer.hostname)) return;
  if (token !== null) throw new RequestRefused(401, "this needs hax's token");
  throw new RequestRefused(
    403,
    deed === "report"
      ? "reports of processes are taken over hax's Unix socket, or with hax's token"
      : "told from another host, which this hax has no token for",
  );
}

/** Takes the same time wherever they differ. */
function isSame(given: string, token: string): boolean {
  if (given.length !== token.length) return false;
  let difference = 0;
  for (let i = 0; i < token.length; i++) difference |= given.charCodeAt(i) ^ token.charCodeAt(i);
  return difference === 0;
}
