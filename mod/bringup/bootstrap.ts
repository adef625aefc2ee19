/**
 * `hare bootstrap`: from a CDF to a serving cluster of real hosts. Run again it resumes, by looking
 * at the world.
 *
 * @module
 */

import {
  assertSound,
  type Cdf,
  type CdfDocument,
  generate,
  parseCdf,
  type TargetName,
  TARGETS,
} from "../../cfgen/mod.ts";
import { ConsulError } from "../consul/mod.ts";
import { UnitError } from "../host/errors.ts";
import { CONSUL_UNIT } from "../host/places.ts";
import { CHECK_NAMES, factsFrom, type HostReport } from "../preflight/mod.ts";
import { accountFor } from "./account.ts";
import type { MkfsPolicy } from "../storage/mod.ts";
import { withFilesIn } from "./configuration.ts";
import { runPhases } from "./engine.ts";
import { ClusterLock, gateOf, lockThisHost, type OperationOptions } from "./operation.ts";
import { checkHosts, type CheckOptions } from "./phases/check.ts";
import { refuseAnother } from "./phases/import_kv.ts";
import { phasesOf } from "./phases/mod.ts";
import { reviewStorage, tellingOf } from "./phases/storage.ts";
import { assertOnServer, type OperationWorld, realCluster } from "./real_cluster.ts";
import { type Selection, selectPhases } from "./select.ts";

/** Names of all phases, in their order. */
export const PHASE_NAMES = [
  "check",
  "generate",
  "consul-servers",
  "import",
  "consul-clients",
  "register",
  "hax",
  "rc",
  "confd",
  "ios",
  "final",
] as const;

/** From this phase on there is a Consul, and so the lock in it. */
const FIRST_WITH_LOCK = PHASE_NAMES.indexOf("import");

/** What is to be brought up. */
export interface Plan {
  readonly target: TargetName;
  readonly document: CdfDocument;
  readonly cdf: Cdf;
  /** Text of the CDF. */
  readonly text: string;
  readonly isSelected: (phase: string) => boolean;
}

/** How it is brought up. */
export interface BootstrapOptions extends OperationOptions, CheckOptions {
  readonly mkfs: MkfsPolicy;
  /** A cluster of another configuration, which does not run, gives way to this one. */
  readonly force: boolean;
  /** When it fails or is cut short, what this run did is taken back. */
  readonly rollback: boolean;
  /** Directory of files that `hare cfgen` made before. {@default they are made now} */
  readonly confDir?: string | undefined;
  /** The file whose lock keeps other operations of this host away. */
  readonly lockPath?: string | undefined;
}

/**
 * What is to be brought up, checked as far as that needs no other host.
 *
 * @param cdf the CDF, and its file's name for messages
 * @param hostname this machine's name, as the system gives it
 * @throws {CdfError} when the CDF has problems
 * @throws {UsageError} when the selection names a phase that there is not
 * @throws {HareError} when this host is no server of the cluster
 */
export function planBootstrap(
  cdf: { readonly text: string; readonly name: string },
  target: TargetName,
  selection: Selection,
  hostname: string,
): Plan {
  const isSelected = selectPhases(PHASE_NAMES, selection);
  const document = parseCdf(cdf.text, { name: cdf.name, target: TARGETS[target] });
  const sound = assertSound(document);
  const hosts = sound.hosts.map(({ name, m0_servers }) => ({
    name,
    isServer: m0_servers?.some(({ runs_confd }) => runs_confd === true) ?? false,
  }));
  assertOnServer(hosts, hostname);
  return { target, document, cdf: sound, text: cdf.text, isSelected };
}

/**
 * Brings the cluster up.
 *
 * @throws {HareError} when another operation is under way, a phase fails, or it is cut short
 */
export async function bootstrap(
  plan: Plan,
  options: BootstrapOptions,
  world: OperationWorld,
): Promise<void> {
  const { dryRun, report } = options;
  using _lock = dryRun ? null : await lockThisHost(options.lockPath);
  await using lock = new ClusterLock("hare bootstrap", world);
  const signal = AbortSignal.any([options.signal, lock.lost]);
  const gate = gateOf(options);
  const engine = { ...options, signal, clock: world.clock, hintFor };
  const of = PHASE_NAMES.length;
  // Its keeper may be stopped then; left to itself it would refuse the next operation for a while.
  const beforeRollback = () => lock[Symbol.asyncDispose]();
  await accountFor(gate, { ...options, signal, beforeRollback }, async () => {
    if (!dryRun) await lock.takeIfAny(signal);
    const reports: HostReport[] = [];
    // Not selected, the hosts are asked all the same, and not judged: cfgen needs their facts.
    const checks = plan.isSelected("check")
      ? options
      : { ...options, ignored: new Set(CHECK_NAMES), resetFailed: false };
    const check = checkHosts(plan.cdf, TARGETS[plan.target], reports, checks, gate, world);
    await runPhases([check], { ...engine, place: { first: 1, of } });
    const facts = factsFrom(reports);
    const made = generate(plan.document, facts);
    for (const [message = "", ...details] of made.warnings) {
      report({ event: "warning", message, details });
    }
    const generated = options.confDir === undefined
      ? made
      : await withFilesIn(options.confDir, made);
    const saved = { cdf: plan.text, target: plan.target, facts };
    const { mkfs, force } = options;
    const cluster = await realCluster({ generated, saved, mkfs, force, gate }, world);
    if (plan.isSelected("generate")) await refuseAnother(cluster, { signal });
    const roles = (["confd", "ios"] as const).filter(plan.isSelected);
    if (plan.isSelected("check") && roles.length > 0) {
      const review = reviewStorage(cluster, { roles, report: tellingOf(options) });
      await runPhases([review], { ...engine, place: { first: 1, of } });
    }
    for (const [i, phase] of phasesOf(cluster).entries()) {
      if (!plan.isSelected(phase.name)) continue;
      if (!dryRun && i + 1 >= FIRST_WITH_LOCK) await lock.take(signal);
      await runPhases([phase], { ...engine, place: { first: i + 2, of } });
    }
  });
}

/** A unit that has failed stays so, and is not passed over: somebody shall have looked. */
function hintFor(error: unknown): string | undefined {
  if (error instanceof ConsulError && error.kind === "unreachable") {
    return `\`systemctl status ${CONSUL_UNIT}\` on this host tells more; the same command goes on from ` +
      "here, and starts Consul where it does not run";
  }
  if (!(error instanceof UnitError)) return undefined;
  return `mend the cause, of which \`journalctl -u ${error.unit}\` there tells more; then the same ` +
    "command with --reset-failed goes on from here";
}
