/**
 * Decides whether to format a process's storage, from the requested policy, the KV's knowledge and
 * the content of the storage. Pure.
 *
 * @module
 */

import { type Finding, FORBIDDEN } from "./findings.ts";

/**
 * Which storage is formatted. `never`: none. `new`: blank storage of which the KV knows no data.
 * `unless-data` (`--mkfs`): all storage, but data is an error. `all` (`--mkfs --yes`): all storage,
 * whatever its content.
 */
export type MkfsPolicy = "never" | "new" | "unless-data" | "all";

/**
 * The KV's knowledge of the storage. `begun`: its formatting began and did not finish, and the
 * storage proves this; `unproven`: the same, but the storage does not prove it; `unknown`: Consul
 * is not available.
 */
export type MkfsNote = "formatted" | "begun" | "unproven" | "nothing" | "unknown";

/** The input of a decision. */
export interface Situation {
  readonly policy: MkfsPolicy;
  readonly note: MkfsNote;
  readonly findings: readonly Finding[];
}

/** The action, and the reason. */
export type Decision =
  | { readonly kind: "format" }
  | { readonly kind: "keep" }
  | { readonly kind: "refuse"; readonly reason: string; readonly hint: string }
  /**
   * Without Consul, which does not run, it is open whether a run keeps the storage or stops there.
   */
  | { readonly kind: "doubt"; readonly reason: string };

/** Whether the decision depends on the content of the storage. */
export function isInQuestion({ policy, note }: Omit<Situation, "findings">): boolean {
  return policy !== "never" && !(policy === "new" && note === "formatted");
}

/** Makes the decision. */
export function decide({ policy, note, findings }: Situation): Decision {
  if (policy === "never") return withoutFormatting(note);
  if (!isInQuestion({ policy, note })) return { kind: "keep" };
  const mayBeKept = policy === "new" && note === "unknown";
  const forbidden = findings.filter(({ kind }) => FORBIDDEN.has(kind));
  if (forbidden.length > 0) {
    const reason = `its storage cannot be formatted: ${inWords(forbidden)}`;
    if (mayBeKept) return { kind: "doubt", reason };
    return {
      kind: "refuse",
      reason,
      hint:
        "a device in use, or under two names, is never formatted: free it, or take it out of the " +
        "cluster's description",
    };
  }
  if (policy === "all") return { kind: "format" };
  if (findings.length === 0) return { kind: "format" };
  if (mayBeKept) return { kind: "doubt", reason: `there is data: ${inWords(findings)}` };
  return {
    kind: "refuse",
    reason: `its storage is not blank${whose(note)}: ${inWords(findings)}`,
    hint: "if it may be destroyed, format with `--mkfs --yes`",
  };
}

function withoutFormatting(note: MkfsNote): Decision {
  switch (note) {
    case "formatted":
    case "unknown":
      return { kind: "keep" };
    case "begun":
    case "unproven":
    case "nothing":
      return {
        kind: "refuse",
        reason: note === "nothing"
          ? "its storage was never formatted"
          : "its storage's formatting was never finished",
        hint: "bring the cluster up with `hare bootstrap`",
      };
  }
}

function whose(note: MkfsNote): string {
  switch (note) {
    case "formatted":
    case "unknown":
      return "";
    case "unproven":
      return ", and nothing there proves that this cluster has begun to format it";
    case "begun":
    case "nothing":
      return ", and this cluster knows nothing of what is there";
  }
}

function inWords(findings: readonly Finding[]): string {
  return findings.map(({ text }) => text).join("; ");
}
