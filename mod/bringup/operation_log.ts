/**
 * The log file of one operation on the cluster, `/var/log/hare/<operation>-<time>.log`: every event
 * with its time, one JSON object a line.
 *
 * @module
 */

import { join } from "../lib/std/path.ts";
import { LOG_DIRECTORY } from "../host/places.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError, messageOf } from "../lib/errors.ts";

/** An open log. */
export interface OperationLog extends Disposable {
  readonly path: string;
  /** Writes a line, at once. */
  readonly write: (event: object) => void;
}

/**
 * Opens a new log.
 *
 * @param operation for its name: `bootstrap`
 * @throws {HareError} when it cannot be written
 */
export async function openOperationLog(operation: string, clock: Clock): Promise<OperationLog> {
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const path = join(LOG_DIRECTORY, `${operation}-${time}.log`);
  try {
    await Deno.mkdir(LOG_DIRECTORY, { recursive: true, mode: 0o755 });
    const file = await Deno.open(path, { create: true, append: true, mode: 0o640 });
    const encoder = new TextEncoder();
    return {
      path,
      write: (event) => {
        const line = JSON.stringify({ time: new Date(clock.now()).toISOString(), ...event });
        file.writeSync(encoder.encode(`${line}\n`));
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    throw new HareError(`cannot write the log ${path}: ${messageOf(error)}`, {
      hint: "operating on a cluster needs root",
      cause: error,
    });
  }
}
