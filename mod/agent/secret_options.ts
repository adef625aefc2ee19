/**
 * Options of the Consul agent that hold secrets: as configuration files, which only the agent's user
 * may read. An argument list can be read by every user of the host.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";

/** Options, taken apart. */
export interface SplitOptions {
  /** Those that may stand in an argument list. */
  readonly open: readonly string[];
  /** Configuration in HCL that says the same as the others, a file each. */
  readonly files: readonly string[];
}

/** What a setting with a secret is called, in HCL and in the options of a cloud's `-retry-join`. */
const SECRET = /encrypt|token|secret|passw|credential|private_?key|license|api_?key|access_?key/i;
/** Options whose value can hold a secret, with their setting in HCL; of `-hcl` the value is HCL. */
const SETTINGS: Readonly<Record<string, string | null>> = {
  encrypt: "encrypt",
  hcl: null,
  "retry-join": "retry_join",
  "retry-join-wan": "retry_join_wan",
  join: "retry_join",
  "start-join": "retry_join",
};
/** Settings that are lists. */
const LISTS = ["retry_join", "retry_join_wan"];

/**
 * Takes the options that hold secrets out of a list of the agent's options.
 *
 * @throws {HareError} when such an option lacks its value
 *
 * @example
 * ```ts
 * import { splitSecrets } from "./secret_options.ts";
 *
 * const { open, files } = splitSecrets(["-ui", "-encrypt=abc"]);
 * if (open.join() !== "-ui" || files.join() !== 'encrypt = "abc"\n') throw new Error("wrong");
 * ```
 */
export function splitSecrets(options: readonly string[]): SplitOptions {
  const open: string[] = [];
  const files: string[] = [];
  for (const rest = [...options]; rest.length > 0;) {
    const option = rest.shift() ?? "";
    const [, name = "", assigned] = /^--?([\w-]+)(?:=(.*))?$/s.exec(option) ?? [];
    const setting = SETTINGS[name];
    if (setting === undefined) {
      open.push(option);
      continue;
    }
    const value = assigned ?? rest.shift();
    if (value === undefined) throw new HareError(`option -${name} of the agent has no value`);
    if (setting === "encrypt" || SECRET.test(value)) files.push(hclOf(setting, value));
    else open.push(`-${name}=${value}`);
  }
  return { open, files };
}

function hclOf(setting: string | null, value: string): string {
  if (setting === null) return `${value.trimEnd()}\n`;
  const text = JSON.stringify(value).replaceAll("${", "$${");
  return `${setting} = ${LISTS.includes(setting) ? `[${text}]` : text}\n`;
}
