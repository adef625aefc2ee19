/**
 * `hare install`, `hare cfgen` and `hare bootstrap` over real ssh to accounts with all kinds of login
 * shells, start-up files and sudo.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "../lib/assert.ts";
import { bootstrap, bootstrapWell, CDF, cdfOf, outcomesOf } from "../bootstrap/cluster.ts";
import type { TestHost } from "../hosts/mod.ts";
import { longTestOnHosts, testOnHosts } from "../hosts/testing.ts";
import { changes, copyTo, install } from "../install/machine.ts";
import {
  type Account,
  type BadAccount,
  destinationOf,
  GOOD_ACCOUNTS,
  LOCKED_ACCOUNTS,
  makeAccounts,
  REFUSED_ACCOUNTS,
  sshConfig,
} from "./accounts.ts";

const BAD_ACCOUNTS = [...LOCKED_ACCOUNTS, ...REFUSED_ACCOUNTS];

/** Gets the second host's accounts ready; its own name is unknown to it, of which sudo warns. */
async function prepareAccounts(
  [one, two]: readonly [TestHost, TestHost],
  accounts: readonly Account[],
): Promise<void> {
  await copyTo(one);
  await one.write("/root/.ssh/config", sshConfig(two), "0600");
  await makeAccounts(two, accounts);
  // All log in to one sshd at once, which would turn some of so many away.
  await two.write("/etc/ssh/sshd_config.d/many.conf", "MaxStartups 100\n");
  await two.output(["systemctl", "restart", "ssh"]);
  await two.output(["sed", "--in-place", `/ ${two.name}$/d`, "/etc/hosts"]);
}

/** A CDF of the first host and of accounts, as if each were a host. */
function cdfWith(accounts: readonly Account[]): string {
  const more = accounts.map((account) =>
    `  - { name: ${destinationOf(account)}, data_iface: eth0, c0_clients: 1, m0t1fs_clients: 0 }\n`
  );
  return cdfOf(1, 0).replace("pools:", `${more.join("")}pools:`);
}

function assertSaid(
  said: readonly { readonly message: string; readonly hint: string }[],
  accounts: readonly BadAccount[],
): void {
  assertEquals(said.length, accounts.length);
  for (const [i, { message, hint }] of accounts.entries()) {
    assertMatch(said[i]?.message ?? "", message);
    assertMatch(said[i]?.hint ?? "", hint);
  }
}

const good = GOOD_ACCOUNTS.map(destinationOf);
const bad = BAD_ACCOUNTS.map(destinationOf);

