/**
 * `hare restart-delay`: a step of Hare's units before each start. The delay grows with the number
 * of automatic starts of the unit in the last minutes.
 *
 * @module
 */

import * as z from "zod";
import { readTextFileIfAny, writeFileAtomic } from "../lib/files.ts";
import { jsonText } from "../lib/json_text.ts";
import { loggerOf } from "../lib/log.ts";
import { restartDelay } from "../lib/restart_delay.ts";
import { join } from "../lib/std/path.ts";
import { command, type CommandUnknownOpts } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare restart-delay`. */
export interface RestartDelayOptions {
  readonly unit: string;
  /** File with the times of the starts. */
  readonly directory: string;
}

const startsSchema = jsonText(z.array(z.number()));

/** The sub-command; the help does not list it. */
export function restartDelayCommand(context: Context): CommandUnknownOpts {
  return command("restart-delay")
    .description("Wait before a start of a unit that ends again and again; a step of Hare's units.")
    .requiredOption("--unit <name>", "the unit that is being started")
    .requiredOption("--directory <path>", "the unit's own, which outlives its restarts")
    .action((options) => runRestartDelay(options, context));
}

/** Waits for the unit's delay; a start by hand has no delay. */
export async function runRestartDelay(
  { unit, directory }: RestartDelayOptions,
  { run, clock, signal }: Context,
): Promise<void> {
  const file = join(directory, `${unit}.starts`);
  const { stdout } = await run(
    ["systemctl", "show", "--property=NRestarts", "--value", "--", unit],
    { signal },
  );
  const isByHand = stdout.trim() === "0";
  const kept = startsSchema.safeParse(isByHand ? "[]" : await readTextFileIfAny(file) ?? "[]");
  const { starts, delayMs } = restartDelay(kept.success ? kept.data : [], Deno.osUptime());
  await writeFileAtomic(file, JSON.stringify(starts) + "\n", { mode: 0o640 });
  if (delayMs === 0) return;
  loggerOf("restart").warn(
    "{unit} was started {n} times in the last 10 minutes: the next start waits {s} s",
    { unit, n: starts.length, s: delayMs / 1000 },
  );
  await clock.sleep(delayMs, signal);
}
