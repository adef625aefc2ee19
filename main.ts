/**
 * Hare's entrance: runs the command line and ends with its exit status. The build makes a small
 * module of its own that calls {@linkcode main} with the commit.
 *
 * @module
 */

import { runProgram } from "./mod/cli/program.ts";
import { systemWorld } from "./mod/cli/world.ts";

/** Runs this process's command line. The only place that ends the process. */
export async function main(commit?: string): Promise<never> {
  Deno.exit(await runProgram(Deno.args, systemWorld(), { commit }));
}

if (import.meta.main) await main();
