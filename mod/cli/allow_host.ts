/**
 * `--allow-host`: the names that an HTTP server accepts as `Host`.
 *
 * @module
 */

import { InvalidArgumentError } from "./command.ts";

/** Flags, description and parser of the option. */
export const ALLOW_HOST = [
  "--allow-host <name>",
  "a name by which requests may call this server, besides its address and this host's name; " +
  "again for each",
  (name: string, before?: readonly string[]): readonly string[] => {
    if (/^[\w.-]+$/.test(name) || /^[\da-f]*:[\da-f:.]+$/i.test(name)) {
      return [...before ?? [], name];
    }
    throw new InvalidArgumentError("It is a host's name or address.");
  },
] as const;

/** The names that a server accepts as `Host`: a web page's own host name is not among them. */
export function serverNames(allowed: readonly string[] = []): readonly string[] {
  const hostname = Deno.hostname();
  return [hostname, hostname.split(".")[0] ?? hostname, ...allowed];
}
