/**
 * The process group of a program that was started in a separate session, and how to end it.
 *
 * @module
 */

import { HareError } from "./errors.ts";
import { systemClock } from "./clock.ts";
import { aborted } from "./or_aborted.ts";

/** Time between SIGTERM and SIGKILL, in milliseconds. */
const GRACE_MS = 1000;
/** Interval of the checks for remaining members, in milliseconds. */
const LOOK_MS = 10;
/**
 * A killed process ends at once, unless it is blocked in the kernel (a disk that does not answer).
 */
const KILLED_MS = 5000;

/** The group of one program; the group's number is the program's pid. */
export class ProcessGroup {
  readonly #pid: number;
  #ending: Promise<void> | null = null;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Ends all members: by SIGTERM, and after {@linkcode GRACE_MS} by SIGKILL. */
  end(): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    if (!this.#send("SIGTERM")) return;
    const until = systemClock.monotonic() + GRACE_MS;
    // A stopped process could not handle SIGTERM.
    while (this.#send("SIGCONT")) {
      if (systemClock.monotonic() >= until) return void this.#send("SIGKILL");
      await systemClock.sleep(LOOK_MS);
    }
  }

  /**
   * Waits for the program's exit status.
   *
   * @param stop is aborted when the program must end, by {@linkcode ProcessGroup.end}
   * @throws {HareError} when the program was killed but has not ended
   */
  async statusOf(
    status: Promise<Deno.CommandStatus>,
    stop: AbortSignal,
  ): Promise<Deno.CommandStatus> {
    const over = new AbortController();
    const giveUp = async (): Promise<never> => {
      await aborted(AbortSignal.any([stop, over.signal]));
      await systemClock.sleep(GRACE_MS + KILLED_MS, over.signal);
      throw new HareError(`process ${this.#pid} was killed and does not end`, {
        hint: "the kernel holds it: does a disk, or a file system, not answer?",
      });
    };
    try {
      return await Promise.race([status, giveUp()]);
    } finally {
      over.abort();
    }
  }

  /** Sends a signal to all members, and returns whether there are any. */
  #send(signal: Deno.Signal): boolean {
    try {
      Deno.kill(-this.#pid, signal);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      // This program may not end a process that has changed its user.
      if (error instanceof Deno.errors.PermissionDenied) return false;
      throw error;
    }
  }
}
