/**
 * Converts options of the Consul agent that contain secrets into configuration files that only the
 * agent's user may read. Every user of the host can read an argument list.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";

/** The separated options. */
export interface SplitOptions {
  /** Options that may be in an argument list. */
  readonly open: readonly string[];
  /** The options with secrets, as HCL configuration, one text per file. */
  readonly files: readonly string[];
}

/** Names of settings with secrets, in HCL and in the options of a cloud's `-retry-join`. */
const SECRET = /encrypt|token|secret|passw|credential|private_?key|license|api_?key|access_?key/i;
/** Options whose value may contain a secret, with their HCL setting; the value of `-hcl` is HCL. */
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
 * Removes the options with secrets from a list of the agent's options.
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
