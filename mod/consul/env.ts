/**
 * Which agent, and how: the environment as Consul's own tools read it (spec: commands.md).
 *
 * @module
 */

import { messageOf, UsageError } from "../lib/errors.ts";
import { readSettingFileSync } from "../lib/setting_file.ts";
import { Consul, type ConsulOptions, type ConsulTls } from "./consul.ts";

/** Reads a variable of the environment; `undefined` or empty where it is not set. */
export type Env = (name: string) => string | undefined;

const DEFAULT_ADDRESS = "127.0.0.1:8500";

/**
 * The agent that the environment names.
 *
 * @throws {UsageError} when a variable cannot be used, or asks for what Deno's fetch cannot do
 *
 * @example
 * ```ts
 * import { consulFromEnv } from "./mod.ts";
 *
 * const env = new Map([["CONSUL_HTTP_ADDR", "192.168.0.1:8500"]]);
 * const consul = consulFromEnv((name) => env.get(name));
 * if (consul.address !== "http://192.168.0.1:8500") throw new Error(consul.address);
 * ```
 */
export function consulFromEnv(env: Env = (name) => Deno.env.get(name)): Consul {
  return new Consul(consulOptionsFromEnv(env));
}

/** What {@linkcode consulFromEnv} makes its client of. */
export function consulOptionsFromEnv(env: Env): ConsulOptions {
  const get = (name: string) => env(name) || undefined;
  if (get("CONSUL_TLS_SERVER_NAME") !== undefined) {
    throw new UsageError("CONSUL_TLS_SERVER_NAME is set: Hare cannot check another server name", {
      hint: "unset it, and use an address that the agent's certificate names",
    });
  }
  if (!booleanOf("CONSUL_HTTP_SSL_VERIFY", get, true)) {
    throw new UsageError("CONSUL_HTTP_SSL_VERIFY is false: Hare always checks certificates", {
      hint: "unset it, and name the authority of the agent's certificate in CONSUL_CACERT",
    });
  }
  return {
    address: addressOf(get),
    token: get("CONSUL_HTTP_TOKEN"),
    tokenFile: get("CONSUL_HTTP_TOKEN_FILE"),
    basicAuth: basicAuthOf(get),
    tls: tlsOf(get),
  };
}

function addressOf(get: Env): string {
  const given = get("CONSUL_HTTP_ADDR") ?? DEFAULT_ADDRESS;
  const [, scheme = "http", rest = ""] = /^(?:([a-z]*):\/\/)?(.*)$/is.exec(given) ?? [];
  switch (scheme.toLowerCase()) {
    case "http":
    case "https":
      break;
    case "unix":
      throw new UsageError(`CONSUL_HTTP_ADDR is ${given}: Hare cannot use unix sockets`, {
        hint: "have the agent listen on a loopback address and name that",
      });
    default:
      throw addressError(given);
  }
  const tls = scheme.toLowerCase() === "https" || booleanOf("CONSUL_HTTP_SSL", get, false);
  const url = URL.parse(`${tls ? "https" : "http"}://${rest}`);
  if (url === null || url.username + url.password + url.search + url.hash !== "") {
    throw addressError(given);
  }
  return url.origin + url.pathname.replace(/\/$/, "");
}

function addressError(given: string): UsageError {
  // What stands before an "@" may be a password.
  return new UsageError(
    `CONSUL_HTTP_ADDR is ${given.replace(/.*@/, "…@")}: no address of an agent`,
    {
      hint: "write host:port, http://host:port or https://host:port",
    },
  );
}

/** A user alone has an empty password. */
function basicAuthOf(get: Env): string | undefined {
  const auth = get("CONSUL_HTTP_AUTH");
  return auth === undefined || auth.includes(":") ? auth : `${auth}:`;
}

function tlsOf(get: Env): ConsulTls | undefined {
  const caFile = get("CONSUL_CACERT");
  const caPath = get("CONSUL_CAPATH");
  const cert = get("CONSUL_CLIENT_CERT");
  const key = get("CONSUL_CLIENT_KEY");
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY must be set together");
  }
  if (caFile === undefined && caPath === undefined && cert === undefined) return undefined;
  return {
    // As in Consul's own tools the file goes before the directory.
    caCerts: caFile !== undefined
      ? [readFile("CONSUL_CACERT", caFile)]
      : caPath !== undefined
      ? readDirectory("CONSUL_CAPATH", caPath)
      : [],
    clientCert: cert === undefined || key === undefined
      ? undefined
      : { cert: readFile("CONSUL_CLIENT_CERT", cert), key: readFile("CONSUL_CLIENT_KEY", key) },
  };
}

/** As Go's ParseBool, which Consul's own tools use. */
function booleanOf(name: string, get: Env, absent: boolean): boolean {
  const text = get(name);
  if (text === undefined) return absent;
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  throw new UsageError(`${name} is ${JSON.stringify(text)}: write true or false`);
}

function readFile(name: string, path: string): string {
  try {
    return readSettingFileSync(path);
  } catch (error) {
    throw unreadable(name, path, error);
  }
}

function readDirectory(name: string, path: string): string[] {
  try {
    return [...Deno.readDirSync(path)]
      .filter((entry) => !entry.isDirectory)
      .map((entry) => entry.name)
      .sort()
      .map((file) => readSettingFileSync(`${path}/${file}`));
  } catch (error) {
    throw unreadable(name, path, error);
  }
}

function unreadable(name: string, path: string, cause: unknown): UsageError {
  return new UsageError(`${name}: cannot read ${path}: ${messageOf(cause)}`, { cause });
}
