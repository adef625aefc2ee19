/**
 * Who may log in where: root of every host, and the operator, as root on every host; all know all
 * hosts by name and by key.
 *
 * @module
 */

import { outputOf } from "../../tools/exec.ts";
import type { TestHost } from "./host.ts";

/**
 * Writes keys and names to the hosts' disks, before they boot.
 *
 * @param directory of the hosts; the operator's own files get there too
 * @param common the layer that all hosts have
 */
export async function introduce(
  hosts: readonly TestHost[],
  directory: string,
  common: string,
): Promise<void> {
  const home = `${common}/root/.ssh`;
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  await Deno.chmod(`${common}/root`, 0o700);
  await makeKey(`${home}/id_ed25519`);
  await Deno.copyFile(`${home}/id_ed25519.pub`, `${home}/authorized_keys`);
  const known: string[] = [];
  for (const { name, address } of hosts) {
    const etc = `${directory}/${name}/upper/etc`;
    await Deno.mkdir(`${etc}/ssh`, { recursive: true });
    const key = `${etc}/ssh/ssh_host_ed25519_key`;
    await makeKey(key);
    known.push(`${name},${address} ${await Deno.readTextFile(`${key}.pub`)}`);
    await Deno.writeTextFile(`${etc}/hostname`, `${name}\n`);
    await Deno.writeTextFile(`${etc}/machine-id`, `${crypto.randomUUID().replaceAll("-", "")}\n`);
  }
  await Deno.writeTextFile(`${home}/known_hosts`, known.join(""));
  const names = hosts.map(({ name, address }) => `${address} ${name}\n`);
  await Deno.writeTextFile(`${common}/etc/hosts`, `127.0.0.1 localhost\n${names.join("")}`);
  const addresses = hosts.map(({ name, address }) => `Host ${name}\n  HostName ${address}\n`);
  await Deno.writeTextFile(
    `${directory}/ssh_config`,
    [
      ...addresses,
      "Host *",
      "  User root",
      `  IdentityFile ${home}/id_ed25519`,
      "  IdentitiesOnly yes",
      "  IdentityAgent none",
      `  UserKnownHostsFile ${home}/known_hosts`,
      "  GlobalKnownHostsFile /dev/null\n",
    ].join("\n"),
  );
}

/** The operator's ssh. */
export function operatorsSsh(directory: string): readonly [string, ...string[]] {
  const options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=5"];
  return ["ssh", "-F", `${directory}/ssh_config`, ...options, "--"];
}

async function makeKey(path: string): Promise<void> {
  await outputOf(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path]);
}
