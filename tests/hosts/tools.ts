/**
 * What this machine needs to make and to run test hosts, and whether it can at all.
 *
 * @module
 */

import { runHere } from "../../mod/lib/process.ts";
import {
  installPackages,
  missingPackages,
  type Programs,
  whyNoInstall,
} from "../../tools/debian.ts";
import { cgroupTrees } from "./cgroup.ts";

/** Programs that this machine needs, each with the package that brings it. */
const TOOLS: Programs = {
  "systemd-nspawn": "systemd-container",
  "mmdebstrap": "mmdebstrap",
  "ip": "iproute2",
  "bridge": "iproute2",
  "ssh": "openssh-client",
  "ssh-keygen": "openssh-client",
  "nsenter": "util-linux",
  "unshare": "util-linux",
};

/** Installs what this machine lacks to make and to run test hosts. */
export async function installTools(): Promise<void> {
  await installPackages(await missingPackages(TOOLS), "test hosts");
}

/**
 * Why there can be no test hosts on this machine; `null` where there can. Packages that are missing
 * are no reason where apt-get can bring them.
 */
export async function whyNoHosts(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "needs Linux";
  if (Deno.uid() !== 0) return "needs root";
  if ((await cgroupTrees()).length === 0) return "needs cgroup2, which is not mounted here";
  const missing = await missingPackages(TOOLS);
  const whyNot = await whyNoInstall();
  if (missing.length > 0 && whyNot !== null) return `needs ${missing.join(", ")}, and ${whyNot}`;
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
