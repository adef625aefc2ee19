/**
 * What became of one unit of a development host: the notes that its keeper leaves, `<unit>.pid` and
 * `<unit>.exit`, against the processes that there are.
 *
 * @module
 */

import type { HostCallOptions, UnitStatus } from "../host/host.ts";
import type { Clock } from "../lib/clock.ts";
import { ignoreNotFound, readTextFileIfAny } from "../lib/files.ts";
import type { Run } from "../lib/process.ts";
import { waitFor } from "../lib/wait_for.ts";
import { startOfIn } from "../hax/presence.ts";
import { ProcFiles } from "../lib/proc_file.ts";
import { type ClusterIdentity, findProcesses, sendSignal } from "./processes.ts";

/** What a {@linkcode UnitRun} is about. */
export interface UnitRunOptions {
  readonly cluster: ClusterIdentity;
  /** The host's name. */
  readonly host: string;
  readonly unit: string;
  /** Path that the notes' names begin with. */
  readonly notes: string;
  readonly run: Run;
  readonly clock: Clock;
}

/** A note of the keeper. */
export type Note = "pid" | "exit";

/** A keeper that has nothing more to do but a note takes no longer, in milliseconds. */
const KEEPER_LIMIT_MS = 5_000;

/** A unit's last run. */
export class UnitRun {
  readonly #options: UnitRunOptions;
  /** The verified process of this unit: another program may have the pid of a stale note. */
  #verified: { readonly pid: number; readonly start: number } | null = null;

  constructor(options: UnitRunOptions) {
    this.#options = options;
  }

  /** The pid of the unit's program while it lives. */
  async pid(options: HostCallOptions): Promise<number | undefined> {
    const text = await this.#read("pid");
    const pid = Number(text);
    const start = text === null ? null : startOf(pid);
    if (start === null) return undefined;
    if (this.#verified?.pid === pid && this.#verified.start === start) return pid;
    const { cluster, host, unit, run } = this.#options;
    const own = await findProcesses(cluster, run, options.signal);
    const is = own.some((p) => p.pid === pid && p.host === host && p.unit === unit);
    if (is) this.#verified = { pid, start };
    return is ? pid : undefined;
  }

  /**
   * Sends a signal to the unit's program, after a check that the pid is still the program's.
   *
   * @returns the pid; `undefined` when the program has ended
   */
  async signal(name: Deno.Signal, options: HostCallOptions): Promise<number | undefined> {
    this.#verified = null;
    const pid = await this.pid(options);
    if (pid !== undefined) sendSignal(pid, name);
    return pid;
  }

  /**
   * What state the unit is in.
   *
   * @param successStatus exit status, besides 0, of a program that was told to stop
   */
  async status(successStatus: number | undefined, options: HostCallOptions): Promise<UnitStatus> {
    const ofExit = (text: string) => statusOfExit(Number(text), successStatus);
    const exit = await this.#read("exit");
    if (exit !== null) return ofExit(exit);
    if (await this.pid(options) !== undefined) return { state: "active", why: "" };
    if (await this.#read("pid") === null) return { state: "inactive", why: "" };
    // Its program is gone and there is no note how it ended: not yet, or never.
    if (await this.#keeperLives(options)) return { state: "active", why: "it is ending" };
    const late = await this.#read("exit");
    return late !== null
      ? ofExit(late)
      : { state: "failed", why: "killed together with its keeper" };
  }

  /** Removes the notes. */
  async forget(): Promise<void> {
    for (const note of ["exit", "pid"] as const) {
      await Deno.remove(this.#path(note)).catch(ignoreNotFound);
    }
  }

  /** Waits for a note. */
  async waitForNote(
    note: Note,
    what: string,
    limitMs: number,
    { signal }: HostCallOptions,
  ): Promise<void> {
    await waitFor(
      `${what} on ${this.#options.host}`,
      async () =>
        await this.#read(note) === null
          ? { ready: false, why: "the keeper has not said so" }
          : { ready: true, value: undefined },
      { limitMs, intervalMs: 10, signal, clock: this.#options.clock },
    );
  }

  /** Waits until the keeper of a unit that has ended, if it had one, has written its note. */
  async waitForKeeper(options: HostCallOptions): Promise<void> {
    if (await this.#read("pid") === null) return;
    const { unit, host, clock } = this.#options;
    await waitFor(
      `the keeper of unit ${unit} on ${host} to end`,
      async () =>
        await this.#keeperLives(options)
          ? { ready: false, why: "it is still there" }
          : { ready: true, value: undefined },
      { limitMs: KEEPER_LIMIT_MS, intervalMs: 20, signal: options.signal, clock },
    );
  }

  async #keeperLives({ signal }: HostCallOptions): Promise<boolean> {
    const { cluster, host, unit, run } = this.#options;
    const own = await findProcesses(cluster, run, signal);
    return own.some((p) => p.role === "keeper" && p.host === host && p.unit === unit);
  }

  #read(note: Note): Promise<string | null> {
    return readTextFileIfAny(this.#path(note));
  }

  #path(note: Note): string {
    return `${this.#options.notes}.${note}`;
  }
}

/** A shell's exit status: 128 + n when signal n ended the program. SIGTERM is how units are stopped. */
function statusOfExit(code: number, successStatus: number | undefined): UnitStatus {
  if (code === 0 || code === 128 + 15 || code === successStatus) {
    return { state: "inactive", why: "" };
  }
  return {
    state: "failed",
    why: code > 128 ? `ended by signal ${code - 128}` : `exit status ${code}`,
  };
}

/** Start time of a process; `null` if it does not run. */
function startOf(pid: number): number | null {
  using proc = new ProcFiles();
  return startOfIn(proc)(pid);
}
