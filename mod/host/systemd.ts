/**
 * The driver of real hosts: files, programs and systemd's units, by a {@linkcode Run}. This host
 * and another one over ssh differ in that alone.
 *
 * @module
 */

import { HareError, TimeLimitError } from "../lib/errors.ts";
import type { Output, Run, RunOptions } from "../lib/process.ts";
import { asRoot } from "./as_root.ts";
import { HostCommandError, UnitError } from "./errors.ts";
import type { Host, HostAskOptions, HostCallOptions, HostFile, UnitStatus } from "./host.ts";
import { type HostBinary, putFile } from "./put_file.ts";
import { watchUnits } from "./unit_end.ts";
import { readUnitStatus, STATUS_PROPERTIES } from "./unit_status.ts";

/** What a {@linkcode SystemdHost} is made of. */
export interface SystemdHostOptions {
  /** Its name in the CDF, without the user. */
  readonly name: string;
  /** Runs a program there, as whoever is logged in. */
  readonly run: Run;
  /** The same for programs that stay for long. {@default run} */
  readonly watch?: Run | undefined;
}

type Argv = readonly [string, ...string[]];

/**
 * Time limit of systemd's jobs in milliseconds: longer than any unit's own. How long it may take is
 * written in the unit, and systemd holds that: Motr's server is killed 5 minutes after it was told to
 * stop. This limit is for what not even that ends.
 */
export const JOB_LIMIT_MS = 600_000;
/** Time limit for learning why a job is not done, in milliseconds. */
const WHY_LIMIT_MS = 5_000;
/** Lines of a unit's log that tell why it failed. */
const LOG_LINES = 5;
/** Exit status of `systemctl stop` for a unit that systemd does not know. */
const NOT_LOADED = 5;
/** Exit status of {@linkcode READ} where there is nothing to read. */
const NOTHING_THERE = 44;

const READ = `
[ -e "$1" ] || exit ${NOTHING_THERE}
exec cat -- "$1"
`;

/** A host that runs systemd. */
export class SystemdHost implements Host {
  readonly name: string;
  readonly #root: Run;
  readonly #watch: Run;

  constructor({ name, run, watch = run }: SystemdHostOptions) {
    this.name = name;
    this.#root = asRoot(run);
    this.#watch = asRoot(watch);
  }

  programPath(path: string): string {
    return path;
  }

  ask(argv: Argv, { signal, stdin, limitMs }: HostAskOptions): Promise<Output> {
    return this.#run(`run ${argv[0]}`, argv, { signal, stdin, limitMs });
  }

  /**
   * Runs a program on the host that changes something.
   *
   * @param what what it does, for the error: `make /etc/hare`
   * @throws {HostCommandError} when its exit status is not 0
   */
  async change(what: string, argv: Argv, { signal }: HostCallOptions): Promise<string> {
    return this.#output(what, await this.#run(what, argv, { signal }));
  }

  async readFile(path: string, { signal }: HostCallOptions): Promise<string | null> {
    const what = `read ${path}`;
    const output = await this.#run(what, ["sh", "-c", READ, "hare-read", path], { signal });
    return output.code === NOTHING_THERE ? null : this.#output(what, output);
  }

  async exists(path: string, { signal }: HostCallOptions): Promise<boolean> {
    const { code } = await this.#run(`look for ${path}`, ["test", "-e", path], { signal });
    return code === 0;
  }

  async putFile(file: HostFile | HostBinary, options: HostCallOptions): Promise<void> {
    const what = `write ${file.path}`;
    this.#output(what, await this.#named(what, options, () => putFile(this.#root, file, options)));
  }

  async removeFile(path: string, options: HostCallOptions): Promise<void> {
    await this.change(`remove ${path}`, ["rm", "-f", "--", path], options);
  }

