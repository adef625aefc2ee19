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
import type { Output, Run } from "../lib/process.ts";
import { dirname, join } from "../lib/std/path.ts";
import { waitFor } from "../lib/wait_for.ts";
import { UnitError } from "../host/errors.ts";
import type { Host, HostCallOptions, HostFile, UnitStatus } from "../host/host.ts";
import { findProcesses, formatMark, MARK, sendSignal } from "./processes.ts";

/** What a unit runs. */
export interface DevUnit {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** It does its work and ends; starting it waits for that. */
  readonly oneshot: boolean;
}

/** What a {@linkcode DevHost} is made of. */
export interface DevHostOptions {
  readonly name: string;
  /** The cluster's directory, absolute. */
  readonly dir: string;
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
  /** Pids that were seen to be this host's own: another program may have a stale file's pid. */
  readonly #verified = new Set<number>();

  constructor(options: DevHostOptions) {
    this.name = options.name;
    this.#options = options;
    this.#root = join(options.dir, "hosts", options.name);
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

  ask(argv: readonly [string, ...string[]], options: HostCallOptions): Promise<Output> {
    return this.#options.run(argv, { signal: options.signal });
  }

  async startUnit(unit: string, options: HostCallOptions): Promise<void> {
    const spec = this.#options.unit(unit);
    if (spec === undefined) throw new HareError(`${this.name} has no unit ${unit}`);
    if (await this.#livingPid(unit, options) !== undefined) return;
    // The keeper of an earlier run may still have its note to write, which is not of this run.
    await this.#waitForKeeper(unit, options);
    const [log, status] = [this.#logFile(unit), this.#statusFile(unit)];
    await Deno.mkdir(dirname(log), { recursive: true });
    await Deno.mkdir(dirname(status), { recursive: true });
    await Deno.remove(`${status}.pid`).catch(ignoreNotFound);
    await Deno.remove(`${status}.exit`).catch(ignoreNotFound);
    const mark = { dir: this.#options.dir, host: this.name, unit };
    const environment = {
      ...inheritedEnvironment(),
      ...spec.env,
      [MARK]: formatMark({ ...mark, role: "keeper" }),
      HARE_DEV_MAIN: formatMark({ ...mark, role: "main" }),
    };
    // In a session of its own, the keeper outlives this program and hears no Ctrl-C meant for it.
    const { code, stderr } = await this.#options.run([
      ...["env", "--ignore-environment"] as const,
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...["setsid", "--fork"],
      ...["sh", "-c", KEEPER, "hare-dev-keeper", log, status, ...spec.argv],
    ], { signal: options.signal });
    if (code !== 0) {
      throw new HareError(`cannot start unit ${unit} on ${this.name}: ${stderr.trim()}`);
    }
    await this.#waitForFile(`${status}.pid`, `unit ${unit} to start`, 5_000, options);
    if (!spec.oneshot) return;
    await this.#waitForFile(`${status}.exit`, `unit ${unit} to end`, ONESHOT_LIMIT_MS, options);
    const ended = await this.unitStatus(unit, options);
    if (ended.state === "failed") {
      throw new UnitError(this.name, unit, ended.why, await this.unitLog(unit, 5));
    }
  }

  async stopUnit(unit: string, options: HostCallOptions): Promise<void> {
    const pid = await this.#livingPid(unit, options);
    if (pid === undefined) return;
    sendSignal(pid, "SIGTERM");
    const ended = (limitMs: number) =>
      waitFor(
        `unit ${unit} on ${this.name} to stop`,
        async () =>
          await this.#livingPid(unit, options) === undefined
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
      await ended(STOP_LIMIT_MS);
    } catch (error) {
      if (!(error instanceof TimeLimitError)) throw error;
      sendSignal(pid, "SIGKILL");
      await ended(1_000);
    }
    await this.#waitForKeeper(unit, options);
  }

  async reloadUnit(unit: string, options: HostCallOptions): Promise<void> {
    const pid = await this.#livingPid(unit, options);
    if (pid === undefined) throw new UnitError(this.name, unit, "it does not run", []);
    sendSignal(pid, "SIGHUP");
  }

  /** Such a host never boots. */
  isEnabled(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async enableUnit(): Promise<void> {}

  async disableUnit(): Promise<void> {}

  async resetUnit(unit: string): Promise<void> {
    await Deno.remove(`${this.#statusFile(unit)}.exit`).catch(ignoreNotFound);
    await Deno.remove(`${this.#statusFile(unit)}.pid`).catch(ignoreNotFound);
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

  async unitStatus(unit: string, options: HostCallOptions): Promise<UnitStatus> {
    const exit = await readTextFileIfAny(`${this.#statusFile(unit)}.exit`);
    if (exit !== null) return statusOfExit(Number(exit));
    if (await this.#livingPid(unit, options) !== undefined) return { state: "active", why: "" };
    if (await readTextFileIfAny(`${this.#statusFile(unit)}.pid`) === null) {
      return { state: "inactive", why: "" };
    }
    // Its program is gone and there is no note how it ended: not yet, or never.
    if (await this.#keeperLives(unit, options)) return { state: "active", why: "it is ending" };
    const late = await readTextFileIfAny(`${this.#statusFile(unit)}.exit`);
    return late !== null
      ? statusOfExit(Number(late))
      : { state: "failed", why: "killed together with its keeper" };
  }

  async unitLog(unit: string, lines: number): Promise<readonly string[]> {
    const text = await readTextFileIfAny(this.#logFile(unit)) ?? "";
    return text.trimEnd().split("\n").slice(-lines);
  }

  #logFile(unit: string): string {
    return join(this.#root, "log", `${unit}.log`);
  }

  #statusFile(unit: string): string {
    return join(this.#root, "run", unit);
  }

  async #keeperLives(unit: string, options: HostCallOptions): Promise<boolean> {
    const own = await findProcesses(this.#options.dir, this.#options.run, options.signal);
    return own.some((p) => p.role === "keeper" && p.host === this.name && p.unit === unit);
  }

  /** Waits until the keeper of a unit that has ended, if it had one, has written its note. */
  async #waitForKeeper(unit: string, options: HostCallOptions): Promise<void> {
    if (await readTextFileIfAny(`${this.#statusFile(unit)}.pid`) === null) return;
    await waitFor(
      `the keeper of unit ${unit} on ${this.name} to end`,
      async () =>
        await this.#keeperLives(unit, options)
          ? { ready: false, why: "it is still there" }
          : { ready: true, value: undefined },
      {
        limitMs: 5_000,
        intervalMs: 20,
        signal: options.signal,
        clock: this.#options.clock,
      },
    );
  }

  async #waitForFile(
    path: string,
    what: string,
    limitMs: number,
    options: HostCallOptions,
  ): Promise<void> {
    await waitFor(
      `${what} on ${this.name}`,
      async () =>
        await readTextFileIfAny(path) === null
          ? { ready: false, why: "the keeper has not said so" }
          : { ready: true, value: undefined },
      {
        limitMs,
        intervalMs: 10,
        signal: options.signal,
        clock: this.#options.clock,
      },
    );
  }

  /** The pid of a unit's program while it lives. */
  async #livingPid(unit: string, options: HostCallOptions): Promise<number | undefined> {
    const text = await readTextFileIfAny(`${this.#statusFile(unit)}.pid`);
    const pid = Number(text);
    if (text === null || !await isDirectory(`/proc/${pid}`)) return undefined;
    if (this.#verified.has(pid)) return pid;
    const { dir, run } = this.#options;
    const own = await findProcesses(dir, run, options.signal);
    const is = own.some((p) => p.pid === pid && p.host === this.name && p.unit === unit);
    if (is) this.#verified.add(pid);
    return is ? pid : undefined;
  }
}

/** What of this process's environment a unit gets: nothing of Consul's, no secret. */
function inheritedEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"] as const;
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** A shell's exit status: 128 + n when signal n ended the program. SIGTERM is how units are stopped. */
function statusOfExit(code: number): UnitStatus {
  if (code === 0 || code === 128 + 15) return { state: "inactive", why: "" };
  return {
    state: "failed",
    why: code > 128 ? `ended by signal ${code - 128}` : `exit status ${code}`,
  };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    ignoreNotFound(error);
    return false;
  }
}
