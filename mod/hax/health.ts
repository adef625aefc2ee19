/**
 * Health as Consul's checks understand it: 200 passing, 429 warning, 503 critical, and a text that
 * says why.
 *
 * @module
 */

import type { ProcessRecord } from "../kv/process_state.ts";
import type { Presence } from "./presence.ts";
import { isUp } from "./transition.ts";

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

/**
 * Health of a Mero process. Critical is only an m0d that was up since this machine booted and is no
 * more: before its first start, and around m0mkfs, nothing that served is lost. Nor is it critical
 * once another is there in its place, though that cannot say so before it has the entrypoint: where
 * every confd has died there is none before one of them is better than critical.
 *
 * @param record `null` where the process never reported
 * @param presence whether the process with the recorded pid is there
 * @param successor pid of one that is there and asks to be let in as this process; `null` for none
 *
 * @example
 * ```ts
 * import { healthOfProcess } from "./health.ts";
 *
 * const m0d = { state: "STARTED", type: "M0D", pid: 7, generation: 1 } as const;
 * if (healthOfProcess(m0d, "there").level !== "passing") throw new Error("it runs");
 * if (healthOfProcess(m0d, "gone").level !== "critical") throw new Error("it is gone");
 * if (healthOfProcess(null, "gone").level !== "warning") throw new Error("it never was");
 * if (healthOfProcess(m0d, "gone", 8).level !== "warning") throw new Error("another starts");
 * ```
 */
export function healthOfProcess(
  record: ProcessRecord | null,
  presence: Presence,
  successor: number | null = null,
): Health {
  if (record === null) return { level: "warning", why: "not started yet" };
  if (presence === "before this boot") {
    return { level: "warning", why: "not started since this machine booted" };
  }
  if (presence === "gone" && successor !== null && successor !== record.pid) {
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
  readonly link: string;
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
