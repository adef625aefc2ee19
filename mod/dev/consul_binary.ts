/**
 * Which Consul a development cluster runs.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import { ignoreNotFound } from "../lib/files.ts";
import type { Run } from "../lib/process.ts";
import { join } from "../lib/std/path.ts";

/** Where `tools/deno task consul` puts the Consul that it builds, below the user's cache. */
const BUILT = ["hare", "consul-1.20.6", "consul"] as const;

/**
 * The path of Consul's program: `CONSUL_BIN`, else `consul` on `PATH`, else the one that the
 * project's set-up has built.
 *
 * @throws {HareError} when there is none, or `CONSUL_BIN` names none
 */
export async function findConsul(
  env: (name: string) => string | undefined,
  run: Run,
  signal?: AbortSignal,
): Promise<string> {
  const cache = env("XDG_CACHE_HOME") ?? join(env("HOME") ?? "/", ".cache");
  const chosen = env("CONSUL_BIN");
  const candidates = chosen !== undefined ? [chosen] : [
    ...(env("PATH") ?? "").split(":").filter((dir) => dir !== "").map((dir) => join(dir, "consul")),
    join(cache, ...BUILT),
  ];
  for (const path of candidates) {
    if (!(await Deno.stat(path).catch(ignoreNotFound))?.isFile) continue;
    const { code, stdout, stderr } = await run([path, "version"], { signal });
    if (code === 0 && stdout.startsWith("Consul v")) return path;
    throw new HareError(`${path} is no Consul that works: ${(stderr || stdout).trim()}`);
  }
  throw new HareError(
    chosen !== undefined ? `CONSUL_BIN names no file: ${chosen}` : "there is no Consul on PATH",
    { hint: "install Consul, or name its program in CONSUL_BIN, or run `tools/deno task consul`" },
  );
}
