/**
 * What all operations on a cluster of real hosts have in common: one at a time, all that they do
 * is told, and when one is cut short, whoever cut it learns what it has started.
 *
 * @module
 */

import { LockHeldError, takeOperatorLock } from "../kv/operator_lock.ts";
import { HareError } from "../lib/errors.ts";
import { makeDirectory } from "../lib/files.ts";
import { lockFile } from "../lib/lock_file.ts";
import { dirname } from "../lib/std/path.ts";
import { type Readiness, waitFor } from "../lib/wait_for.ts";
import type { DeviceInspection } from "../storage/mod.ts";
import type { BringUpEvent } from "./engine.ts";
import { type Change, Gate } from "./gate.ts";
import { orWithoutConsul } from "./phases/readiness.ts";
import type { OperationWorld } from "./real_cluster.ts";

/** What an operation tells while it works. */
export type OperationEvent =
  | BringUpEvent
  | ({ readonly event: "change" } & Change)
  | {
    readonly event: "unit";
    readonly host: string;
    readonly unit: string;
    readonly outcome: UnitOutcome;
  }
  | {
    readonly event: "device";
    readonly host: string;
    /** Fid of the process whose device it is. */
    readonly process: string;
    readonly device: DeviceInspection;
  }
  | {
    readonly event: "warning";
    readonly message: string;
    /** Further lines. */
    readonly details?: readonly string[];
  };

/** What became of a unit that was to be stopped; `unknown` where the host does not answer. */
export type UnitOutcome = "stopped" | "did not run" | "failed" | "unknown";

/** How an operation is run. */
export interface OperationOptions {
  /** Nothing is changed; each change is told. */
  readonly dryRun: boolean;
  /** How many hosts are worked on at once. {@default the engine's} */
  readonly parallel?: number | undefined;
  readonly signal: AbortSignal;
  readonly report: (event: OperationEvent) => void;
}

/** The gate of an operation: what passes it is told. */
export function gateOf({ dryRun, report }: Pick<OperationOptions, "dryRun" | "report">): Gate {
  return new Gate({
    dryRun,
    note: (change) => report({ event: "change", ...change }),
    doubt: (message) => report({ event: "warning", message }),
  });
}

/** The file whose lock keeps other operations of a host away. */
export const LOCK_FILE = "/run/hare/operation.lock";

/** How long Consul may take to grant the lock, once it has a leader, in milliseconds. */
const LOCK_LIMIT_MS = 15_000;

/**
 * Keeps other operations of this host away until disposed of.
 *
 * @throws {HareError} when one is under way
 */
export async function lockThisHost(path: string = LOCK_FILE): Promise<Disposable> {
  try {
    await makeDirectory(dirname(path), 0o755);
    const lock = await lockFile(path);
    if (lock !== null) return lock;
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new HareError(`cannot write ${path}: permission denied`, {
      hint: "operating on a cluster needs root",
      cause: error,
    });
  }
  throw new HareError("another operation on the cluster is under way on this host", {
    hint: "wait until it ends",
  });
}

/** The lock of the cluster, which is in Consul: taken as soon as there is a Consul. */
export class ClusterLock implements AsyncDisposable {
  readonly #world: OperationWorld;
  readonly #command: string;
  readonly #lost = new AbortController();
  #held: AsyncDisposable | null = null;

  /** @param command for others who want to operate: `hare bootstrap` */
  constructor(command: string, world: OperationWorld) {
    this.#command = command;
    this.#world = world;
  }

  /** Aborted when the lock is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Takes the lock unless it is held, or there is no Consul yet.
   *
   * @throws {LockHeldError} when another operator has it
   */
  async takeIfAny(signal: AbortSignal): Promise<void> {
    this.#held ??= await orWithoutConsul(null, () => this.#ask(signal));
  }

  /**
   * Takes the lock unless it is held: a Consul that has just found its leader is given some time.
   *
   * @throws {LockHeldError} when another operator has it
   * @throws {TimeLimitError} when Consul does not grant it
   */
  async take(signal: AbortSignal): Promise<void> {
    const { clock } = this.#world;
    this.#held ??= await waitFor("the lock of the cluster", async (signal) => {
      const held = await orWithoutConsul(null, () => this.#askOnce(signal));
      return held ?? { ready: false, why: "Consul does not grant it yet" };
    }, { limitMs: LOCK_LIMIT_MS, signal, clock });
  }

  /** Another operator's lock is no reason to ask again. */
  async #askOnce(signal: AbortSignal): Promise<Readiness<AsyncDisposable>> {
    try {
      return { ready: true, value: await this.#ask(signal) };
    } catch (error) {
      if (error instanceof LockHeldError) return { ready: "never", error };
      throw error;
    }
  }

  #ask(signal: AbortSignal): Promise<AsyncDisposable> {
    const { consul, clock, hostname } = this.#world;
    return takeOperatorLock(consul, {
      host: hostname,
      command: this.#command,
      clock,
      signal,
      onLost: (error) => this.#lost.abort(error),
    });
  }

  /** Gives the lock back, if it is held. */
  async [Symbol.asyncDispose](): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.[Symbol.asyncDispose]();
  }
}
