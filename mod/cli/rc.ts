/**
 * `hare rc`: the recovery coordinator of this node; and what operators ask and order of it, in
 * `rc_operate.ts`.
 *
 * @module
 */

import { ALLOW_HOST, serverNames } from "./allow_host.ts";
import { parseDuration } from "../lib/duration.ts";
import { HareError } from "../lib/errors.ts";
import { type Listen, parseListen } from "../lib/listen.ts";
import { loggerOf } from "../lib/log.ts";
import { runAsService } from "../lib/service.ts";
import {
  becomeInstance,
  bookOf,
  checkSettings,
  DEFAULT_METRICS,
  DEFAULT_SETTINGS,
  RC_LOCK_FILE,
  RcMetrics,
  RULES,
  runCoordinator,
  serveMetrics,
  type Settings,
  withSiteRules,
} from "../rc/mod.ts";
import {
  command,
  type CommandUnknownOpts,
  examples,
  InvalidArgumentError,
  Option,
  parsedBy,
} from "./command.ts";
import type { Context } from "./context.ts";
import {
  logCommand,
  pauseCommand,
  resumeCommand,
  statusCommand,
  switchoverCommand,
} from "./rc_operate.ts";

/** Options of {@linkcode runRc}; times in milliseconds. */
export interface RcOptions {
  readonly checkTtl?: number | undefined;
  readonly lockDelay?: number | undefined;
  readonly rules: string;
  readonly ruleLimit: number;
  readonly metrics: Listen;
  readonly lock: string;
  /** Names, besides the address and this host's name, that the metrics accept as `Host`. */
  readonly allowHost?: readonly string[] | undefined;
}

/** The sub-command with its own sub-commands. */
export function rcCommand(context: Context): CommandUnknownOpts {
  const { hostname, port } = DEFAULT_METRICS;
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
    .addOption(
      new Option("--rules <directory>", "executables of the site, by type of event")
        .default("/etc/hare/rules"),
    )
    .addOption(
      new Option("--rule-limit <time>", "how long one of these may run")
        .default(30_000, "30s").argParser(limit),
    )
    .addOption(
      new Option("--metrics <address[:port]>", "where to answer Prometheus, at /metrics")
        .default(DEFAULT_METRICS, `${hostname}:${port}`)
        .argParser(parsedBy((text) => parseListen(text, port))),
    )
    .addOption(
      new Option("--lock <file>", "locked while it runs: one coordinator a node")
        .default(RC_LOCK_FILE),
    )
    .option(...ALLOW_HOST)
    .addCommand(statusCommand(context))
    .addCommand(logCommand(context))
    .addCommand(pauseCommand(context))
    .addCommand(resumeCommand(context))
    .addCommand(switchoverCommand(context))
    .addHelpText(
      "after",
      examples(
        ["hare rc", "runs until SIGTERM, then hands leadership over"],
        ["hare rc --check-ttl 5s --lock-delay 2s", "on machines that pause: slower to take over"],
        ["hare rc status", "who leads, and what waits"],
      ),
    )
    .action((options) => runRc(options, context));
}

/**
 * Runs the coordinator until the process is told to stop.
 *
 * @throws {UsageError} when the settings do not hold together
 * @throws {HareError} when a coordinator runs on this node already
 */
export async function runRc(options: RcOptions, context: Context): Promise<void> {
  const settings: Settings = {
    checkTtlMs: options.checkTtl ?? DEFAULT_SETTINGS.checkTtlMs,
    lockDelayMs: options.lockDelay ?? DEFAULT_SETTINGS.lockDelayMs,
  };
  checkSettings(settings);
  const log = loggerOf("rc");
  using lock = await becomeInstance(options.lock, new Date(context.clock.now()));
  const metrics = new RcMetrics();
  await using _ = serveMetrics(options.metrics, () => metrics.metrics(), {
    names: serverNames(options.allowHost),
    log,
  });
  await runAsService({ ...context, log }, (service, signal) => {
    service.waits("for Consul, and for the configuration to be imported");
    return runCoordinator({
      consul: context.consul(),
      settings,
      rules: withSiteRules(bookOf(RULES), {
        directory: options.rules,
        limitMs: options.ruleLimit,
        run: context.run,
        log,
      }),
      metrics,
      instance: lock.instance,
      clock: context.clock,
      random: Math.random,
      log,
      signal,
      onStanding: service.isReady,
    });
  });
}

function limit(text: string): number {
  const ms = duration(text);
  if (ms > 0) return ms;
  throw new InvalidArgumentError("It is more than 0.");
}

function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof HareError)) throw error;
    throw new InvalidArgumentError(`${error.message}: ${error.hint}`);
  }
}