  async unitStatus(unit: string, { signal }: HostCallOptions): Promise<UnitStatus> {
    const argv = ["systemctl", "show", "-p", STATUS_PROPERTIES.join(","), "--", unit] as const;
    const what = `systemctl show ${unit}`;
    return readUnitStatus(this.#output(what, await this.#run(what, argv, { signal })));
  }

  async unitEnd(units: readonly string[], options: HostCallOptions): Promise<string> {
    const what = `watch ${units.join(", ")}`;
    const watching = () => watchUnits(this.#watch, units.map(inFull), options);
    const place = this.#output(what, await this.#named(what, options, watching));
    const unit = units[Number(place)];
    if (unit === undefined) throw new TypeError(`${this.name}: no unit ${place} in ${units}`);
    return unit;
  }

  async unitLog(
    unit: string,
    lines: number,
    { signal }: HostCallOptions,
  ): Promise<readonly string[]> {
    const argv = [
      "journalctl",
      // Its own words: what systemd writes about it is in its status.
      `_SYSTEMD_UNIT=${inFull(unit)}`,
      `--lines=${lines}`,
      ...["--output=cat", "--no-pager", "--quiet"],
    ] as const;
    const what = `read the log of ${unit}`;
    // Its last words may still be on their way into the journal, which need not answer.
    await this.#run(what, ["timeout", "5", "journalctl", "--sync"], { signal });
    const text = this.#output(what, await this.#run(what, argv, { signal }));
    return text.split("\n").filter((line) => line !== "");
  }

  startUnit(unit: string, options: HostCallOptions): Promise<void> {
    return this.#job("start", unit, options);
  }

  stopUnit(unit: string, options: HostCallOptions): Promise<void> {
    return this.#job("stop", unit, options);
  }

  reloadUnit(unit: string, options: HostCallOptions): Promise<void> {
    return this.#job("reload", unit, options);
  }

  async isEnabled(unit: string, { signal }: HostCallOptions): Promise<boolean> {
    const argv = ["systemctl", "--quiet", "is-enabled", "--", inFull(unit)] as const;
    const { code } = await this.#run(`systemctl is-enabled ${unit}`, argv, { signal });
    return code === 0;
  }

  async enableUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#systemctl("enable", unit, options);
  }

  async disableUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#systemctl("disable", unit, options);
  }

  async resetUnit(unit: string, options: HostCallOptions): Promise<void> {
    const { state, isLooping } = await this.unitStatus(unit, options);
    if (isLooping === true) return await this.stopUnit(unit, options);
    if (state === "failed") await this.#systemctl("reset-failed", unit, options);
  }

  /** Has systemd read the unit files again. */
  async reloadSystemd(options: HostCallOptions): Promise<void> {
    await this.change("systemctl daemon-reload", ["systemctl", "daemon-reload"], options);
  }

  async #systemctl(verb: string, unit: string, options: HostCallOptions): Promise<void> {
    const argv = ["systemctl", "--quiet", verb, "--", inFull(unit)] as const;
    await this.change(`systemctl ${verb} ${unit}`, argv, options);
  }

  async #job(
    verb: "start" | "stop" | "reload",
    unit: string,
    { signal }: HostCallOptions,
  ): Promise<void> {
    const what = `systemctl ${verb} ${unit}`;
    const argv = ["systemctl", verb, "--", inFull(unit)] as const;
    const { code, stderr } = await this.#run(what, argv, { signal, limitMs: JOB_LIMIT_MS })
      .catch((error) => this.#whyNotDone(what, unit, error));
    if (code === 0 || (verb === "stop" && code === NOT_LOADED)) return;
    const { why } = await this.unitStatus(unit, { signal });
    const said = stderr.trim().split("\n")[0] || `${what} failed with exit status ${code}`;
    const log = await this.unitLog(unit, LOG_LINES, { signal });
    throw new UnitError(this.name, unit, why || said, log);
  }

  /** Where time has run out, a unit often says itself what it waits for. */
  async #whyNotDone(what: string, unit: string, error: unknown): Promise<never> {
    if (!(error instanceof TimeLimitError)) throw error;
    const { why } = await this.unitStatus(unit, { signal: AbortSignal.timeout(WHY_LIMIT_MS) })
      .catch(() => ({ why: "" })); // the time limit is the better error
    if (why === "") throw error;
    const { message, hint } = error;
    throw new TimeLimitError(`${this.name}: ${what}: ${why}: ${message}`, { hint, cause: error });
  }

  #run(what: string, argv: Argv, options: RunOptions): Promise<Output> {
    return this.#named(what, options, () => this.#root(argv, options));
  }

  /** What goes wrong on the way names the host. */
  async #named(
    what: string,
    { signal }: RunOptions,
    act: () => Promise<Output>,
  ): Promise<Output> {
    try {
      return await act();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TimeLimitError) {
        throw new TimeLimitError(`${this.name}: ${what}: ${error.message}`, { cause: error });
      }
      if (!(error instanceof HareError)) throw error;
      throw new HareError(`${this.name}: ${error.message}`, { hint: error.hint, cause: error });
    }
  }

  #output(what: string, output: Output): string {
    if (output.code !== 0) throw new HostCommandError(this.name, what, output);
    return output.stdout;
  }
}

/** A service's name as the journal has it. */
function inFull(unit: string): string {
  return unit.endsWith(".service") ? unit : `${unit}.service`;
}
