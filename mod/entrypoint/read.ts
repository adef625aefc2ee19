/**
 * The entrypoint, asked of Consul now.
 *
 * @module
 */

import type { Consul } from "../consul/mod.ts";
import { readLayout } from "../kv/cluster.ts";
import { readLeader } from "../kv/leader.ts";
import { HareError } from "../lib/errors.ts";
import { type Entrypoint, entrypointOf } from "./entrypoint.ts";

/**
 * Reads the entrypoint. The leader is read consistently: a server that was cut off does not answer
 * with yesterday's.
 *
 * @throws {HareError} when there is none, with the reason; when Consul cannot be asked
 */
export async function readEntrypoint(consul: Consul, signal: AbortSignal): Promise<Entrypoint> {
  const layout = await readLayout(consul, { signal });
  const leader = await readLeader(consul, { signal, consistent: true });
  const answer = entrypointOf(leader, layout);
  if (answer.known) return answer.entrypoint;
  throw new HareError(`there is no entrypoint: ${answer.why}`, {
    hint: "an election takes seconds; if none ends, see `hare status`",
  });
}
