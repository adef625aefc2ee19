/**
 * The tree that all test hosts stand on: a small Debian with systemd, sshd and a journal, made
 * once from the archive that this machine's own apt uses, and kept in the user's cache. Its name
 * has a hash of this module, which is the recipe.
 *
 * @module
 */

import { HareError } from "../../mod/lib/errors.ts";
import { sha256Of } from "../../mod/lib/sha256.ts";
import { cached } from "../../tools/cache.ts";
import { outputOf } from "../../tools/exec.ts";
import { Progress } from "../../tools/say.ts";

/** What the hosts have installed besides the least that Debian can do with. */
const PACKAGES = [
  ...["systemd", "systemd-sysv", "dbus", "libpam-systemd"],
  ...["openssh-server", "openssh-client", "sudo", "iproute2", "procps"],
  // Login shells (tests/shells).
  ...["fish", "tcsh", "zsh"],
  // Lets a host be wrong about the time.
  "libfaketime",
];

/** What wakes by itself, wants the Internet, or a terminal; a test host does without. */
const MASKED = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "console-getty.service",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "getty.target",
  "systemd-networkd-wait-online.service",
];

/** What hosts are made from. */
export interface Base {
  /** Path of the tree. */
  readonly tree: string;
  /** Program of Consul. */
  readonly consul: string;
}

/** Path of the tree, which is made first where there is none: one to two minutes. */
export async function ensureTree(): Promise<string> {
  const recipe = await Deno.readFile(new URL(import.meta.url));
  const version = (await sha256Of(recipe)).slice(0, 12);
  return await cached(`test-hosts-${version}/tree`, make);
}

async function make(tree: string): Promise<void> {
  const { codename, archive } = await debianArchive();
  using _ = new Progress(`test hosts: making their base, Debian ${codename}, once: 2 minutes`);
  const excluded = ["doc", "man", "locale"].map((name) =>
    `--dpkgopt=path-exclude=/usr/share/${name}/*`
  );
  await outputOf([
    ...["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"] as const,
    ...[`--include=${PACKAGES.join()}`, "--dpkgopt=force-unsafe-io", ...excluded],
    // The archive may be a frozen one, whose lists are out of date.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    ...[codename, tree, archive],
  ]);
  await finish(tree);
}

/** The archive from which this machine's apt has its own packages. */
async function debianArchive(): Promise<{ readonly codename: string; readonly archive: string }> {
  const release = await Deno.readTextFile("/etc/os-release");
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  if (codename === undefined) {
    throw new HareError("/etc/os-release does not say which Debian this is");
  }
  const ask = () =>
    outputOf([
      ...["apt-get", "indextargets", "--format", "$(REPO_URI)"] as const,
      ...["Created-By: Packages", `Codename: ${codename}`],
    ]);
  let archives = await ask();
  if (archives === "") {
    await outputOf(["apt-get", "update", "--quiet"]); // a fresh image has no lists yet
    archives = await ask();
  }
  const [archive = ""] = archives.split("\n");
  if (archive === "") throw new HareError(`apt knows no archive of ${codename}`);
  return { codename, archive };
}

/** What all hosts have in common that no package brings. */
async function finish(tree: string): Promise<void> {
  for (const unit of MASKED) {
    await Deno.symlink("/dev/null", `${tree}/etc/systemd/system/${unit}`);
  }
  // Each host has keys and an id of its own.
  const files = [`${tree}/etc/ssh`, `${tree}/var/lib/dbus`];
  for (const directory of files) {
    for await (const { name } of Deno.readDir(directory)) {
      if (/^ssh_host_|^machine-id$/.test(name)) await Deno.remove(`${directory}/${name}`);
    }
  }
  const write = (path: string, text: string) => Deno.writeTextFile(`${tree}/${path}`, text);
  await write("etc/machine-id", "");
  await write("etc/resolv.conf", "");
  // There is no DNS: a name that is not in /etc/hosts is unknown at once.
  const nsswitch = await Deno.readTextFile(`${tree}/etc/nsswitch.conf`);
  await write("etc/nsswitch.conf", nsswitch.replace(/^hosts:.*$/m, "hosts: files"));
  await Deno.mkdir(`${tree}/var/log/journal`, { recursive: true }); // which makes it last
  await Deno.mkdir(`${tree}/root/.ssh`, { mode: 0o700, recursive: true });
  // The program is bound here when a host is switched on; a test takes it away by its link.
  await Deno.mkdir(`${tree}/opt/consul`);
  await write("opt/consul/consul", "");
  await Deno.symlink("/opt/consul/consul", `${tree}/usr/bin/consul`);
}
