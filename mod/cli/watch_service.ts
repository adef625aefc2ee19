/**
 * `hare watch-service`: prints which of Mero's services go online and offline.
 *
 * @module
 */

import { noticesOf } from "../hax/watch_service.ts";
import { loggerOf } from "../lib/log.ts";
import { Argument, command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";

const log = loggerOf("watch-service");

/** The sub-command. */
export function watchServiceCommand(context: Context): CommandUnknownOpts {
  return command("watch-service")
    .description(
      "Print a line of JSON for each change of a Mero service: at first all, then what changed.",
    )
    .addArgument(new Argument("<name>", "which service").choices(["confd", "ios"] as const))
    .addHelpText(
      "after",
      examples(
        ["hare watch-service ios", `[{"fid": "0x7200000000000001:0xc", "status": "online"}]`],
        [`hare watch-service confd | jq -r '.[] | .fid + " " + .status'`],
      ),
    )
    .action((name) => runWatchService(name, context));
}

/** Prints until the context's signal is aborted. */
export async function runWatchService(name: "confd" | "ios", context: Context): Promise<void> {
  const states = context.consul().health.watchService(name, {
    signal: context.signal,
    onError: (error, attempt) => {
      if (attempt === 1) {
        log.warn("Consul is away, which is waited out: {why}", { why: error.message });
      }
    },
    onRecovered: () => log.info("Consul is back"),
  });
  for await (const notices of noticesOf(states)) {
    await context.stdout({ jsonLine: notices });
  }
}
