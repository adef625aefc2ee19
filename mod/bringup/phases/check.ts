/**
 * Phase: every host is asked what is there, and all that is wrong is told together, before anything
 * is changed.
 *
 * @module
 */

import type { Cdf, Target } from "../../../cfgen/mod.ts";
import {
  askHosts,
  type CheckName,
  type HostQuestion,
  type HostReport,
  judge,
  PreflightError,
  questionsOf,
  withoutIgnored,
} from "../../preflight/mod.ts";
import type { Phase } from "../engine.ts";
import type { Gate } from "../gate.ts";
import { GatedHost } from "../gated_host.ts";
import type { OperationWorld } from "../real_cluster.ts";

/** How the hosts are judged. */
export interface CheckOptions {
  /** Version and commit of this Hare, which all hosts must have. */
  readonly hareVersion: string;
  /** Checks that are passed over. */
  readonly ignored: ReadonlySet<CheckName>;
  /** Units that have failed are no problem: that is forgotten. */
  readonly resetFailed: boolean;
}

/** Time limit of the phase, in milliseconds. */
const LIMIT_MS = 60_000;

/**
 * Asks the hosts of a CDF and judges their answers.
 *
 * @param reports where the hosts' answers are put, in the order of the CDF
 */
export function checkHosts(
  cdf: Cdf,
  target: Target,
  reports: HostReport[],
  { hareVersion, ignored, resetFailed }: CheckOptions,
  gate: Gate,
  world: OperationWorld,
): Phase<HostQuestion> {
  const questions = questionsOf(cdf, target);
  const answers = new Map<HostQuestion, HostReport>();
  const passedOver = resetFailed ? new Set([...ignored, "failed-units" as const]) : ignored;
  return {
    name: "check",
    title: "check every host",
    limitMs: LIMIT_MS,
    settleTellsAll: true,
    hosts: questions,
    run: async (question, { signal }) => {
      const asked = { ...question, run: world.runOn(question.name) };
      const [report] = await askHosts([asked], { clock: world.clock, signal });
      if (report !== undefined) answers.set(question, report);
    },
    settle: async ({ signal }) => {
      reports.push(...questions.flatMap((question) => answers.get(question) ?? []));
      const problems = withoutIgnored(judge({ hareVersion }, reports), passedOver);
      if (problems.length > 0) throw new PreflightError(problems);
      if (!resetFailed) return;
      for (const { host, outcome } of reports) {
        const gated = new GatedHost(world.driverOf(host), gate);
        for (const unit of failedUnits(outcome)) await gated.resetUnit(unit, { signal });
      }
    },
  };
}

function failedUnits(outcome: HostReport["outcome"]): readonly string[] {
  if (outcome.kind === "failed" || !("value" in outcome.answer.units)) return [];
  return outcome.answer.units.value.failed;
}
