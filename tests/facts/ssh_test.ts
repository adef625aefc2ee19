/**
 * Facts over the real OpenSSH, both sides of it, on loopback.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "../lib/assert.ts";
import { FactsError, gatherFacts } from "../../mod/facts/mod.ts";
import { runOverSsh } from "../../mod/host/ssh.ts";
import { type Run, runHere } from "../../mod/lib/process.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";

const SSHD = "/usr/sbin/sshd";
const ADDRESS = "127.81.0.1";
const MAIN = new URL("../../main.ts", import.meta.url).pathname;

const missing = await whatIsMissing();
const skipped = missing === null ? "" : ` (SKIPPED: ${missing})`;

/** Why these tests cannot run here. */
async function whatIsMissing(): Promise<string | null> {
  try {
    await Deno.stat(SSHD);
    // Where sshd run by root locks up its unprivileged half; its package's service makes it.
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `there is no ${SSHD}: install openssh-server`;
    throw error;
  }
}

/** A running sshd, and a `Run` whose ssh has the configuration to reach it. */
interface Server {
  readonly run: Run;
  readonly directory: string;
}

/**
 * Runs an sshd whose sessions find a `hare` on their PATH. Host `there` is it; `stranger` is it
 * without the right key, `unknown-key` without knowing its key, `closed` a port where none listens.
 */
async function withSshd(act: (server: Server) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of ["host", "user", "other"]) {
      await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${directory}/${name}`]);
    }
    await Deno.mkdir(`${directory}/bin`);
    await write("bin/hare", `#!/bin/sh\nexec '${Deno.execPath()}' run -A '${MAIN}' "$@"\n`, 0o755);
    await write("authorized_keys", await Deno.readTextFile(`${directory}/user.pub`));
    const [port, closed] = [freePort(), freePort()];
    await write(
      "known_hosts",
      `[${ADDRESS}]:${port} ${await Deno.readTextFile(`${directory}/host.pub`)}`,
    );
    await write(
      "sshd_config",
      [
        `ListenAddress ${ADDRESS}:${port}`,
        `HostKey ${directory}/host`,
        `AuthorizedKeysFile ${directory}/authorized_keys`,
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        `SetEnv PATH=${directory}/bin:/usr/bin:/bin NO_COLOR=1`,
      ].join("\n"),
    );
    await write(
      "ssh_config",
      [
        `Host closed\n  Port ${closed}`,
        `Host stranger\n  IdentityFile ${directory}/other`,
        `Host * !stranger\n  IdentityFile ${directory}/user`,
        "Host unknown-key\n  UserKnownHostsFile /dev/null",
        "Host *",
        `  HostName ${ADDRESS}`,
        `  Port ${port}`,
        "  IdentityAgent none",
        "  IdentitiesOnly yes",
        `  UserKnownHostsFile ${directory}/known_hosts`,
        "  GlobalKnownHostsFile /dev/null",
      ].join("\n"),
    );
    const sshd = new Deno.Command(SSHD, {
      args: ["-D", "-e", "-f", `${directory}/sshd_config`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await waitFor("sshd", async () => {
        (await Deno.connect({ hostname: ADDRESS, port })).close();
        return { ready: true, value: null };
      }, { limitMs: 10_000 });
      const run: Run = ([program, ...args], options) =>
        program === "ssh"
          ? runHere(["ssh", "-F", `${directory}/ssh_config`, ...args], options)
          : runHere([program, ...args], options);
      await act({ run, directory });
    } finally {
      sshd.kill("SIGTERM");
      await sshd.status;
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }

  function write(name: string, content: string, mode = 0o600): Promise<void> {
    return Deno.writeTextFile(`${directory}/${name}`, content, { mode });
  }
}

async function must(argv: readonly [string, ...string[]]): Promise<void> {
  const { code, stderr } = await runHere(argv);
  assertEquals(code, 0, stderr);
}

/** A port of {@linkcode ADDRESS} that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: ADDRESS, port: 0 });
  return listener.addr.port;
}

Deno.test({
  name: `runOverSsh() carries arguments, input and status through the real ssh${skipped}`,
  ignore: missing !== null,
  fn: () =>
    withSshd(async ({ run, directory }) => {
      const args = [
        `x; touch ${directory}/owned`,
        "it's",
        "$HOME",
        "-oProxyCommand=id",
        "",
        "a\nb",
      ];
      const there = runOverSsh("there", { run });
      const { stdout } = await there(["printf", "%s\\0", ...args]);
      assertEquals(stdout.split("\0").slice(0, -1), args);
      await assertRejects(() => Deno.stat(`${directory}/owned`), Deno.errors.NotFound);
      const counted = await there(["sh", "-c", "wc -c; exit 7"], { stdin: "seven\n\n" });
      assertEquals([counted.code, counted.stdout.trim()], [7, "7"]);
    }),
});

Deno.test({
  name: `gatherFacts() asks the hare of another host, and tells what is wrong${skipped}`,
  ignore: missing !== null,
  fn: () =>
    withSshd(async ({ run, directory }) => {
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
    }),
});
