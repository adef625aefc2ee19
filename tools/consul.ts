/**
 * A Consul to run: whichever is there, else one built from source by Go. Prints its path.
 *
 * @module
 */

import { findConsul } from "../mod/dev/consul_binary.ts";
import { HareError } from "../mod/lib/errors.ts";
import { runHere } from "../mod/lib/process.ts";
import { dirname } from "../mod/lib/std/path.ts";
import { cached } from "./cache.ts";
import { follow, outputOf, ROOT } from "./exec.ts";
import { print, Progress, runTool, say } from "./say.ts";

/** Version that is built where there is none. */
const VERSION = "1.20.6";
const PACKAGE = "github.com/hashicorp/consul";

/** Path of a Consul that works; builds one when there is none, which takes minutes. */
export async function ensureConsul(): Promise<string> {
  const path = await findOrBuild();
  const [version = ""] = (await outputOf([path, "version"])).split("\n");
  say(`consul: ${version}, ${path}`);
  return path;
}

async function findOrBuild(): Promise<string> {
  try {
    return await findConsul((name) => Deno.env.get(name), runHere);
  } catch (error) {
    if (!(error instanceof HareError) || Deno.env.has("CONSUL_BIN")) throw error;
    return await cached(`consul-${VERSION}/consul`, build);
  }
}

async function build(path: string): Promise<void> {
  const workshop = dirname(path);
  const options = {
    cwd: `${ROOT}tools/consul`,
    env: {
      CGO_ENABLED: "0",
      // Another module's workspace or flags, set for the user's own work, must not take part.
      GOWORK: "off",
      GOFLAGS: "-mod=readonly -modcacherw",
      // Go would keep 4 GB of sources and packages in the user's home; these go with the workshop.
      GOMODCACHE: `${workshop}/modules`,
      GOCACHE: `${workshop}/packages`,
    },
  };
  await checkGo();
  using progress = new Progress(
    `consul: none found; building ${VERSION} with Go, once: 5 minutes on 2 cores, 5 GB of disk meanwhile`,
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
