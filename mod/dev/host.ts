/**
 * The `dev` driver: a host that is a set of this machine's own processes. Its files live under a
 * directory that stands for `/`; its units are programs that run unprivileged and without systemd,
 * each under a small shell, the keeper, that directs the unit's output to a file and notes how it
 * ended (spec: bootstrap.md, The development cluster).
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";
import { HareError, TimeLimitError } from "../lib/errors.ts";
import { ignoreNotFound, readTextFileIfAny, writeFileAtomic } from "../lib/files.ts";
import { type Output, plainEnvironment, type Run } from "../lib/process.ts";
import { dirname, join } from "../lib/std/path.ts";
import { waitFor } from "../lib/wait_for.ts";
import { UnitError } from "../host/errors.ts";
import type { Host, HostAskOptions, HostCallOptions, HostFile, UnitStatus } from "../host/host.ts";
import { type ClusterIdentity, formatMark, MARK } from "./processes.ts";
import { HOSTS_NAME } from "./state.ts";
import { UnitRun } from "./unit_run.ts";

/** What a unit runs. */
export interface DevUnit {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** It does its work and ends; starting it waits for that. */
  readonly oneshot: boolean;
  /** How long it may take to end after SIGTERM, in milliseconds. {@default 10000} */
  readonly stopLimitMs?: number;
  /** Its exit status after SIGTERM, where that is not 0. */
  readonly successStatus?: number;
}

/** What a {@linkcode DevHost} is made of. */
export interface DevHostOptions {
  readonly name: string;
  readonly cluster: ClusterIdentity;
  /** What a unit runs; `undefined` for a unit that this host does not have. */
  readonly unit: (name: string) => DevUnit | undefined;
  readonly run: Run;
  readonly clock: Clock;
}

/** How long a unit may take to end after SIGTERM before it is killed, in milliseconds. */
const STOP_LIMIT_MS = 10_000;
/** How long a oneshot unit may take, in milliseconds. */
const ONESHOT_LIMIT_MS = 60_000;

// Arguments: log file, prefix of the status files, then the program and its arguments. The text is
// constant: nothing of the cluster's data is ever part of it. What the caller had open besides, a lock
// for one, is not a unit's to keep.
const KEEPER = `
exec >>"$1" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
status=$2
shift 2
${MARK}=$HARE_DEV_MAIN "$@" &
echo $! >"$status.tmp" && mv "$status.tmp" "$status.pid"
wait $!
echo $? >"$status.tmp" && mv "$status.tmp" "$status.exit"
`;

/** A host made of processes of this machine. */
export class DevHost implements Host {
  readonly name: string;
  readonly #options: DevHostOptions;
  /** Directory that stands for `/`. */
  readonly #root: string;
  readonly #runs = new Map<string, UnitRun>();

  constructor(options: DevHostOptions) {
    this.name = options.name;
    this.#options = options;
    this.#root = join(options.cluster.dir, HOSTS_NAME, options.name);
  }

  programPath(path: string): string {
    return join(this.#root, path);
  }

  async putFile(file: HostFile): Promise<void> {
    const path = this.programPath(file.path);
    await Deno.mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, file.content, { mode: file.mode });
  }

  readFile(path: string): Promise<string | null> {
    return readTextFileIfAny(this.programPath(path));
  }

  async exists(path: string): Promise<boolean> {
    try {
      await Deno.stat(this.programPath(path));
      return true;
    } catch (error) {
      ignoreNotFound(error);
      return false;
    }
  }

  async removeFile(path: string): Promise<void> {
    await Deno.remove(this.programPath(path)).catch(ignoreNotFound);
  }

  ask(argv: readonly [string, ...string[]], options: HostAskOptions): Promise<Output> {
    return this.#options.run(argv, options);
  }

