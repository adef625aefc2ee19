/**
 * `hare consul-env`: the start-up parameters of this node's Consul agent, for its unit.
 *
 * @module
 */

import { renderConsulEnv } from "../agent/consul_env.ts";
import { splitWords } from "../agent/words.ts";
import { CONSUL_DATA_DIRECTORY, CONSUL_ENV_FILE } from "../host/places.ts";
import { SystemdHost } from "../host/systemd.ts";
import { uuidOf } from "../lib/uuid.ts";
import {
  command,
  type CommandUnknownOpts,
  examples,
  InvalidArgumentError,
  Option,
  parsedBy,
} from "./command.ts";
import type { Context } from "./context.ts";

/** Options of `hare consul-env`. */
export interface ConsulEnvOptions {
  readonly mode: "server" | "client";
  readonly bind: string;
  /** Addresses of the other servers. */
  readonly join?: readonly string[] | undefined;
  readonly extraOptions?: readonly string[] | undefined;
}

/** The sub-command. */
export function consulEnvCommand(context: Context): CommandUnknownOpts {
  return command("consul-env")
    .description("Write the start-up parameters of this node's Consul agent for its unit.")
    .addOption(
      new Option("--mode <mode>", "what the agent is").choices(["server", "client"] as const)
        .makeOptionMandatory(),
    )
    .requiredOption("--bind <ip>", "address that the other agents reach", parseAddress)
    .option("--join <ip>", "address of another server; again for each of them", collect)
    .option("--extra-options <options>", "further options of the agent, which win", words)
    .addHelpText("after", `\nThe file is ${CONSUL_ENV_FILE}; restart hare-consul-agent then.`)
    .addHelpText(
      "after",
      examples(
        ["hare consul-env --mode server --bind 10.0.0.1 --join 10.0.0.2 --join 10.0.0.3"],
        ["hare consul-env --mode client --bind 10.0.0.9 --join 10.0.0.1 --extra-options '-ui'"],
      ),
    )
    .action((options) => runConsulEnv(options, context));
}

/** Writes the file. */
export async function runConsulEnv(options: ConsulEnvOptions, context: Context): Promise<void> {
  const { run, signal } = context;
  const nodeName = Deno.hostname();
  const content = renderConsulEnv({
    mode: options.mode,
    nodeName,
    nodeId: await uuidOf(nodeName),
    bind: options.bind,
    join: options.join ?? [],
    dataDir: CONSUL_DATA_DIRECTORY,
    extra: options.extraOptions ?? [],
  });
  const host = new SystemdHost({ name: nodeName, run });
  await host.putFile({ path: CONSUL_ENV_FILE, content, mode: 0o640 }, { signal });
}

const words = parsedBy(splitWords);

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], parseAddress(text)];
}

function parseAddress(text: string): string {
  if (/^(\d{1,3}\.){3}\d{1,3}$/.test(text) || /^[0-9a-f:]*:[0-9a-f:.]*$/i.test(text)) return text;
  throw new InvalidArgumentError("It is an IP address.");
}
