/**
 * What is shown of an operation on real hosts: its progress; of a dry run the changes, under the
 * phases that would make them; of a shutdown what became of each unit.
 *
 * @module
 */

import type { OperationEvent } from "../bringup/operation.ts";
import type { Line } from "../lib/lines.ts";
import { describeDevice } from "../storage/mod.ts";
import { tableLines } from "../lib/table.ts";
import type { Context } from "./context.ts";
import { showProgress } from "./progress.ts";

/** How an operation is shown. */
export interface ViewOptions {
  readonly dryRun: boolean;
  /** One event a line on standard output. */
  readonly json: boolean;
}

/** Takes an operation's events until disposed of. */
export interface OperationView extends AsyncDisposable {
  readonly report: (event: OperationEvent) => void;
}

/** Shows an operation in the way that `context` asks for. */
export function showOperation(
  { dryRun, json }: ViewOptions,
  context: Context,
): OperationView {
  const progress = showProgress(json, context);
  const results: Line[] = [];
  const units: string[][] = [];
  let title: string | null = null;
  const report = (event: OperationEvent): void => {
    switch (event.event) {
      case "change": {
        if (json || !dryRun) return progress.show([], event);
        if (title !== null) results.push(`${title}:`);
        title = null;
        results.push(`  ${event.where}: ${event.what}`);
        return;
      }
      case "unit":
        if (!json) units.push([event.host, event.unit, event.outcome]);
        return progress.show([], event);
      case "device": {
        const { host, process, device } = event;
        const line = `${host}: ${process}: ${describeDevice(device)}`;
        if (dryRun && !json) {
          if (title !== null) results.push(`${title}:`);
          title = null;
          results.push(`  ${line}`);
          return;
        }
        return progress.show([line], event);
      }
      case "warning":
        return progress.show([event.message, ...event.details ?? []], event);
      case "phase":
        title = event.title;
    }
    // A dry run has no phase to watch: what takes time is not done.
    if (json || !dryRun) progress.report(event);
  };
  return {
    report,
    [Symbol.asyncDispose]: async () => {
      await progress[Symbol.asyncDispose]();
      if (units.length > 0) results.push(...tableLines([["HOST", "UNIT", "RESULT"], ...units]));
      if (results.length > 0) await context.stdout({ lines: results });
    },
  };
}
