/**
 * Health as Consul's checks understand it: 200 passing, 429 warning, 503 critical, and a text that
 * says why.
 *
 * @module
 */

import type { ProcessRecord } from "../kv/process_state.ts";
import type { LinkState } from "./link_keeper.ts";
import type { Presence } from "./presence.ts";
import { isUp } from "./transition.ts";
import type { UnitState } from "./unit_states.ts";

/** How well something is. */
export type Level = "passing" | "warning" | "critical";

/** How well something is, and why. */
export interface Health {
  readonly level: Level;
  readonly why: string;
}

/** The HTTP status that Consul's check takes for `level`. */
export function statusOf(level: Level): 200 | 429 | 503 {
  switch (level) {
    case "passing":
      return 200;
    case "warning":
      return 429;
    case "critical":
      return 503;
  }
}

/** What tells of a process besides its record and the kernel. */
export interface FurtherSigns {
  /** Pid of one that is there and asks to be let in as this process; `null` for none. */
  readonly successor?: number | null | undefined;
  /** State of its unit; `null` where it is not known. */
  readonly unit?: UnitState | null | undefined;
}

/**
 * Health of a Mero process. By what it said and what the kernel says, critical is only an m0d that
 * was up since this machine booted and is no more: before its first start, and around m0mkfs, nothing
 * that served is lost. Nor is it critical once another is there in its place, though that cannot say
 * so before it has the entrypoint: where every confd has died there is none before one of them is
 * better than critical.
 *
 * Its unit is the other sign. One that has failed is critical, whatever was said before, unless an
 * m0d is there: somebody runs it by hand. No other state of the unit makes a difference; one that is
 * not what is to be expected is told.
 *
 * @param record `null` where the process never reported
 * @param presence whether the process with the recorded pid is there
 *
 * @example
 * ```ts
 * import { healthOfProcess } from "./health.ts";
 *
 * const m0d = { state: "STARTED", type: "M0D", pid: 7, generation: 1 } as const;
 * const failed = { active: "failed", sub: "failed" };
 * if (healthOfProcess(m0d, "there").level !== "passing") throw new Error("it runs");
 * if (healthOfProcess(m0d, "gone").level !== "critical") throw new Error("it is gone");
 * if (healthOfProcess(null, "gone").level !== "warning") throw new Error("it never was");
 * if (healthOfProcess(m0d, "gone", { successor: 8 }).level !== "warning") throw new Error("another");
 * if (healthOfProcess(null, "gone", { unit: failed }).level !== "critical") throw new Error("failed");
 * ```
 */
export function healthOfProcess(
  record: ProcessRecord | null,
  presence: Presence,
  { successor = null, unit = null }: FurtherSigns = {},
): Health {
  const isReplaced = successor !== null && successor !== record?.pid;
  const health = healthByWord(record, presence, isReplaced ? successor : null);
  const hasPid = record !== null && record.pid !== null && record.type !== "M0MKFS";
  const isThere = isReplaced || (hasPid && presence === "there");
  if (unit === null || unit.active === (isThere ? "active" : "inactive")) return health;
  const hasFailed = unit.active === "failed";
  return {
    level: hasFailed && !isThere ? "critical" : health.level,
    why: `${health.why}; its unit ${hasFailed ? "has failed" : `is ${unit.active} (${unit.sub})`}`,
  };
}

/** Health by what the process said, and by what the kernel says. */
function healthByWord(
  record: ProcessRecord | null,
  presence: Presence,
  successor: number | null,
): Health {
  if (record === null) return { level: "warning", why: "not started yet" };
  if (presence === "before this boot") {
    return { level: "warning", why: "not started since this machine booted" };
  }
  if (presence === "gone" && successor !== null) {
    return { level: "warning", why: `pid ${successor} starts in place of pid ${record.pid}` };
  }
  const isMkfs = record.type === "M0MKFS";
  const name = isMkfs ? "m0mkfs" : "the process";
  const who = record.pid === null ? name : `${name} with pid ${record.pid}`;
  const lost = isMkfs ? "warning" : "critical";
  if (isUp(record) && presence === "gone") {
    return { level: lost, why: `${who} is gone without a word` };
  }
  switch (record.state) {
    case "STARTING":
      return { level: "warning", why: `${who} is starting` };
    case "STARTED":
      return { level: isMkfs ? "warning" : "passing", why: `${who} has started` };
    case "STOPPING":
      return { level: "warning", why: `${who} is stopping` };
    case "STOPPED":
      return { level: lost, why: `${who} has stopped` };
  }
}

/** What hax's own health depends on. */
export interface HaxCondition {
  /** Why hax cannot serve its node's processes yet; `null` when it can. */
  readonly waits: string | null;
  /** Why Consul cannot be asked; `null` when it can. */
  readonly consulAway: string | null;
  /** How far the HA link has come. */
  readonly link: LinkState;
  /** Process events that wait to be recorded. */
  readonly queueLength: number;
  /** Process events that may wait. */
  readonly queueCapacity: number;
}

/** Health of hax, with what it depends on: the JSON of `GET /health`. */
export interface HaxHealth extends Health, HaxCondition {}

/** Health of hax itself. Critical only when reports of processes are refused for want of room. */
export function healthOfHax(condition: HaxCondition): HaxHealth {
  const { waits, consulAway, queueLength, queueCapacity } = condition;
  if (queueLength >= queueCapacity) {
    return { level: "critical", why: "the queue of process events is full", ...condition };
  }
  if (consulAway !== null) {
    return { level: "warning", why: `Consul cannot be asked: ${consulAway}`, ...condition };
  }
  if (waits !== null) return { level: "warning", why: `hax waits: ${waits}`, ...condition };
  return { level: "passing", why: "hax serves its node", ...condition };
}
