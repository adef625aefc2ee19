/**
 * What may be wrong with hosts before anything is started: how it is done to them, what the check
 * of the hosts is to say, and how it is mended.
 *
 * @module
 */

import { HAX_ENV_FILE, HAX_OPTIONS } from "../../mod/host/places.ts";
import { CHECK_NAMES, type CheckName } from "../../mod/preflight/mod.ts";
import { assertEquals, assertMatch } from "../lib/assert.ts";
import type { TestHost, TestHosts } from "../hosts/mod.ts";
import { snapshot } from "../install/machine.ts";
import { bootstrap, nothingOn, outcomesOf, unitsOn, withoutLog } from "./cluster.ts";

/** Something wrong with a host. */
export interface PreflightFault {
  /** What, for people: `port taken`. */
  readonly what: string;
  /** The check that finds it. */
  readonly check: CheckName;
  readonly break: (host: TestHost) => Promise<unknown>;
  /** What is said of it, and what to do. */
  readonly message: RegExp;
  readonly remedy: RegExp;
  readonly mend: (host: TestHost) => Promise<unknown>;
}

const HARE = "/usr/bin/hare";
const UNITS = "/usr/lib/systemd/system";

/** A library that changes the time of programs. */
const FAKE_TIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/** Takes files away, to be put back by {@linkcode putBack}. */
function takeAway(...paths: readonly string[]): PreflightFault["break"] {
  return async (host) => {
    for (const path of paths) await host.output(["mv", path, `${path}.away`]);
    await host.output(["systemctl", "daemon-reload"]);
  };
}

function putBack(...paths: readonly string[]): PreflightFault["mend"] {
  return async (host) => {
    for (const path of paths) await host.output(["mv", `${path}.away`, path]);
    await host.output(["systemctl", "daemon-reload"]);
  };
}

