/**
 * Hare's entrance: runs the command line and ends with its exit status, or is the worker of the HA
 * link where it finds itself to be one. The build makes a small module of its own that calls
 * {@linkcode main} with the commit.
 *
 * @module
 */

import { runProgram } from "./mod/cli/program.ts";
import { systemWorld } from "./mod/cli/world.ts";
import { serveAsLinkWorker, workerScope } from "./mod/halink/worker.ts";

/** Runs this process's command line. The only place that ends the process. */
export async function main(commit?: string): Promise<void> {
  const worker = workerScope();
  if (worker !== null) return serveAsLinkWorker(worker);
  Deno.exit(await runProgram(Deno.args, systemWorld(), { commit }));
}

if (import.meta.main) await main();
