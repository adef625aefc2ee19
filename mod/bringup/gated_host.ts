/**
 * A host whose every change passes the {@linkcode Gate}; what needs no change is none.
 *
 * @module
 */

import type {
  Host,
  HostAskOptions,
  HostCallOptions,
  HostFile,
  HostView,
  UnitStatus,
} from "../host/host.ts";
import { JOB_LIMIT_MS } from "../host/systemd.ts";
import type { Output } from "../lib/process.ts";
import type { Gate, Undo } from "./gate.ts";

/** What phases have of a host. */
export class GatedHost implements HostView {
  readonly name: string;
  readonly #host: Host;
  readonly #gate: Gate;

  constructor(host: Host, gate: Gate) {
    this.name = host.name;
    this.#host = host;
    this.#gate = gate;
  }

  programPath(path: string): string {
    return this.#host.programPath(path);
  }

  readFile(path: string, options: HostCallOptions): Promise<string | null> {
    return this.#host.readFile(path, options);
  }

  exists(path: string, options: HostCallOptions): Promise<boolean> {
    return this.#host.exists(path, options);
  }

  unitStatus(unit: string, options: HostCallOptions): Promise<UnitStatus> {
    return this.#host.unitStatus(unit, options);
  }

  unitEnd(units: readonly string[], options: HostCallOptions): Promise<string> {
    return this.#host.unitEnd(units, options);
  }

  isEnabled(unit: string, options: HostCallOptions): Promise<boolean> {
    return this.#host.isEnabled(unit, options);
  }

  unitLog(unit: string, lines: number, options: HostCallOptions): Promise<readonly string[]> {
    return this.#host.unitLog(unit, lines, options);
  }

  ask(argv: readonly [string, ...string[]], options: HostAskOptions): Promise<Output> {
    return this.#host.ask(argv, options);
  }

  /**
   * Puts a file unless it is there with this content.
   *
   * @param check refuses the file by throwing: then it is put back as it was
   * @returns whether it was, or in a dry run would be, written
   */
  async putFile(
    file: HostFile,
    options: HostCallOptions,
    check?: () => Promise<void>,
  ): Promise<boolean> {
    const before = await this.#host.readFile(file.path, options);
    if (before === file.content) return false;
    const putBack = (signal: AbortSignal) =>
      before === null
        ? this.#host.removeFile(file.path, { signal })
        : this.#host.putFile({ ...file, content: before }, { signal });
    const put = async () => {
      await this.#host.putFile(file, options);
      try {
        await check?.();
      } catch (error) {
        await putBack(AbortSignal.timeout(JOB_LIMIT_MS));
        throw error;
      }
    };
    const undoes = before === null ? `remove ${file.path}` : `restore ${file.path}`;
    await this.#change(`write ${file.path}`, put, this.#undo(undoes, putBack));
    return true;
  }

  /** Writes a file that stays when changes are undone. */
  async keepFile(file: HostFile, options: HostCallOptions): Promise<void> {
    await this.#change(`write ${file.path}`, () => this.#host.putFile(file, options));
  }

  /** Starts a unit unless it is active. */
  async startUnit(unit: string, options: HostCallOptions): Promise<void> {
    if ((await this.#host.unitStatus(unit, options)).state === "active") return;
    await this.#gate.change(
      { where: this.name, what: `start ${unit}`, starts: unit },
      () => this.#host.startUnit(unit, options),
      this.#undo(`stop ${unit}`, (signal) => this.#host.stopUnit(unit, { signal })),
    );
  }

  /** Runs a oneshot unit to its end. */
  async runUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#change(`run ${unit}`, () => this.#host.startUnit(unit, options));
  }

  /** Stops a unit unless it is inactive. */
  async stopUnit(unit: string, options: HostCallOptions): Promise<void> {
    const { state } = await this.#host.unitStatus(unit, options);
    if (state === "inactive" || state === "failed") return;
    await this.#change(`stop ${unit}`, () => this.#host.stopUnit(unit, options));
  }

  /** Has a unit read its configuration again. */
  async reloadUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#change(`reload ${unit}`, () => this.#host.reloadUnit(unit, options));
  }

  /**
   * Has a unit start at boot, unless it does.
   *
   * @param isChanged its files are others than before: they are read anew by being enabled
   */
  async enableUnit(unit: string, options: HostCallOptions, isChanged = false): Promise<void> {
    if (!isChanged && await this.#host.isEnabled(unit, options)) return;
    await this.#change(
      `enable ${unit}`,
      () => this.#host.enableUnit(unit, options),
      this.#undo(`disable ${unit}`, (signal) => this.#host.disableUnit(unit, { signal })),
    );
  }

  /** Has a unit not start at boot any more, unless it does not. */
  async disableUnit(unit: string, options: HostCallOptions): Promise<void> {
    if (!await this.#host.isEnabled(unit, options)) return;
    await this.#change(
      `disable ${unit}`,
      () => this.#host.disableUnit(unit, options),
      this.#undo(`enable ${unit}`, (signal) => this.#host.enableUnit(unit, { signal })),
    );
  }

  /** Forgets that a unit has failed. */
  async resetUnit(unit: string, options: HostCallOptions): Promise<void> {
    await this.#change(`reset ${unit}`, () => this.#host.resetUnit(unit, options));
  }

  #change(what: string, work: () => Promise<void>, undo?: Undo): Promise<void> {
    return this.#gate.change({ where: this.name, what }, work, undo);
  }

  #undo(what: string, work: (signal: AbortSignal) => Promise<void>): Undo {
    return { where: this.name, what, work: () => work(AbortSignal.timeout(JOB_LIMIT_MS)) };
  }
}
