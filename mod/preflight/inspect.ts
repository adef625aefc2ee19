/**
 * The inspection of this host before a bring-up: what is to be judged is gathered here, and judged
 * where the bring-up runs.
 *
 * @module
 */

import type { SystemFacts } from "../../cfgen/mod.ts";
import { disksOf } from "../facts/disks.ts";
import { factsOfThisHost, type LocalDeps } from "../facts/mod.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";
import type { Answer } from "./answer.ts";
import { attempt } from "./attempt.ts";
import { tryHax, type TryHaxDeps } from "./hax.ts";
import { busyAmong, type TryListen, tryListen } from "./ports.ts";
import { FORMAT, type Question } from "./question.ts";
import { findUnits } from "./units.ts";

/** What an inspection is given. */
export interface InspectDeps extends LocalDeps {
  /** Version and commit of this Hare. */
  readonly version: string;
  readonly clock: Clock;
  /** Files of this machine. {@default Deno} */
  readonly files?: TryHaxDeps["system"] | undefined;
  /** {@default on this machine} */
  readonly listen?: TryListen | undefined;
  /** Time limit of each part, in milliseconds. {@default 10000} */
  readonly limitMs?: number | undefined;
}

/**
 * Answers a question about this host. What cannot be found out is a problem in the answer.
 *
 * @throws the signal's reason when it is aborted
 */
export async function inspect(question: Question, deps: InspectDeps): Promise<Answer> {
  const { clock, run, system = Deno, files = Deno, signal, limitMs = 10_000 } = deps;
  const began = clock.monotonic();
  const part = <T>(what: string, work: (within: Within) => Promise<T>) =>
    attempt(what, (signal) => work({ run, system, signal }), { signal, limitMs });
  const { iface, globs } = question;
  const [host, disks, consul, units, haxLibrary] = await Promise.all([
    part("the host", (within) => factsOfThisHost({ iface, globs: [] }, within)),
    part("the disks", (within) => disksOf(globs, within)),
    part("Consul", (within) => versionOf(question.consul, within)),
    part("the units", (within) => findUnits(question, within)),
    part("hax's library", ({ run, signal }) => tryHax({ run, signal, system: files })),
  ]);
  const facts = "value" in host ? { value: host.value.facts } : host;
  const dataAddress = "value" in facts ? addressIn(facts.value, iface) : undefined;
  // deno-lint-ignore clock/wall -- the host that asks compares the clocks
  const sentMs = clock.now();
  return {
    format: FORMAT,
    hare: deps.version,
    ...{ consul, facts, disks, units, haxLibrary },
    busyPorts: busyAmong(question.ports, dataAddress, deps.listen ?? tryListen),
    timeZone: timeZoneAt(sentMs),
    // A clock change meanwhile must not falsify the duration.
    clock: { receivedMs: sentMs - (clock.monotonic() - began), sentMs },
  };
}

type Within = LocalDeps & { readonly signal: AbortSignal };

function addressIn(facts: SystemFacts, iface: string | undefined): string | undefined {
  return iface === undefined ? facts.ipaddress : facts[`ipaddress_${iface}`];
}

/** Where systemd looks for programs (systemd.exec(5)): a login may know more directories. */
const UNIT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Version of Consul's program.
 *
 * @throws {HareError} when it is missing, or is no Consul
 */
async function versionOf(
  program: string,
  { run, signal }: { readonly run: Run; readonly signal: AbortSignal },
): Promise<string> {
  // Its first line has been like this in every release; -format=json is not in all of them.
  const env = { PATH: UNIT_PATH };
  const { stdout, stderr } = await run([program, "version"], { signal, env });
  const [, version] = /^Consul v(\S+)/.exec(stdout) ?? [];
  if (version !== undefined) return version;
  const said = (stderr || stdout).trim().slice(0, 200);
  throw new HareError(`${program} is no Consul that works: ${said}`);
}

function timeZoneAt(ms: number): Answer["timeZone"] {
  return {
    name: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    offsetMinutes: 0 - new Date(ms).getTimezoneOffset(),
  };
}
