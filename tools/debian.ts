/**
 * Debian packages that the tests need, installed where this machine lacks them.
 *
 * @module
 */

import { exists } from "./cache.ts";
import { outputOf } from "./exec.ts";
import { Progress } from "./say.ts";

/** Programs, each with the Debian package that brings it. */
export type Programs = Readonly<Record<string, string>>;

/** Programs of the tests outside of test hosts. Where one is missing, its tests are skipped. */
export const TEST_PROGRAMS: Programs = {
  "sshd": "openssh-server",
  "ssh": "openssh-client",
  "ss": "iproute2",
  // Login shells and sudo, for the ways to run a program on a host.
  "fish": "fish",
  "sudo": "sudo",
  "tcsh": "tcsh",
  "zsh": "zsh",
  // Makers of disks that must not be formatted.
  "cryptsetup": "cryptsetup-bin",
  "mdadm": "mdadm",
  "mkfs.btrfs": "btrfs-progs",
  "mkfs.ext4": "e2fsprogs",
  "mkfs.gfs2": "gfs2-utils",
  "mkfs.xfs": "xfsprogs",
  "pvcreate": "lvm2",
  "sgdisk": "gdisk",
};

/** Directories of programs for root, which an ordinary user's PATH may lack. */
const MORE_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Packages of the programs that are not on this machine. */
export async function missingPackages(programs: Programs): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const [program, name] of Object.entries(programs)) {
    if (!await isInstalled(program)) missing.add(name);
  }
  return [...missing];
}

/** Whether a program is on PATH, or where root's programs are. */
export async function isInstalled(program: string): Promise<boolean> {
  const path = (Deno.env.get("PATH") ?? "").split(":").filter((directory) => directory !== "");
  for (const directory of [...path, ...MORE_DIRECTORIES]) {
    if (await exists(`${directory}/${program}`)) return true;
  }
  return false;
}

/** Why packages cannot be installed here; `null` where they can. */
export async function whyNoInstall(): Promise<string | null> {
  if (Deno.build.os !== "linux" || !await isInstalled("apt-get")) return "there is no apt-get";
  return Deno.uid() === 0 ? null : "only root can install packages";
}

/**
 * Installs packages.
 *
 * @param purpose what they are for, shown while that lasts
 * @throws {HareError} when apt-get fails
 */
export async function installPackages(
  packages: readonly string[],
  purpose: string,
): Promise<void> {
  if (packages.length === 0) return;
  using _ = new Progress(`${purpose}: installing ${packages.join(", ")} on this machine`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await outputOf(["apt-get", "update", "--quiet"], { env });
  const install = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends"] as const;
  await outputOf([...install, ...packages], { env });
}
