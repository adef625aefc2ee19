/**
 * What the tests of `hare install` ask of test hosts.
 *
 * @module
 */

import type { HostOutcome } from "../../mod/install/on_hosts.ts";
import { assertEquals } from "../lib/assert.ts";
import { HARE } from "../lib/hare.ts";
import type { TestHost } from "../hosts/mod.ts";

/** Where the binary is that an administrator has copied to one host. */
export const COPY = "/root/hare";

/** The units. */
export const UNITS = ["hare-consul-agent", "hare-rc", "hare-hax"] as const;

/** Copies the built binary to a host. */
export async function copyTo(host: TestHost, to: string = COPY): Promise<void> {
  await host.put({ from: HARE, to, mode: "0755" });
}

/** What `hare install … --json` on a host has printed, and how it ended. */
export async function install(
  host: TestHost,
  ...args: readonly string[]
): Promise<{
  readonly code: number;
  readonly stderr: string;
  readonly outcomes: readonly HostOutcome[];
}> {
  const { code, stdout, stderr } = await host.run([COPY, "install", "--json", ...args], {
    limitMs: 120_000,
  });
  return { code, stderr, outcomes: stdout === "" ? [] : JSON.parse(stdout).hosts };
}

/** The same, which must go well; the changes on each host. */
export async function changes(
  host: TestHost,
  ...args: readonly string[]
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { code, stderr, outcomes } = await install(host, ...args);
  assertEquals([code, stderr], [0, ""]);
  return Object.fromEntries(outcomes.map(({ host, changes }) => [host, changes]));
}

// Neither journal nor what a login leaves; users and groups, but not the copies of those files.
const SNAPSHOT = `
find /etc /usr /var /opt -xdev ! -path '/var/log/journal/*' ! -path '/etc/*-' \
  ! -path '/etc/.pwd.lock' ! -path '/var/lib/systemd/*' -printf '%p %y %m %u:%g %s\\n' |
  grep -Ev '^(/etc|/usr|/var|/var/lib|/var/log|/usr/bin|/usr/lib/sysusers.d|/etc/(passwd|group|shadow|gshadow)|/etc/systemd/system/multi-user.target.wants|/usr/lib/systemd/system|/var/log/(wtmp|lastlog|btmp)) '
getent passwd
getent group
`;

/** All files of a host with kind, mode, owner and size, its users and groups. */
export async function snapshot(host: TestHost): Promise<readonly string[]> {
  return (await host.output(["sh", "-c", SNAPSHOT])).split("\n").sort();
}
