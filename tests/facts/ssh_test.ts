/**
 * Facts over the real OpenSSH, both sides of it, on loopback.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "../lib/assert.ts";
import { FactsError, gatherFacts } from "../../mod/facts/mod.ts";
import { testUnless } from "../lib/conditional.ts";
import { Sshd, whySshdIsMissing } from "../lib/sshd.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

testUnless(
  await whySshdIsMissing(),
  "gatherFacts() asks the hare of another host, and tells what is wrong",
  async () => {
    await using sshd = await Sshd.open();
    const { run, directory } = sshd;
    await Deno.writeTextFile(
      `${directory}/bin/hare`,
      `#!/bin/sh\nexec '${Deno.execPath()}' run -A '${MAIN}' "$@"\n`,
      { mode: 0o755 },
    );
    await Deno.mkdir(`${directory}/disks`);
    for (const name of ["disk 1", "disk 2"]) {
      await Deno.writeTextFile(`${directory}/disks/${name}`, "");
      await Deno.truncate(`${directory}/disks/${name}`, 1 << 20);
    }
    const globs = [`${directory}/disks/disk *`];
    const ask = { iface: "lo", globs };
    const { hosts } = await gatherFacts([{ name: "there", ...ask }], { run });
    const { facts, disks } = hosts["there"] ?? {};
    assertEquals([facts?.hostname, facts?.ipaddress_lo], [Deno.hostname(), "127.0.0.1"]);
    assertEquals(disks?.[globs[0] ?? ""]?.map(({ path, size }) => [path, size]), [
      [`${directory}/disks/disk 1`, 1 << 20],
      [`${directory}/disks/disk 2`, 1 << 20],
    ]);

    const bad = ["closed", "stranger", "unknown-key"].map((name) => ({ name, ...ask }));
    const poor = { name: "there", iface: "nothing0", globs: ["/nowhere/*"] };
    const act = () => gatherFacts([...bad, poor], { run });
    const { problems } = await assertRejects(act, FactsError, "no facts from 4 of 4 hosts");
    const expected = [
      /^closed: ssh: connect to host 127.81.0.1 port \d+: Connection refused \(/,
      /^stranger: .*Permission denied \(publickey/,
      /^unknown-key: Host key verification failed/,
      /^there: no interface nothing0 with an address; there are: lo 127.0.0.1/,
      /^there: nothing matches \/nowhere\/\*$/,
    ];
    assertEquals(problems.length, expected.length, problems.join("\n"));
    expected.forEach((pattern, i) => assert(pattern.test(problems[i] ?? ""), problems[i]));

    await Deno.remove(`${directory}/bin/hare`);
    await assertRejects(
      () => gatherFacts([{ name: "there", ...ask }], { run }),
      FactsError,
      "there: hare cannot be run there: ",
    );
  },
);
