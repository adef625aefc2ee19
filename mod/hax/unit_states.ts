/**
 * The states of this node's Mero servers as systemd has them, kept fresh by its own notifications:
 * no program is started for that.
 *
 * Each notification is a bell. At it, and once in a while in case one was lost, systemd lists the
 * units: what a list says is whole, while a notification says only what is different.
 *
 * They come over the system bus, which systemd documents and every user may ask, rather than over
 * systemd's private socket, which needs no bus but is root's and nobody's promise.
 *
 * @module
 */

import * as z from "zod";
import { TARGETS } from "../../cfgen/mod.ts";
import { BusError } from "../host/errors.ts";
import { SystemBus } from "../host/system_bus.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { type Fid, FidSyntaxError, formatFid, parseFid } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";
import { gauge, type Metric } from "../lib/metrics.ts";
import { Rounds } from "./rounds.ts";
import { together } from "./together.ts";

/** The state of a unit, in systemd's words. */
export interface UnitState {
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string;
  /** The same in more detail: `running`, `dead`, `auto-restart`, … */
  readonly sub: string;
}

/** What {@linkcode UnitStates} stand on. */
export interface UnitStatesDeps {
  /** Path of the system bus's socket. {@default the system's} */
  readonly systemBus?: string | undefined;
  readonly clock: Clock;
  /** Number in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Is told that a unit's state may be another than before. */
  readonly onBell: () => void;
}

/** Longest time until a change is seen whose notification was lost. */
const LIST_EVERY_MS = 30_000;
/** Shortest time between two lists. */
const LIST_PAUSE_MS = 250;

const SYSTEMD = "org.freedesktop.systemd1";
const MANAGER = {
  destination: SYSTEMD,
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
};
const UNITS = `${MANAGER.path}/unit`;

const BUS = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
};
const OWNER_CHANGED = "NameOwnerChanged";

/** What the bus is to pass on. */
const MATCHES = [
  `type='signal',sender='${SYSTEMD}',path_namespace='${UNITS}',` +
  `interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',` +
  `arg0='org.freedesktop.systemd1.Unit'`,
  `type='signal',sender='${BUS.destination}',member='${OWNER_CHANGED}',arg0='${SYSTEMD}'`,
];

/** The server's units are called the same for each target. */
const serverUnit = (instance: string) => `${TARGETS.mero.units.server(instance)}.service`;
/** How the paths of their objects begin: all but letters and digits is written in hex. */
const SERVER_PATHS = `${UNITS}/${
  TARGETS.mero.units.server("").replaceAll(
    /[^a-zA-Z0-9]/g,
    (char) => `_${char.charCodeAt(0).toString(16)}`,
  )
}`;

/** ListUnitsByPatterns answers with name, description, load, active and sub state, and more. */
const unitsSchema = z.tuple([
  z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]).rest(z.unknown())),
]);

/** The states of this node's server units. */
export class UnitStates {
  readonly #deps: UnitStatesDeps;
  readonly #rounds: Rounds;
  /** By fid; `null` while they are not known. */
  #states: ReadonlyMap<string, UnitState> | null = null;
  #failures = 0;
  /** Why they were not known when that was last said. */
  #said: string | null = null;

  constructor(deps: UnitStatesDeps) {
    this.#deps = deps;
    this.#rounds = new Rounds({ ...deps, everyMs: LIST_EVERY_MS, pauseMs: LIST_PAUSE_MS });
  }

  /** The state of a server's unit; `null` where it is not known, or systemd has no such unit. */
  of(fid: Fid): UnitState | null {
    return this.#states?.get(formatFid(fid)) ?? null;
  }

  /**
   * Keeps the states fresh until `signal` is aborted. While systemd or the bus is away, or where
   * there is none, they are not known.
   *
   * @throws the signal's reason when `signal` is aborted
   */
  async run(signal: AbortSignal): Promise<never> {
    const { clock, random } = this.#deps;
    while (true) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (!(error instanceof BusError)) throw error;
        this.#lost(error.message);
      }
      signal.throwIfAborted();
      await clock.sleep(backoffMs(this.#failures, { random }), signal);
    }
  }

  /** What there is to be measured. */
  metrics(): readonly Metric[] {
    const isKnown = this.#states === null ? 0 : 1;
    return [gauge("hare_hax_units_known", "Whether systemd tells its units' states.", isKnown)];
  }

  async #follow(signal: AbortSignal): Promise<void> {
    using bus = await SystemBus.connect({ path: this.#deps.systemBus, signal });
    await together(signal, [
      (signal) =>
        bus.listen(({ member, path }) => {
          if (member === OWNER_CHANGED) {
            throw new BusError("systemd has left the bus, or is there again");
          }
          if (path?.startsWith(SERVER_PATHS)) this.#rounds.ask();
        }, signal),
      async (signal) => {
        for (const match of MATCHES) {
          await bus.call({ ...BUS, member: "AddMatch", args: [match] }, z.tuple([]), signal);
        }
        await bus.call({ ...MANAGER, member: "Subscribe" }, z.tuple([]), signal);
        await this.#rounds.run((signal) => this.#list(bus, signal), signal);
      },
    ]);
  }

  async #list(bus: SystemBus, signal: AbortSignal): Promise<void> {
    const args = [[], [serverUnit("*")]];
    const call = { ...MANAGER, member: "ListUnitsByPatterns", args };
    const [units] = await bus.call(call, unitsSchema, signal);
    this.#found(units.map(([name, , , active, sub]) => ({ name, active, sub })));
    this.#deps.onBell();
  }

  #found(units: readonly (UnitState & { readonly name: string })[]): void {
    if (this.#states === null) this.#deps.log.info("systemd tells the states of its units");
    this.#failures = 0;
    this.#said = null;
    this.#states = new Map(units.flatMap(({ name, active, sub }) => {
      const fid = fidIn(name);
      return fid === null ? [] : [[formatFid(fid), { active, sub }] as const];
    }));
  }

  #lost(why: string): void {
    if (why !== this.#said) {
      this.#deps.log.info("the states of systemd's units are not known: {why}", { why });
    }
    this.#failures += 1;
    this.#said = why;
    this.#states = null;
  }
}

/** The fid of a server's unit; `null` where its instance is none. */
function fidIn(unit: string): Fid | null {
  const [before = "", after = ""] = serverUnit("*").split("*");
  try {
    return parseFid(unit.slice(before.length, -after.length));
  } catch (error) {
    if (!(error instanceof FidSyntaxError)) throw error;
    return null;
  }
}
