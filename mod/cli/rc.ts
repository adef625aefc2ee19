/**
 * `hare rc`: the recovery coordinator of this node.
 *
 * @module
 */

import { parseDuration } from "../lib/duration.ts";
import { HareError } from "../lib/errors.ts";
import { loggerOf } from "../lib/log.ts";
import { runAsService } from "../lib/service.ts";
import {
  checkSettings,
  DEFAULT_SETTINGS,
  RULES,
  runCoordinator,
  type Settings,
} from "../rc/mod.ts";
import { command, type CommandUnknownOpts, examples, InvalidArgumentError } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of {@linkcode runRc}, in milliseconds. */
export interface RcOptions {
  readonly checkTtl?: number | undefined;
  readonly lockDelay?: number | undefined;
}

/** The sub-command. */
export function rcCommand(context: Context): CommandUnknownOpts {
  return command("rc")
    .description(
      "Run the recovery coordinator of this node: one of all leads, and acts on the events.",
    )
    .option(
      "--check-ttl <time>",
      "a process that has not reached its agent for so long counts as dead; 1s to 60s (default: 2s)",
      duration,
    )
    .option(
      "--lock-delay <time>",
      "how long nobody may lead after a leader was lost; a quarter of the TTL to 60s (default: 1s)",
      duration,
    )
    .addHelpText(
      "after",
      examples(
        ["hare rc", "runs until SIGTERM, then hands leadership over"],
        ["hare rc --check-ttl 5s --lock-delay 2s", "on machines that pause: slower to take over"],
      ),
    )
    .action((options) => runRc(options, context));
}

/**
 * Runs the coordinator until the process is told to stop.
 *
 * @throws {UsageError} when the settings do not hold together
 */
export async function runRc(options: RcOptions, context: Context): Promise<void> {
  const settings: Settings = {
    checkTtlMs: options.checkTtl ?? DEFAULT_SETTINGS.checkTtlMs,
    lockDelayMs: options.lockDelay ?? DEFAULT_SETTINGS.lockDelayMs,
  };
  checkSettings(settings);
  const log = loggerOf("rc");
  await runAsService({ ...context, log }, (service, signal) =>
    runCoordinator({
      consul: context.consul(),
      settings,
      rules: RULES,
      clock: context.clock,
      random: Math.random,
      log,
      signal,
      onStanding: service.isReady,
    }));
}

function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof HareError)) throw error;
    throw new InvalidArgumentError(`${error.message}: ${error.hint}`);
  }
}
