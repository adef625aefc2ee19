/**
 * What bring-up can do on one host, whatever way leads to it. A driver (spec: bootstrap.md, How
 * Hare acts on a host) is one implementation of {@linkcode Host}; paths and unit names are always
 * those of a real host, and a driver that plays a host translates them.
 *
 * @module
 */

/** State of a unit, as systemd names it. */
export type UnitState = "inactive" | "activating" | "active" | "failed";

/** A unit as it stands. */
export interface UnitStatus {
  readonly state: UnitState;
  /** Why, for a person: `exit status 1`, `killed by SIGKILL`. Empty when there is nothing to say. */
  readonly why: string;
}

/** A file to be on a host. */
export interface HostFile {
  readonly path: string;
  readonly content: string;
  /** Permission bits; 0o640 where a token may be inside. */
  readonly mode: number;
}

/** Options of what is done on a host. */
export interface HostCallOptions {
  readonly signal: AbortSignal;
}

/** One host and its driver. */
export interface Host {
  /** Its name in the CDF, without the user. */
  readonly name: string;

  /** The path by which the host's own programs see `path`. */
  programPath(path: string): string;

  /**
   * Puts a file, atomically, making its directories; one that is there already with the same
   * content is left alone.
   *
   * @returns whether anything changed
   */
  putFile(file: HostFile, options: HostCallOptions): Promise<boolean>;

  /** Whether there is a file or directory at `path`. */
  exists(path: string, options: HostCallOptions): Promise<boolean>;

  /**
   * Starts a unit unless it is active; a oneshot unit has ended well when this returns.
   *
   * @throws {UnitError} when it cannot be started, or a oneshot unit fails
   */
  startUnit(unit: string, options: HostCallOptions): Promise<void>;

  /** Stops a unit, if it is active, and waits until it has ended. */
  stopUnit(unit: string, options: HostCallOptions): Promise<void>;

  /** A unit as it stands; one never started is inactive. */
  unitStatus(unit: string, options: HostCallOptions): Promise<UnitStatus>;

  /** The last lines of a unit's log, oldest first. */
  unitLog(unit: string, lines: number, options: HostCallOptions): Promise<readonly string[]>;
}