testOnHosts(
  "Hare works through every login shell and sudo, or says why not",
  2,
  async (hosts, t) => {
    const [one, two] = hosts.all as [TestHost, TestHost];
    await prepareAccounts([one, two], [...GOOD_ACCOUNTS, ...BAD_ACCOUNTS]);

    await t.step("hare install --dry-run lists the same for all", async () => {
      const planned = Object.values(await changes(one, "--dry-run", "--host", ...good));
      assertEquals(planned.length, good.length);
      assertEquals(new Set(planned.map((steps) => steps.join("\n"))).size, 1);
    });

    await t.step("hare install installs through one, and the others see that", async () => {
      const [first = []] = Object.values(await changes(one, "--host", "tcsh@as-tcsh"));
      assert(first.includes("wrote /usr/bin/hare"), first.join("\n"));
      await two.output(["rm", "/usr/bin/hare"]);
      const again = await changes(one, "--host", "pty@as-pty");
      assertEquals(Object.values(again), [["wrote /usr/bin/hare"]]);
      const others = Object.values(await changes(one, "--host", one.name, ...good));
      assertEquals(others.slice(1), good.map(() => []));
    });

    await t.step(
      "hare cfgen gets the facts of all: only there it sees that they are one host",
      async () => {
        await one.write(CDF, cdfWith(GOOD_ACCOUNTS));
        const { code, stderr } = await one.run(["hare", "cfgen", "-o", "/var/tmp", CDF]);
        assertOneHost({ code, stderr });
      },
    );

    await t.step("hare bootstrap checks all, and comes as far", async () => {
      const ran = await bootstrap(one, ["--dry-run"]);
      assertEquals(outcomesOf(ran), { check: "done" }, ran.stderr);
      assertOneHost(ran);
    });

    await t.step("hare install says of each account what is wrong with it", async () => {
      const { code, outcomes } = await install(one, "--dry-run", "--host", "bash@as-bash", ...bad);
      assertEquals(code, 1);
      assertEquals(outcomes[0]?.problems, []);
      const said = outcomes.slice(1).flatMap(({ problems }) =>
        problems.map(({ message, hint = "" }) => ({ message, hint }))
      );
      assertSaid(said, BAD_ACCOUNTS);
    });

    await t.step("hare cfgen reports accounts that refuse all logins", async () => {
      await one.write(CDF, cdfWith([...GOOD_ACCOUNTS, ...LOCKED_ACCOUNTS]));
      const { code, stderr } = await one.run(["hare", "cfgen", "-o", "/var/tmp", CDF]);
      const lines = stderr.split("\n").filter((line) => / {2}\S+@as-/.test(line));
      assertEquals([code, lines.length], [1, LOCKED_ACCOUNTS.length], stderr);
      const said = lines.map((line) => /^(.*) \((see .*)\)$/.exec(line))
        .map((found) => ({ message: found?.[1] ?? "", hint: found?.[2] ?? "" }));
      assertSaid(said, LOCKED_ACCOUNTS);
    });

    await t.step("hare bootstrap says so of all", async () => {
      await one.write(CDF, cdfWith([...GOOD_ACCOUNTS, ...BAD_ACCOUNTS]));
      const ran = await bootstrap(one, ["--dry-run"]);
      assertEquals([ran.code, outcomesOf(ran)], [1, { check: "failed" }]);
      const said = ran.stderr.matchAll(/^ {2}reachable: (.*)\n {4}→ (.*)$/gm)
        .map(([, message = "", hint = ""]) => ({ message, hint }));
      assertSaid([...said], BAD_ACCOUNTS);
    });

    await t.step("/etc/nologin is shown, and does not keep root out", async () => {
      await two.write("/etc/nologin", "Maintenance until noon\n");
      await one.write(CDF, cdfWith([...GOOD_ACCOUNTS, { name: "root" }]));
      const { code, stderr } = await one.run(["hare", "cfgen", "-o", "/var/tmp", CDF]);
      assertEquals(code, 1);
      const closed = stderr.matchAll(
        /^ {2}(\S+)@as-\S+: Connection closed .*"Maintenance until noon"/gm,
      );
      assertEquals([...closed].map(([, name]) => name), GOOD_ACCOUNTS.map(({ name }) => name));
      await two.output(["rm", "/etc/nologin"]);
    });
  },
);

/** All accounts have given their facts if the only fault is that they are of one host. */
function assertOneHost({ code, stderr }: { readonly code: number; readonly stderr: string }): void {
  const same = stderr.match(/: node name "ssc-vm2" is that of hosts\[1\] already$/gm) ?? [];
  assertEquals([code, same.length], [1, GOOD_ACCOUNTS.length - 1], stderr);
}

const SLOW: readonly Account[] = [
  { name: "hangs", files: { ".bashrc": "echo One moment\nsleep 3600\n" } },
  { name: "asks", files: { ".bashrc": "read -r -p 'Which project? ' project\n" } },
];

longTestOnHosts("a cluster comes up through the oddest account there is", 2, async (hosts, t) => {
  const [one, two] = hosts.all as [TestHost, TestHost];
  await prepareAccounts([one, two], [...GOOD_ACCOUNTS, ...SLOW]);

  for (const account of ["tcsh", "fish", "strange", "pty"]) {
    await t.step(`${account}: from nothing to a healthy cluster, and down again`, async () => {
      const name = `${account}@${two.name}`;
      await changes(one, "--host", one.name, name);
      await one.write(CDF, cdfOf(1, 1).replace(two.name, name));
      await bootstrapWell(one, ["--mkfs", "--yes"]);
      await one.output(["hare", "status"]);
      await one.output(["hare", "shutdown"]);
      for (const host of hosts.all) await host.output(["rm", "-rf", "/var/lib/hare/consul"]);
    });
  }

  await t.step(
    "a login shell that does not get ready is told with what it has printed",
    async () => {
      const { outcomes } = await install(
        one,
        "--dry-run",
        "--host",
        "hangs@as-hangs",
        "asks@as-asks",
      );
      const [hangs, asks] = outcomes.map(({ problems }) => problems[0]?.message ?? "");
      assertMatch(hangs ?? "", /had not run the program until then, and had printed "One moment"$/);
      assertEquals(asks, "");
    },
  );
});
