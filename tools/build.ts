/**
 * Builds `dist/hare`, the one binary: bundles the program into one file, then compiles that with
 * the permissions below. Does nothing when nothing has changed since the last build.
 *
 * @module
 */

import { sha256Of } from "../mod/lib/sha256.ts";
import { versionText } from "../mod/cli/version.ts";
import { HareError } from "../mod/lib/errors.ts";
import { readTextFileIfAny } from "../mod/lib/files.ts";
import { findDenort } from "./denort.ts";
import { DENO, outputOf, ROOT } from "./exec.ts";
import { exists } from "./cache.ts";
import { runTool, say } from "./say.ts";

/** The binary, from the top of the repository. */
export const BINARY = "dist/hare";

/** What the binary is made of. */
const INPUTS = ["main.ts", "mod", "cfgen", "deno.json", "deno.lock", "tools/build.ts"] as const;

/** Environment variables that the program and its packages read. */
const VARIABLES = [
  "CONSUL_*",
  "HTTP_PROXY,http_proxy,HTTPS_PROXY,https_proxy,NO_PROXY,no_proxy", // fetch's, on the way there
  "ALL_PROXY,all_proxy", // fetch's, taken from it
  "NO_COLOR,CLICOLOR_FORCE,TERM,FORCE_COLOR", // colours; the last one: commander
  "LOG_STREAM,LOG_TOKENS", // yaml
  "IPATH_NO_BACKTRACE,M0_TRACE_*", // Motr's library; set for it
  "PATH,HOME,XDG_CACHE_HOME,LANG,LC_*,TZ", // for the programs that it runs, and to find Consul
  "XDG_RUNTIME_DIR", // sockets of ssh's connections
  "NOTIFY_SOCKET,WATCHDOG_USEC,WATCHDOG_PID", // systemd
  "HARE_HAX_TOKEN_FILE", // where hax's token is
  "HARE_DEV", // which development cluster this process belongs to
] as const;

/** What the program may do, each with the reason; all else is refused, and nobody is asked. */
const PERMISSIONS = [
  "--allow-net", // Consul wherever it is; hax listens where it is told
  "--allow-read", // the CDF, configuration and disks at paths that only the site knows
  "--allow-write", // the same
  "--allow-run", // ssh, systemctl, consul, m0d, rules: named by the site
  "--allow-ffi", // Motr's library, at a path that only the site knows; libc, to tell systemd
  `--allow-env=${VARIABLES.join(",")}`,
  "--allow-sys=hostname,networkInterfaces,systemMemoryInfo,uid,osUptime", // facts of this host, its user
  "--no-prompt",
] as const;

/**
 * `--no-code-cache`: Deno would keep compiled code at a predictable path in the temporary
 * directory, shared by all who run the binary; 10 ms at each start are not worth that.
 */
const COMPILE_OPTIONS = ["--no-config", "--no-check", "--no-code-cache"] as const;

/** Builds the binary if need be. */
export async function build(): Promise<void> {
  Deno.chdir(ROOT);
  const commit = await commitOf(INPUTS);
  const stamp = await stampOf(commit);
  if (await exists(BINARY) && await readTextFileIfAny(`${BINARY}.stamp`) === stamp) {
    say(`build: ${BINARY} is up to date`);
    return;
  }
  await Deno.mkdir("dist", { recursive: true });
  const workshop = await Deno.makeTempDir({ dir: "dist", prefix: "building-" });
  try {
    say("build: bundling");
    const bundle = await bundleInto(workshop, commit);
    const denort = await findDenort();
    say("build: compiling");
    const env = denort === undefined ? {} : { DENORT_BIN: denort };
    const made = `${workshop}/hare`;
    await outputOf(
      [DENO, "compile", "--quiet", ...COMPILE_OPTIONS, ...PERMISSIONS, "-o", made, bundle],
      { env },
    );
    await tryOut(made, commit);
    await Deno.rename(made, BINARY);
    await Deno.writeTextFile(`${BINARY}.stamp`, stamp);
  } finally {
    await Deno.remove(workshop, { recursive: true });
  }
  const { size } = await Deno.stat(BINARY);
  say(`build: ${BINARY}, ${(size / 1e6).toFixed(1)} MB, ${versionText(commit)}`);
}

/**
 * The entrance of the binary differs from main.ts in that it knows the commit. It does not call
 * from the module's own frame: for the stack of the first error V8 would read the whole program
 * once more, which takes 20 ms.
 */
async function bundleInto(directory: string, commit: string): Promise<string> {
  const entry = `${directory}/entry.ts`;
  const bundle = `${directory}/hare.js`;
  await Deno.writeTextFile(
    entry,
    `import { main } from "../../main.ts";\n\n` +
      `queueMicrotask(() => main(${JSON.stringify(commit)}));\n`,
  );
  await outputOf([DENO, "bundle", "--quiet", "-o", bundle, entry]);
  return bundle;
}

/** A runtime of another version makes a binary that dies or does something else, silently. */
async function tryOut(binary: string, commit: string): Promise<void> {
  const said = (await outputOf([binary, "--version"], { limitMs: 20_000 })).trim();
  if (said !== versionText(commit)) {
    throw new HareError(
      `the binary was made, but \`hare --version\` prints ${JSON.stringify(said)}`,
      { hint: `its runtime must be denort ${Deno.version.deno}; look at DENORT_BIN` },
    );
  }
}

/** `abc1234`, and `+changes` when the files are not as committed; `unknown` outside of git. */
async function commitOf(paths: readonly string[]): Promise<string> {
  if (!await exists(".git")) return "unknown";
  const commit = (await outputOf(["git", "rev-parse", "--short=7", "HEAD"])).trim();
  const changes = await outputOf(["git", "status", "--porcelain", "--", ...paths]);
  return changes === "" ? commit : `${commit}+changes`;
}

/** Checksum over everything that decides what the binary is. */
async function stampOf(commit: string): Promise<string> {
  const parts = [Deno.version.deno, commit, Deno.env.get("DENORT_BIN") ?? ""];
  for (const path of INPUTS) {
    for (const file of await filesUnder(path)) parts.push(file, await Deno.readTextFile(file));
  }
  return await sha256Of(JSON.stringify(parts));
}

/** A file, or the files under a directory, sorted; tests are not part of the program. */
async function filesUnder(path: string): Promise<readonly string[]> {
  if (!(await Deno.stat(path)).isDirectory) return path.endsWith("_test.ts") ? [] : [path];
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  return (await Promise.all(names.sort().map((name) => filesUnder(`${path}/${name}`)))).flat();
}

if (import.meta.main) await runTool(build);
