/**
 * What bring-up can do on one host, whatever way leads to it. A driver (spec: bootstrap.md, How
 * Hare acts on a host) is one implementation of {@linkcode Host}; paths and unit names are always
 * those of a real host, and a driver that plays a host translates them.
 *
 * @module
 */

import type { Output } from "../lib/process.ts";

/** State of a unit, as systemd names it. */
export type UnitState = "inactive" | "activating" | "active" | "failed";

/** A unit as it stands. */
export interface UnitStatus {
  readonly state: UnitState;
  /** Why, for a person: `exit status 1`, `killed by SIGKILL`. Empty when there is nothing to say. */
  readonly why: string;
  /** The unit ends after each start, and systemd restarts it: the unit counts as failed. */
  readonly isLooping?: true;
}

/** A file to be on a host. */
export interface HostFile {
  readonly path: string;
  readonly content: string;
  /** Permission bits; 0o640 where a token may be inside. */
  readonly mode: number;
  /**
   * `user:group`; a driver that is not root cannot give files away and passes it over.
   * {@default root, and the directory's group where that is handed on to new files}
   */
  readonly owner?: string | undefined;
}

/** Options of what is done on a host. */
export interface HostCallOptions {
  readonly signal: AbortSignal;
}

/** Options of a program that is run on a host. */
export interface HostAskOptions extends HostCallOptions {
  /** Standard input of the program. {@default closed} */
  readonly stdin?: string | undefined;
  /** Time limit in milliseconds. {@default 30000} */
  readonly limitMs?: number | undefined;
}

/** Questions to a host: none of them changes anything. */
export interface HostView {
  /** Its name in the CDF, without the user. */
  readonly name: string;

  /** The path by which the host's own programs see `path`. */
  programPath(path: string): string;

  /** The text of a file; `null` where there is none. */
  readFile(path: string, options: HostCallOptions): Promise<string | null>;

  /** Whether there is a file or directory at `path`. */
  exists(path: string, options: HostCallOptions): Promise<boolean>;

  /** A unit as it stands; one never started is inactive. */
  unitStatus(unit: string, options: HostCallOptions): Promise<UnitStatus>;

  /**
   * Resolves with the name of the first of these units, all of which were started, that does not
   * run any more. It is told, and does not ask again and again.
   */
  unitEnd(units: readonly string[], options: HostCallOptions): Promise<string>;

  /** Whether a unit starts at boot; on a host that never boots each is as good as enabled. */
  isEnabled(unit: string, options: HostCallOptions): Promise<boolean>;

  /** The last lines of a unit's log, oldest first. */
  unitLog(unit: string, lines: number, options: HostCallOptions): Promise<readonly string[]>;

  /** Runs a program on the host that only tells something, whatever its exit status. */
  ask(argv: readonly [string, ...string[]], options: HostAskOptions): Promise<Output>;
}

/** One host and its driver: the questions, and what changes it. */
export interface Host extends HostView {
  /** Puts a file, atomically, making its directories. */
  putFile(file: HostFile, options: HostCallOptions): Promise<void>;

  /** Removes a file; one that is not there is as good. */
  removeFile(path: string, options: HostCallOptions): Promise<void>;

  /**
   * Starts a unit unless it is active; a oneshot unit has ended well when this returns.
   *
   * @throws {UnitError} when it cannot be started, or a oneshot unit fails
   */
  startUnit(unit: string, options: HostCallOptions): Promise<void>;

  /** Stops a unit, if it is active, and waits until it has ended. */
  stopUnit(unit: string, options: HostCallOptions): Promise<void>;

  /** Has an active unit read its configuration again. */
  reloadUnit(unit: string, options: HostCallOptions): Promise<void>;

  /** Has a unit start at boot; a host that never boots has nothing to do. */
  enableUnit(unit: string, options: HostCallOptions): Promise<void>;

  /** Has a unit not start at boot any more. */
  disableUnit(unit: string, options: HostCallOptions): Promise<void>;

  /** Forgets that a unit has failed. */
  resetUnit(unit: string, options: HostCallOptions): Promise<void>;
}
