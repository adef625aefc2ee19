/**
 * A host in memory with a systemd in memory, behind the interface of a real driver.
 *
 * @module
 */

import { UnitError } from "../../mod/host/errors.ts";
import type {
  Host,
  HostAskOptions,
  HostCallOptions,
  HostFile,
  UnitState,
  UnitStatus,
} from "../../mod/host/host.ts";
import type { Output } from "../../mod/lib/process.ts";
import {
  type DeviceInspection,
  readStorageQuestion,
  type StorageAnswer,
  type StorageQuestion,
} from "../../mod/storage/mod.ts";
import { deviceOf } from "../storage/devices.ts";

/** What a {@linkcode StandInHost} is told of, and asks. */
export interface HostHooks {
  /** Called before each command; it may take its time, and throw in place of the command. */
  readonly command: (host: string, what: string, signal: AbortSignal) => Promise<void>;
  /** A unit has started; it may throw, then it has failed. */
  readonly started: (host: StandInHost, unit: string) => void;
  /** A unit was told to read its configuration anew. */
  readonly reloaded: (host: StandInHost, unit: string) => void;
  /** A unit has ended. */
  readonly stopped: (host: StandInHost, unit: string) => void;
}

/** A host in memory. */
export class StandInHost implements Host {
  readonly name: string;
  readonly files = new Map<string, string>();
  readonly units = new Map<string, UnitState>();
  readonly enabled = new Set<string>();
  /** Paths of disks and directories that hold data. */
  readonly filled = new Set<string>();
  /** Further data of the answers about devices. */
  readonly devices = new Map<string, Partial<DeviceInspection>>();
  /** Units that do not stop when they are told to. */
  readonly cannotStop = new Set<string>();
  readonly #hooks: HostHooks;
  readonly #watchers = new Set<() => void>();

  constructor(name: string, hooks: HostHooks) {
    this.name = name;
    this.#hooks = hooks;
  }

  programPath(path: string): string {
    return path;
  }

  async readFile(path: string, options: HostCallOptions): Promise<string | null> {
    await this.#command(`read ${path}`, options);
    return this.files.get(path) ?? null;
  }

  async exists(path: string, options: HostCallOptions): Promise<boolean> {
    await this.#command(`look for ${path}`, options);
    return this.files.has(path) || this.filled.has(path);
  }

  async unitStatus(unit: string, options: HostCallOptions): Promise<UnitStatus> {
    await this.#command(`show ${unit}`, options);
    return {
      state: this.stateOf(unit),
      why: this.stateOf(unit) === "failed" ? "exit status 1" : "",
    };
  }

  async unitEnd(units: readonly string[], { signal }: HostCallOptions): Promise<string> {
    while (true) {
      const ended = units.find((unit) => this.stateOf(unit) !== "active");
      if (ended !== undefined) return ended;
      await new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const wake = () => {
          this.#watchers.delete(wake);
          resolve();
        };
        this.#watchers.add(wake);
        signal.addEventListener("abort", () => {
          this.#watchers.delete(wake);
          reject(signal.reason);
        }, { once: true });
      });
    }
  }

  async unitLog(unit: string, _lines: number, options: HostCallOptions): Promise<string[]> {
    await this.#command(`log of ${unit}`, options);
    return [`last words of ${unit}`];
  }

  /** Knows `consul validate`, and `hare inspect-storage`. */
  async ask(argv: readonly [string, ...string[]], options: HostAskOptions): Promise<Output> {
    await this.#command(`ask ${argv.join(" ")}`, options);
    const question = readStorageQuestion(options.stdin ?? "");
    const stdout = typeof question === "string" ? "" : JSON.stringify(this.#inspect(question));
    return { code: 0, stdout, stderr: "" };
  }

  #inspect({ devices, dataDirectories }: StorageQuestion): StorageAnswer {
    const isBelow = (path: string) => dataDirectories.some((above) => path.startsWith(`${above}/`));
    return {
      format: 1,
      devices: devices.map(({ path }) =>
        deviceOf(path, {
          signatures: this.filled.has(path) ? ["ext4"] : [],
          ...this.devices.get(path),
        })
      ),
      filledDirectories: { value: [...this.filled].filter(isBelow).toSorted() },
    };
  }

  async putFile({ path, content }: HostFile, options: HostCallOptions): Promise<void> {
    await this.#command(`put ${path}`, options);
    this.files.set(path, content);
  }

  async removeFile(path: string, options: HostCallOptions): Promise<void> {
    await this.#command(`remove ${path}`, options);
    this.files.delete(path);
  }

  async startUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#command(`start ${unit}`, options);
    try {
      this.#hooks.started(this, unit);
    } catch (error) {
      this.units.set(unit, "failed");
      throw error;
    }
    if (!isOneshot(unit)) this.units.set(unit, "active");
  }

  async stopUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#command(`stop ${unit}`, options);
    if (this.cannotStop.has(unit)) throw new UnitError(this.name, unit, "it hangs", []);
    this.end(unit, "inactive");
  }

  async reloadUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#command(`reload ${unit}`, options);
    if (this.stateOf(unit) !== "active") {
      throw new UnitError(this.name, unit, "it does not run", []);
    }
    this.#hooks.reloaded(this, unit);
  }

  async isEnabled(unit: string, options: HostCallOptions): Promise<boolean> {
    await this.#command(`is-enabled ${unit}`, options);
    return this.enabled.has(unit);
  }

  async disableUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#command(`disable ${unit}`, options);
    this.enabled.delete(unit);
  }

  async enableUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#command(`enable ${unit}`, options);
    this.enabled.add(unit);
  }

  async resetUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#command(`reset ${unit}`, options);
    if (this.stateOf(unit) === "failed") this.units.delete(unit);
  }

  /** State of a unit, without a command. */
  stateOf(unit: string): UnitState {
    return this.units.get(unit) ?? "inactive";
  }

  /** A unit ends, as when it is killed. */
  end(unit: string, state: "inactive" | "failed"): void {
    if (this.stateOf(unit) !== "active") return;
    this.units.set(unit, state);
    this.#hooks.stopped(this, unit);
    for (const wake of this.#watchers) wake();
  }

  /** All that a command could change, to be compared, a line each. */
  snapshot(): readonly string[] {
    const units = [...this.units].filter(([, state]) => state !== "inactive");
    const lines = [...this.files, ...units].map(([name, is]) => `${this.name} ${name}: ${is}`);
    return [...lines, ...[...this.enabled].map((unit) => `${this.name} enabled: ${unit}`)];
  }

  #command(what: string, { signal }: HostCallOptions): Promise<void> {
    signal.throwIfAborted();
    return this.#hooks.command(this.name, what, signal);
  }
}

function isOneshot(unit: string): boolean {
  return unit.includes("-mkfs@");
}