  async startUnit(unit: string, options: HostCallOptions): Promise<void> {
    const spec = this.#options.unit(unit);
    if (spec === undefined) throw new HareError(`${this.name} has no unit ${unit}`);
    const run = this.#runOf(unit);
    if (await run.pid(options) !== undefined) return;
    // The keeper of an earlier run may still have its note to write, which is not of this run.
    await run.waitForKeeper(options);
    const [log, notes] = [this.#logFile(unit), this.#notesOf(unit)];
    await Deno.mkdir(dirname(log), { recursive: true });
    await Deno.mkdir(dirname(notes), { recursive: true });
    await run.forget();
    const { dir, id } = this.#options.cluster;
    const mark = { dir, id, host: this.name, unit };
    const environment = {
      ...plainEnvironment(), // nothing of Consul's, no secret
      ...spec.env,
      [MARK]: formatMark({ ...mark, role: "keeper" }),
      HARE_DEV_MAIN: formatMark({ ...mark, role: "main" }),
    };
    // In a session of its own, the keeper outlives this program and hears no Ctrl-C meant for it.
    const { code, stderr } = await this.#options.run([
      ...["env", "--ignore-environment"] as const,
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...["setsid", "--fork"],
      ...["sh", "-c", KEEPER, "hare-dev-keeper", log, notes, ...spec.argv],
    ], { signal: options.signal, leavesDaemon: true });
    if (code !== 0) {
      throw new HareError(`cannot start unit ${unit} on ${this.name}: ${stderr.trim()}`);
    }
    await run.waitForNote("pid", `unit ${unit} to start`, 5_000, options);
    if (!spec.oneshot) return;
    await run.waitForNote("exit", `unit ${unit} to end`, ONESHOT_LIMIT_MS, options);
    const ended = await this.unitStatus(unit, options);
    if (ended.state === "failed") {
      throw new UnitError(this.name, unit, ended.why, await this.unitLog(unit, 5));
    }
  }

  async stopUnit(unit: string, options: HostCallOptions): Promise<void> {
    const run = this.#runOf(unit);
    const pid = await run.signal("SIGTERM", options);
    if (pid === undefined) return;
    const ended = (limitMs: number) =>
      waitFor(
        `unit ${unit} on ${this.name} to stop`,
        async () =>
          await run.pid(options) === undefined
            ? { ready: true, value: undefined }
            : { ready: false, why: `process ${pid} is still there` },
        {
          limitMs,
          intervalMs: 20,
          signal: options.signal,
          clock: this.#options.clock,
        },
      );
    try {
      await ended(this.#options.unit(unit)?.stopLimitMs ?? STOP_LIMIT_MS);
    } catch (error) {
      if (!(error instanceof TimeLimitError)) throw error;
      await run.signal("SIGKILL", options);
      await ended(1_000);
    }
    await run.waitForKeeper(options);
  }

  async reloadUnit(unit: string, options: HostCallOptions): Promise<void> {
    if (await this.#runOf(unit).signal("SIGHUP", options) !== undefined) return;
    throw new UnitError(this.name, unit, "it does not run", []);
  }

  /** Such a host never boots. */
  isEnabled(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async enableUnit(): Promise<void> {}

  async disableUnit(): Promise<void> {}

  async resetUnit(unit: string): Promise<void> {
    await this.#runOf(unit).forget();
  }

  async unitEnd(units: readonly string[], options: HostCallOptions): Promise<string> {
    while (true) {
      for (const unit of units) {
        if ((await this.unitStatus(unit, options)).state !== "active") return unit;
      }
      // Looking for the keepers' notes is no fork.
      await this.#options.clock.sleep(50, options.signal);
    }
  }

  unitStatus(unit: string, options: HostCallOptions): Promise<UnitStatus> {
    return this.#runOf(unit).status(this.#options.unit(unit)?.successStatus, options);
  }

  async unitLog(unit: string, lines: number): Promise<readonly string[]> {
    const text = await readTextFileIfAny(this.#logFile(unit)) ?? "";
    return text.trimEnd().split("\n").slice(-lines);
  }

  #logFile(unit: string): string {
    return join(this.#root, "log", `${unit}.log`);
  }

  #notesOf(unit: string): string {
    return join(this.#root, "run", unit);
  }

  #runOf(unit: string): UnitRun {
    const { cluster, run, clock } = this.#options;
    const known = this.#runs.get(unit);
    if (known !== undefined) return known;
    const notes = this.#notesOf(unit);
    const made = new UnitRun({ cluster, host: this.name, unit, notes, run, clock });
    this.#runs.set(unit, made);
    return made;
  }
}
