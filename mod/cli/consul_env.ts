/**
 * `hare consul-env`: the start-up parameters of this node's Consul agent, for its unit.
 *
 * @module
 */

import { renderConsulEnv } from "../agent/consul_env.ts";
import { splitSecrets } from "../agent/secret_options.ts";
import { splitWords } from "../agent/words.ts";
import { CONSUL_CONFIG_DIRECTORY, CONSUL_DATA_DIRECTORY, CONSUL_ENV_FILE } from "../host/places.ts";
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
    .option(
      "--extra-options <options>",
      "further options of the agent, which win; `-` is standard input",
      words,
    )
    .addHelpText(
      "after",
      `\nThe file is ${CONSUL_ENV_FILE}; restart hare-consul-agent then. Options that hold secrets ` +
        `\n(-encrypt, tokens) go into files of ${CONSUL_CONFIG_DIRECTORY}, and not into the agent's ` +
        `\nargument list.`,
    )
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
  const { open, files } = splitSecrets(await extraOptions(options.extraOptions, context));
  const nodeName = Deno.hostname();
  const content = renderConsulEnv({
    mode: options.mode,
    nodeName,
    nodeId: await uuidOf(nodeName),
    bind: options.bind,
    join: options.join ?? [],
    dataDir: CONSUL_DATA_DIRECTORY,
    extra: open,
  });
  const host = new SystemdHost({ name: nodeName, run });
  for (const [i, content] of files.entries()) {
    await host.putFile({ path: secretFile(i), content, mode: 0o640 }, { signal });
  }
  // Files of an earlier run.
  for (let i = files.length; await host.exists(secretFile(i), { signal }); i++) {
    await host.removeFile(secretFile(i), { signal });
  }
  await host.putFile({ path: CONSUL_ENV_FILE, content, mode: 0o640 }, { signal });
}

/** The options, or standard input if `-` is given: every user can read an argument. */
async function extraOptions(
  given: readonly string[] | undefined,
  { readStdin }: Context,
): Promise<readonly string[]> {
  if (given?.length !== 1 || given[0] !== "-") return given ?? [];
  return splitWords((await readStdin("options of the agent")).trim().replaceAll(/\s*\n\s*/g, " "));
}

/** A configuration file of the agent; later files in the directory override earlier ones. */
function secretFile(i: number): string {
  return `${CONSUL_CONFIG_DIRECTORY}/zz-extra-options-${i + 1}.hcl`;
}

const words = parsedBy(splitWords);

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], parseAddress(text)];
}

function parseAddress(text: string): string {
  if (/^(\d{1,3}\.){3}\d{1,3}$/.test(text) || /^[0-9a-f:]*:[0-9a-f:.]*$/i.test(text)) return text;
  throw new InvalidArgumentError("It is an IP address.");
}
