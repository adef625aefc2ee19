/**
 * What the commands that operate on real hosts have in common: options, the world, what is shown.
 *
 * @module
 */

import { DEFAULT_PARALLEL } from "../bringup/engine.ts";
import type { OperationEvent, OperationOptions } from "../bringup/operation.ts";
import { openOperationLog } from "../bringup/operation_log.ts";
import type { OperationWorld } from "../bringup/real_cluster.ts";
import { asRoot } from "../host/as_root.ts";
import { driverOf } from "../host/driver.ts";
import { isThisHost } from "../host/local.ts";
import { SshConnections } from "../host/ssh_connections.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { messageOf, TimeLimitError } from "../lib/errors.ts";
import { timeLimit } from "../lib/time_limit.ts";
import { InvalidArgumentError, Option, parsedBy } from "./command.ts";
import type { Context } from "./context.ts";
import { showOperation } from "./operation_view.ts";

/** Options that all of them take. */
export interface OperationFlags {
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
  /** Hosts worked on at once. */
  readonly parallel?: number | undefined;
  /** Time limit of the whole, in milliseconds. */
  readonly timeout?: number | undefined;
}

/** `--dry-run`. */
export const dryRunOption = (): Option<"--dry-run", undefined, undefined, undefined> =>
  new Option("--dry-run", "change nothing: list what would be done, on which host");

/** `--json`. */
export const jsonOption = (): Option<"--json", undefined, undefined, undefined> =>
  new Option("--json", "print one event a line, as JSON");

/** `--parallel N`. */
export const parallelOption = (): Option<"--parallel <n>", undefined, number, number> =>
  new Option("--parallel <n>", "how many hosts are worked on at once")
    .default(DEFAULT_PARALLEL)
    .argParser((text): number => {
      if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
      throw new InvalidArgumentError("It is a whole number from 1 to 9999.");
    });

/** `--timeout TIME`. */
export const timeoutOption = (): Option<"--timeout <time>", undefined, undefined, number> =>
  new Option("--timeout <time>", "stop when all of it takes longer, as in 90s, 10m")
    .argParser(parsedBy(parseDuration));

/** An operation under way. */
export interface Operation extends OperationOptions {
  readonly world: OperationWorld;
}

/**
 * Runs an operation: shows its progress, and keeps a log of it, the path of which is told. A dry run
 * has no log.
 *
 * @param name for the log: `bootstrap`
 * @throws {TimeLimitError} when it takes longer than it may
 */
export async function operate(
  name: string,
  flags: OperationFlags,
  context: Context,
  work: (operation: Operation) => Promise<void>,
): Promise<void> {
  const { env, clock, run } = context;
  const dryRun = flags.dryRun === true;
  await using connections = await SshConnections.open({ env, clock, run, random: Math.random });
  const hostname = Deno.hostname();
  const world: OperationWorld = {
    hostname,
    consul: context.consul(),
    clock,
    driverOf: (destination) => driverOf(destination, { hostname, run, connections }),
    runOn: (destination) =>
      asRoot(isThisHost(destination, hostname) ? run : connections.to(destination).run),
  };
  const limitMs = flags.timeout ?? Infinity;
  const reason = () => new TimeLimitError(`${name} took longer than ${formatDuration(limitMs)}`);
  using limit = timeLimit(limitMs, { clock, reason });
  const signal = AbortSignal.any([context.signal, limit.signal]);
  using log = dryRun ? null : await openOperationLog(name, clock);
  try {
    await using view = showOperation({ dryRun, json: flags.json === true }, context);
    const report = (event: OperationEvent) => {
      log?.write(event);
      view.report(event);
    };
    await work({ world, report, dryRun, parallel: flags.parallel, signal });
    log?.write({ event: "end", outcome: "done" });
  } catch (error) {
    log?.write({ event: "end", outcome: "failed", error: messageOf(error) });
    throw error;
  } finally {
    if (log !== null) {
      const gap = log.failure === null ? "" : ` (incomplete: ${log.failure})`;
      await context.stderr({ lines: [`log: ${log.path}${gap}`] });
    }
  }
}
