/**
 * What `systemctl show` says of a unit, in Hare's words.
 *
 * @module
 */

import type { UnitStatus } from "./host.ts";

/** The properties that {@linkcode readUnitStatus} reads. */
export const STATUS_PROPERTIES = [
  "LoadState",
  "ActiveState",
  "SubState",
  "Result",
  "ExecMainCode",
  "ExecMainStatus",
  "StatusText",
  "NRestarts",
] as const;

type Properties = Readonly<Partial<Record<string, string>>>;

/**
 * The status that `systemctl show` has printed, a line `Property=value` each.
 *
 * @example
 * ```ts
 * import { readUnitStatus } from "./unit_status.ts";
 *
 * const { state, why } = readUnitStatus(
 *   "LoadState=loaded\nActiveState=failed\nResult=signal\nExecMainCode=2\nExecMainStatus=9\n",
 * );
 * if (state !== "failed" || why !== "ended by signal 9") throw new Error(`${state}: ${why}`);
 * ```
 */
export function readUnitStatus(text: string): UnitStatus {
  const properties: Properties = Object.fromEntries(
    text.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
  switch (properties["ActiveState"]) {
    case "active":
    case "reloading":
    case "refreshing":
      return { state: "active", why: "" };
    case "deactivating":
      return { state: "active", why: "it is ending" };
    case "activating":
      return {
        state: "activating",
        why: whyActivating(properties),
        ...(isLooping(properties["SubState"], properties["NRestarts"]) ? { isLooping: true } : {}),
      };
    case "failed":
      return { state: "failed", why: whyEnded(properties) };
    default:
      return { state: "inactive", why: whyNotLoaded(properties["LoadState"]) };
  }
}

/** A unit may recover within this many automatic starts in a row. */
const FEW_RESTARTS = 1;

/**
 * Whether a unit that is activating ends again and again: between two starts it waits, either for
 * RestartSec= or, in Hare's own units, in a step before the start.
 */
export function isLooping(subState = "", restarts = "0"): boolean {
  const waits = subState.startsWith("auto-restart") || subState === "start-pre";
  return waits && Number(restarts) > FEW_RESTARTS;
}

function whyActivating(properties: Properties): string {
  const { SubState: sub, NRestarts: restarts } = properties;
  if (sub?.startsWith("auto-restart")) return `${whyEnded(properties)}, and is to be started again`;
  if (!isLooping(sub, restarts)) return properties["StatusText"] ?? "";
  // systemd no longer knows how the unit ended.
  return `it ended ${restarts} times, and is to be started again`;
}

function whyNotLoaded(loadState: string | undefined): string {
  switch (loadState) {
    case "not-found":
      return "there is no such unit";
    case "masked":
      return "it is masked";
    case "bad-setting":
    case "error":
      return "systemd cannot read its unit file";
    default:
      return "";
  }
}

/** What systemd's `Result` of a service means (systemd.exec(5), `$SERVICE_RESULT`). */
function whyEnded(properties: Properties): string {
  const how = howMainEnded(properties);
  switch (properties["Result"]) {
    case "success":
      return "it ended";
    case "exit-code":
    case "signal":
    case "core-dump":
      return how;
    case "timeout":
      return "it did not start or stop in its time";
    case "watchdog":
      return "it gave no sign of life for too long and was killed";
    case "oom-kill":
      return "the host ran out of memory and it was killed";
    case "protocol":
      return "it ended before it said that it was ready";
    case "start-limit-hit":
      return `it ended again and again (${how}) and is not started any more`;
    case "resources":
      return "systemd could not get what the unit asks for";
    default:
      return `systemd calls it ${properties["Result"] ?? "failed"}`;
  }
}

/** `ExecMainCode` is a `CLD_…` of sigaction(2): 1 exited, 2 killed, 3 dumped. */
function howMainEnded({ ExecMainCode: code, ExecMainStatus: status }: Properties): string {
  switch (code) {
    case "1":
      return status === "0" ? "a step of its start or stop failed" : `exit status ${status}`;
    case "2":
      return `ended by signal ${status}`;
    case "3":
      return `ended by signal ${status}, with a core dump`;
    default:
      return "a step of its start failed";
  }
}
