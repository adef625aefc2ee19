/**
 * What must hold on every host before a bring-up, one function a check.
 *
 * @module
 */

import { HAX_ENV_FILE, HAX_OPTIONS } from "../host/places.ts";
import type { Answer, Found } from "./answer.ts";
import type { ClockDifference } from "./ask.ts";

/** Names of the checks, as `--ignore-preflight` takes them, in the order in which they are told. */
export const CHECK_NAMES = [
  "reachable",
  "hare-version",
  "consul",
  "units",
  "hax",
  "failed-units",
  "ports",
  "clock",
  "timezone",
  "disks",
  "facts",
] as const;

/** Name of a check. */
export type CheckName = (typeof CHECK_NAMES)[number];

/** What a check has found. */
export interface Finding {
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** What is expected of the hosts. */
export interface Expectation {
  /** Version and commit of the Hare that brings the cluster up. */
  readonly hareVersion: string;
  /** How far a clock may be from this host's, in milliseconds. {@default 2000} */
  readonly clockLimitMs?: number | undefined;
}

/** A host that has answered, and what of the others matters. */
export interface Judged {
  readonly host: string;
  readonly answer: Answer;
  readonly clock: ClockDifference;
  readonly expectation: Expectation;
  /** The time zone of most hosts, as {@linkcode zoneOf} writes it. */
  readonly commonZone: string;
}

/** The checks of a host that has answered; that it has is `reachable`. */
export const CHECKS: Readonly<
  Record<Exclude<CheckName, "reachable">, (judged: Judged) => readonly Finding[]>
> = {
  "hare-version": ({ host, answer, expectation: { hareVersion } }) =>
    answer.hare === hareVersion ? [] : [{
      message: `hare ${answer.hare} is installed, and ${hareVersion} runs here`,
      remedy: `hare install --upgrade --host ${host}`,
    }],

  "consul": ({ answer: { consul } }) => {
    const remedy = `install Consul ${
      OLDEST_CONSUL.join(".")
    } or newer in /usr/bin or /usr/local/bin`;
    if ("problems" in consul) return problemsIn(consul, remedy);
    if (isNewEnough(consul.value)) return [];
    return [{ message: `Consul ${consul.value} is too old`, remedy }];
  },

  "units": ({ host, answer: { units } }) => {
    if ("problems" in units) {
      return problemsIn(
        units,
        "a host of the cluster is run by systemd: look at `systemctl status`",
      );
    }
    return units.value.asked.filter(({ load }) => load !== "loaded").map(({ name, load }) => ({
      message: `unit ${templateOf(name)} is ${load === "not-found" ? "not installed" : load}`,
      remedy: remedyForUnit(name, load, host),
    }));
  },

  "hax": ({ answer: { haxLibrary } }) =>
    problemsIn(
      haxLibrary,
      `install Mero's library there, or name it in ${HAX_ENV_FILE}: ` +
        `${HAX_OPTIONS}=--libmotr PATH, or --no-halink to do without`,
    ),

  "failed-units": ({ answer: { units } }) =>
    ("value" in units ? units.value.failed : []).map((unit) => ({
      message: `unit ${unit} has failed`,
      remedy: `see why with \`journalctl -u ${unit}\`; --reset-failed forgets it`,
    })),

  "ports": ({ answer: { busyPorts, units } }) => {
    const asked = "value" in units ? units.value.asked : [];
    const running = new Set(asked.filter(({ active }) => RUNNING.has(active)).map((u) => u.name));
    return busyPorts.filter(({ unit }) => !running.has(unit)).map((
      { address, port, unit, why },
    ) => ({
      message: `${address}:${port}, a port of ${unit}, cannot be listened on: ${why}`,
      remedy: `see who listens there with \`ss -ltnp 'sport = ${port}'\``,
    }));
  },

  "clock": ({ clock: { aheadMs, uncertaintyMs }, expectation: { clockLimitMs = 2000 } }) => {
    if (Math.abs(aheadMs) - uncertaintyMs <= clockLimitMs) return [];
    const by = `${seconds(Math.abs(aheadMs))} s, give or take ${seconds(uncertaintyMs)} s`;
    return [{
      message: `its clock is ${aheadMs > 0 ? "ahead of" : "behind"} this host's by ${by}`,
      remedy: "let chrony, ntpd or systemd-timesyncd set the clocks of all hosts",
    }];
  },

  "timezone": ({ answer: { timeZone }, commonZone }) => {
    const zone = zoneOf(timeZone);
    return zone === commonZone ? [] : [{
      message: `its time zone is ${zone}, and that of most hosts is ${commonZone}`,
      remedy: `timedatectl set-timezone ${commonZone.split(" ")[0]}`,
    }];
  },

  "disks": ({ answer: { disks } }) =>
    problemsIn(disks, "see what is there with `lsblk`, and mend the glob in the description"),

  "facts": ({ answer: { facts } }) => problemsIn(facts, "see what `hare facts` says there"),
};

/** `ui_config` came with it. */
const OLDEST_CONSUL = [1, 9] as const;

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_CONSUL;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** ActiveStates in which a unit may hold its ports. */
const RUNNING: ReadonlySet<string> = new Set(["active", "reloading", "activating", "deactivating"]);

function problemsIn(found: Found<unknown>, remedy: string): readonly Finding[] {
  return "problems" in found ? found.problems.map((message) => ({ message, remedy })) : [];
}

/** `m0d@any` stands for `m0d@`. */
function templateOf(unit: string): string {
  return unit.replace(/@.+$/, "@");
}

function remedyForUnit(unit: string, load: string, host: string): string {
  if (load === "masked") return `systemctl unmask ${templateOf(unit)}`;
  if (unit.startsWith("hare-")) return `hare install --host ${host}`;
  return load === "not-found" ? "install Mero there" : `see \`systemctl status ${unit}\``;
}

/** A time zone for people: `Europe/Berlin (UTC+02:00)`. */
export function zoneOf({ name, offsetMinutes }: Answer["timeZone"]): string {
  const minutes = Math.abs(offsetMinutes);
  const two = (n: number) => String(n).padStart(2, "0");
  const sign = offsetMinutes < 0 ? "-" : "+";
  return `${name} (UTC${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)})`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
