/**
 * What this machine needs to make and to run test hosts, and whether it can at all.
 *
 * @module
 */

import { runHere } from "../../mod/lib/process.ts";
import { exists } from "../../tools/cache.ts";
import { outputOf } from "../../tools/exec.ts";
import { Progress } from "../../tools/say.ts";
import { cgroupTrees } from "./cgroup.ts";

/** Programs that this machine needs, each with the package that brings it. */
const TOOLS = {
  "systemd-nspawn": "systemd-container",
  "mmdebstrap": "mmdebstrap",
  "ip": "iproute2",
  "bridge": "iproute2",
  "ssh": "openssh-client",
  "ssh-keygen": "openssh-client",
  "nsenter": "util-linux",
  "unshare": "util-linux",
} as const;

/** Installs what this machine lacks to make and to run test hosts. */
export async function installTools(): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  using _ = new Progress(`test hosts: installing ${missing.join(", ")} on this machine`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await outputOf(["apt-get", "update", "--quiet"], { env });
  const install = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends"] as const;
  await outputOf([...install, ...missing], { env });
}

/** Debian packages of the tools that are not on this machine. */
async function missingPackages(): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const [program, name] of Object.entries(TOOLS)) {
    if (!await isOnPath(program)) missing.add(name);
  }
  return [...missing];
}

async function isOnPath(program: string): Promise<boolean> {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    if (directory !== "" && await exists(`${directory}/${program}`)) return true;
  }
  return false;
}

/**
 * Why there can be no test hosts on this machine; `null` where there can. Packages that are missing
 * are no reason where apt-get can bring them.
 */
export async function whyNoHosts(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "needs Linux";
  if (Deno.uid() !== 0) return "needs root";
  if ((await cgroupTrees()).length === 0) return "needs cgroup2, which is not mounted here";
  const missing = await missingPackages();
  if (missing.length > 0 && !await isOnPath("apt-get")) {
    return `needs ${missing.join(", ")}, and there is no apt-get to install them`;
  }
  const { code, stderr } = await runHere([
    "unshare",
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "true",
  ]);
  return code === 0 ? null : `needs namespaces: ${stderr.trim()}`;
}
