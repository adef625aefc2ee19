/**
 * The process group of a program that was started in a session of its own, and its end.
 *
 * @module
 */

import { HareError } from "./errors.ts";
import { systemClock } from "./clock.ts";
import { aborted } from "./or_aborted.ts";

/** How long the members have to end after SIGTERM before they are killed, in milliseconds. */
const GRACE_MS = 1000;
/** How often it is looked whether members are left, in milliseconds. */
const LOOK_MS = 10;
/** A process that is killed ends at once, unless the kernel holds it (a disk that does not answer). */
const KILLED_MS = 5000;

/** The group of one program; its number is the program's pid. */
export class ProcessGroup {
  readonly #pid: number;
  #ending: Promise<void> | null = null;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Ends all members: SIGTERM, and SIGKILL to those that are left after {@linkcode GRACE_MS}. */
  end(): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    if (!this.#send("SIGTERM")) return;
    const until = systemClock.monotonic() + GRACE_MS;
    // One that is stopped could not act on SIGTERM.
    while (this.#send("SIGCONT")) {
      if (systemClock.monotonic() >= until) return void this.#send("SIGKILL");
      await systemClock.sleep(LOOK_MS);
    }
  }

  /**
   * The program's status, once it is known.
   *
   * @param stop is aborted when the program must end, by {@linkcode ProcessGroup.end}
   * @throws {HareError} when it has not ended though it was killed
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

  /** Sends a signal to all members, and says whether there are any. */
  #send(signal: Deno.Signal): boolean {
    try {
      Deno.kill(-this.#pid, signal);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      // What changed its user is none of this program's to end.
      if (error instanceof Deno.errors.PermissionDenied) return false;
      throw error;
    }
  }
}
