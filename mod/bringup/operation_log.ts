/**
 * The log file of one operation on the cluster, `/var/log/hare/<operation>-<time>.log`: every event
 * with its time, one JSON object a line.
 *
 * @module
 */

import { join } from "../lib/std/path.ts";
import { LOG_DIRECTORY } from "../host/places.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import { reasonOf } from "../lib/io_error.ts";
import { visibleJson } from "../lib/visible.ts";

/** An open log. */
export interface OperationLog extends Disposable {
  readonly path: string;
  /** Writes a line, at once. The first failure ends the log; the operation goes on. */
  readonly write: (event: object) => void;
  /** Why the log is not complete. */
  readonly failure: string | null;
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
    let failure: string | null = null;
    return {
      path,
      get failure() {
        return failure;
      },
      write: (event) => {
        if (failure !== null) return;
        const line = visibleJson({ time: new Date(clock.now()).toISOString(), ...event });
        try {
          let bytes = encoder.encode(`${line}\n`);
          while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
        } catch (error) {
          failure = reasonOf(error);
        }
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    throw new HareError(`cannot write the log ${path}: ${reasonOf(error)}`, {
      hint: "operating on a cluster needs root",
      cause: error,
    });
  }
}
