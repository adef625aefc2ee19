/**
 * Hare on hosts, and off them again.
 *
 * @module
 */

import { HostCommandError } from "../host/errors.ts";
import type { HostCallOptions } from "../host/host.ts";
import { HARE_PROGRAM } from "../host/places.ts";
import type { SystemdHost } from "../host/systemd.ts";
import { HareError } from "../lib/errors.ts";
import { look } from "./look.ts";
import { type HostOutcome, onHosts, type OnHostsOptions } from "./on_hosts.ts";
import { type Payload, unitFile, USER_FILE } from "./payload.ts";
import { otherBuild, planInstall, planUninstall } from "./plan.ts";
import { UNITS } from "./units.ts";

/** Options of {@linkcode install}. */
export interface InstallOptions extends OnHostsOptions {
  /** Whether another build of Hare may be replaced. */
  readonly upgrade: boolean;
  /** This host where it is not among them: it must not be left with another build. */
  readonly bystander?: SystemdHost | undefined;
}

/**
 * Has `payload` be on all hosts.
 *
 * @returns what became of each, in their order; this host too where it stands in the way
 */
export async function install(
  hosts: readonly SystemdHost[],
  payload: Payload,
  options: InstallOptions,
): Promise<readonly HostOutcome[]> {
  const { directories, userFile, program, units, version } = payload;
  const { bystander, upgrade } = options;
  const paths = [...directories, userFile, program, ...units].map(({ path }) => path);
  const all = bystander === undefined ? hosts : [...hosts, bystander];
  const outcomes = await onHosts(all, options, {
    plan: async (host) => {
      if (host !== bystander) {
        return planInstall(await look(host, paths, options), payload, upgrade);
      }
      const sight = await look(host, [program.path], options);
      return { steps: [], kept: [], problems: otherBuild(sight, program) };
    },
    after: async (host, { steps }) => {
      if (!steps.some((step) => step.do === "write" && step.file === program)) return [];
      await tryOut(host, version, options);
      return (await runningUnits(host, options))
        .map((unit) => `${unit} still runs what was there before: systemctl restart ${unit}`);
    },
  });
  return outcomes.filter(({ problems }, i) => i < hosts.length || problems.length > 0);
}

/**
 * Takes off all hosts what was installed there.
 *
 * @returns what became of each, in their order
 */
export async function uninstall(
  hosts: readonly SystemdHost[],
  options: OnHostsOptions,
): Promise<readonly HostOutcome[]> {
  const paths = [HARE_PROGRAM, USER_FILE, ...Object.keys(UNITS).map(unitFile)];
  return await onHosts(hosts, options, {
    plan: async (host) => {
      const plan = planUninstall(await look(host, paths, options));
      const running = plan.steps.length === 0 ? [] : await runningUnits(host, options);
      const problems = running.map((unit) => ({
        message: `${unit} runs`,
        hint: `stop it: hare shutdown, or systemctl stop ${unit}`,
      }));
      return { ...plan, problems };
    },
    after: () => Promise.resolve([]),
  });
}

/** A program that does not run there, or is another one, is found out before it is needed. */
async function tryOut(
  host: SystemdHost,
  version: string,
  options: HostCallOptions,
): Promise<void> {
  const output = await host.ask([HARE_PROGRAM, "--version"], options);
  if (output.code !== 0) throw new HostCommandError(host.name, `${HARE_PROGRAM} --version`, output);
  if (output.stdout.trim() === version) return;
  throw new HareError(`${host.name}: ${HARE_PROGRAM} says that it is ${output.stdout.trim()}`);
}

async function runningUnits(
  host: SystemdHost,
  options: HostCallOptions,
): Promise<readonly string[]> {
  const states = await Promise.all(
    Object.keys(UNITS).map(async (unit) => ({
      unit,
      ...await host.unitStatus(unit, options),
    })),
  );
  return states.filter(({ state }) => state === "active" || state === "activating")
    .map(({ unit }) => unit);
}
