/**
 * A Consul to run: whichever is there, else one built from source by Go. Prints its path.
 *
 * @module
 */

import { HareError } from "../mod/lib/errors.ts";
import { cached, cacheDir, exists } from "./cache.ts";
import { follow, outputOf, ROOT } from "./exec.ts";
import { print, Progress, runTool, say } from "./say.ts";

/** Version that is built where there is none. */
const VERSION = "1.20.6";
const PACKAGE = "github.com/hashicorp/consul";
const IN_CACHE = `consul-${VERSION}/consul`;

/**
 * Path of a Consul that is there: `CONSUL_BIN`, else on `PATH`, else built earlier; `undefined`
 * when there is none.
 *
 * @throws {HareError} when `CONSUL_BIN` names nothing
 */
export async function findConsul(): Promise<string | undefined> {
  const named = Deno.env.get("CONSUL_BIN");
  if (named) {
    if (await exists(named)) return named;
    throw new HareError(`CONSUL_BIN names ${named}, and there is no such file`);
  }
  const onPath = (Deno.env.get("PATH") ?? "").split(":").map((dir) => `${dir || "."}/consul`);
  for (const path of [...onPath, `${cacheDir()}/${IN_CACHE}`]) {
    if (await exists(path)) return path;
  }
  return undefined;
}

/** Path of a Consul that works; builds it when there is none, which takes minutes. */
export async function ensureConsul(): Promise<string> {
  const path = await findConsul() ?? await cached(IN_CACHE, build);
  const [version = ""] = (await outputOf([path, "version"])).split("\n");
  say(`consul: ${version}, ${path}`);
  return path;
}

async function build(path: string): Promise<void> {
  const options = {
    cwd: `${ROOT}tools/consul`,
    // Another module's workspace or flags, set for the user's own work, must not take part.
    env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off" },
  };
  await checkGo();
  using progress = new Progress(
    `consul: none found; building ${VERSION} with Go, once, 4 to 5 minutes on 2 cores`,
  );
  let modules = 0;
  const packages = await follow(["go", "list", "-deps", PACKAGE], (line) => {
    if (line.startsWith("go: downloading")) progress.update(`${modules += 1} modules downloaded`);
  }, options);
  const total = packages.trim().split("\n").length;
  let compiled = 0;
  await follow(
    ["go", "build", "-v", "-trimpath", "-ldflags", "-s -w", "-o", path, PACKAGE],
    () => progress.update(`${compiled += 1} of ${total} packages compiled`),
    options,
  );
}

async function checkGo(): Promise<void> {
  try {
    await outputOf(["go", "version"]);
  } catch (error) {
    throw new HareError("there is no Consul, and no Go to build one with", {
      hint: `put a consul on PATH, or name one in CONSUL_BIN, or install Go (golang)`,
      cause: error,
    });
  }
}

if (import.meta.main) await runTool(async () => print(await ensureConsul()));