/** The faults. */
export const PREFLIGHT_FAULTS: readonly PreflightFault[] = [
  {
    what: "host unreachable",
    check: "reachable",
    break: (host) => host.cut(),
    message: /^ssh: connect to host ssc-vm\d port 22: (Connection timed out|No route to host)$/,
    remedy: /^check that the host is up and that sshd answers there$/,
    mend: (host) => host.heal(),
  },
  {
    what: "wrong key of the operator",
    check: "reachable",
    break: (host) => host.write("/root/.ssh/authorized_keys", "", "0600"),
    message: /^root@ssc-vm\d: Permission denied \(publickey.*\)\.$/,
    remedy: /ssh-copy-id/,
    mend: (host) => host.output(["cp", "/root/.ssh/id_ed25519.pub", "/root/.ssh/authorized_keys"]),
  },
  {
    what: "wrong key of the host",
    check: "reachable",
    break: async (host) => {
      const key = "/etc/ssh/ssh_host_ed25519_key";
      await takeAway(key, `${key}.pub`)(host);
      await host.output(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
      await host.output(["systemctl", "restart", "ssh"]);
    },
    message: /^Host key verification failed\.$/,
    remedy: /check the host's key/,
    mend: async (host) => {
      const key = "/etc/ssh/ssh_host_ed25519_key";
      await putBack(key, `${key}.pub`)(host);
      await host.output(["systemctl", "restart", "ssh"]);
    },
  },
  {
    what: "no consul",
    check: "consul",
    break: takeAway("/usr/bin/consul"),
    message: /^cannot run consul: there is no such program/,
    remedy: /^install Consul 1\.9 or newer in /,
    mend: putBack("/usr/bin/consul"),
  },
  {
    what: "no hare",
    check: "hare-version",
    break: takeAway(HARE),
    message: /^hare is not installed: there is no \/usr\/bin\/hare$/,
    remedy: /^hare install --host ssc-vm\d$/,
    mend: putBack(HARE),
  },
  {
    what: "other hare version",
    check: "hare-version",
    // The same program, but for the commit that it was made of.
    break: async (host) => {
      await host.output(["cp", HARE, `${HARE}.away`]);
      const [, commit = ""] = /\(commit ([^,]*)/.exec(await host.output([HARE, "--version"])) ?? [];
      const other = "0".repeat(commit.length);
      await host.output(["sed", "--in-place", `s/${commit}/${other}/g`, HARE]);
    },
    message: /^hare \S+ \(commit 0+\) is installed, and \S+ \(commit \S+\) runs here$/,
    remedy: /^hare install --upgrade --host ssc-vm\d$/,
    mend: (host) => host.output(["mv", `${HARE}.away`, HARE]),
  },
  {
    what: "disk missing",
    check: "disks",
    break: takeAway("/var/disks"),
    message: /disk\*/,
    remedy: /lsblk/,
    mend: putBack("/var/disks"),
  },
  {
    what: "port taken",
    check: "ports",
    break: (host) =>
      host.output([
        ...["systemd-run", "--quiet", "--unit=squatter"] as const,
        ...["systemd-socket-activate", "--listen=127.0.0.1:8008", "cat"],
      ]),
    message: /^127\.0\.0\.1:8008, a port of hare-hax, cannot be listened on: .*in use/,
    remedy: /ss -ltnp 'sport = 8008'/,
    mend: (host) => host.output(["systemctl", "stop", "squatter"]),
  },
  {
    what: "clock off",
    check: "clock",
    break: async (host) => {
      await host.output(["mv", HARE, `${HARE}.right`]);
      const late = `LD_PRELOAD=${FAKE_TIME} FAKETIME=+60s DONT_FAKE_MONOTONIC=1`;
      await host.write(HARE, `#!/bin/sh\n${late} exec ${HARE}.right "$@"\n`, "0755");
    },
    message: /^its clock is ahead of this host's by [56]\d\.\d s, give or take \d+\.\d s$/,
    remedy: /chrony/,
    mend: (host) => host.output(["mv", `${HARE}.right`, HARE]),
  },
  {
    what: "library missing",
    check: "hax",
    break: (host) =>
      host.write(HAX_ENV_FILE, `${HAX_OPTIONS}=--libmotr /opt/motr/lib/libmotr.so\n`, "0640"),
    message: /^hax would not start: cannot use .*\/opt\/motr\/lib\/libmotr\.so: .*cannot open/,
    remedy: /^install Mero's library there, or name it in \/etc\/hare\/hax-env: /,
    mend: (host) => host.output(["rm", HAX_ENV_FILE]),
  },
  {
    what: "unit missing",
    check: "units",
    break: takeAway(`${UNITS}/m0d@.service`),
    message: /^unit m0d@ is not installed$/,
    remedy: /^install Mero there$/,
    mend: putBack(`${UNITS}/m0d@.service`),
  },
  {
    what: "unit of hare missing",
    check: "units",
    break: takeAway(`${UNITS}/hare-rc.service`),
    message: /^unit hare-rc is not installed$/,
    remedy: /^hare install --host ssc-vm\d$/,
    mend: putBack(`${UNITS}/hare-rc.service`),
  },
];

/** The fault of this name. */
export function preflightFault(what: string): PreflightFault {
  const found = PREFLIGHT_FAULTS.find((fault) => fault.what === what);
  if (found === undefined) throw new Error(`there is no fault "${what}"`);
  return found;
}

/**
 * Breaks hosts, of which `first` is then to refuse the bring-up: it tells all that is wrong, changes
 * nothing anywhere and leaves nothing. Mends them.
 *
 * @param wrong with each host
 */
export async function isRefused(
  { all }: TestHosts,
  first: TestHost,
  wrong: ReadonlyMap<TestHost, readonly PreflightFault[]>,
): Promise<void> {
  for (const [host, faults] of wrong) for (const fault of faults) await fault.break(host);
  const before = await filesOn(all);
  const ran = await bootstrap(first);
  assertEquals([ran.code, outcomesOf(ran)], [1, { check: "failed" }]);
  const expected = all.flatMap((host) =>
    CHECK_NAMES.flatMap((check) => {
      const found = wrong.get(host)?.filter((fault) => fault.check === check) ?? [];
      return found.map((fault) => ({ host: host.name, fault }));
    })
  );
  const [title, ...lines] = withoutLog(ran.stderr).trimEnd().split("\n");
  assertEquals(title, "hare: not every host is ready:");
  assertMatch(lines.pop() ?? "", /^ {2}hint: mend that and run the same command again; or pass/);
  const problems = problemsIn(lines);
  assertEquals(
    problems.map(({ host, check }) => `${host} ${check}`),
    expected.map(({ host, fault }) => `${host} ${fault.check}`),
  );
  for (const [i, { fault }] of expected.entries()) {
    assertMatch(problems[i]?.message ?? "", fault.message);
    assertMatch(problems[i]?.remedy ?? "", fault.remedy);
  }
  assertEquals(await unitsOn(all), nothingOn(all));
  assertEquals(await filesOn(all), before);
  assertEquals(await first.output(["ls", "/run/hare"]), "operation.lock\n");
  assertEquals(
    (await first.run(["pgrep", "-l", "ssh|hare"])).stdout.match(/^\d+ (ssh|hare)$/gm),
    null,
  );
  for (const [host, faults] of wrong) for (const fault of faults) await fault.mend(host);
}

/** All files of hosts but the log. */
async function filesOn(hosts: readonly TestHost[]): Promise<readonly (readonly string[])[]> {
  const lists = await Promise.all(hosts.map(snapshot));
  return lists.map((files) => files.filter((file) => !file.startsWith("/var/log/hare/bootstrap-")));
}

/** What the check of the hosts has told, in its order. */
function problemsIn(lines: readonly string[]) {
  const problems: { host: string; check: string; message: string; remedy: string }[] = [];
  let host = "";
  for (const line of lines) {
    const [, name, check, message, remedy] =
      /^(?:(\S+):| {2}([a-z-]+): (.*)| {4}→ (.*))$/.exec(line) ?? [];
    if (name !== undefined) host = name;
    else if (check !== undefined) {
      problems.push({ host, check, message: message ?? "", remedy: "" });
    } else if (remedy !== undefined) Object.assign(problems.at(-1) ?? {}, { remedy });
    else throw new Error(`not of a problem: ${line}`);
  }
  return problems;
}
