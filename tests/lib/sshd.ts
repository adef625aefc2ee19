/**
 * A real sshd on loopback, with keys of its own, and an ssh that knows the way to it.
 *
 * @module
 */

import { sendSignal } from "../../mod/dev/processes.ts";
import { type Run, runHere } from "../../mod/lib/process.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assertEquals } from "./assert.ts";

const SSHD = "/usr/sbin/sshd";
const ADDRESS = "127.81.0.1";

/** Why there can be no sshd on this machine; `null` where there can. */
export async function whySshdIsMissing(): Promise<string | null> {
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

/**
 * An sshd whose sessions find the programs of `bin/` first. Host `there` is it; `stranger` is it
 * without the right key, `unknown-key` without knowing its key, `closed` a port where none listens.
 */
export class Sshd implements AsyncDisposable {
  /** Its keys, its configuration, and `bin/`. */
  readonly directory: string;
  /** A `Run` whose ssh has the configuration to reach it. */
  readonly run: Run;
  readonly #port: number;
  #child: Deno.ChildProcess | null = null;

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.#port = port;
    const env = { PATH: `${directory}/client:${Deno.env.get("PATH")}` };
    this.run = (argv, options) => runHere(argv, { ...options, env: { ...options?.env, ...env } });
  }

  /** Makes keys and configuration, and starts it. */
  static async open(): Promise<Sshd> {
    const directory = await Deno.makeTempDir();
    const [port, closed] = [freePort(), freePort()];
    const sshd = new Sshd(directory, port);
    try {
      await writeConfiguration(directory, port, closed);
      await sshd.start();
      return sshd;
    } catch (error) {
      await sshd[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it, and waits until it listens. */
  async start(): Promise<void> {
    this.#child = new Deno.Command(SSHD, {
      args: ["-D", "-e", "-f", `${this.directory}/sshd_config`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await waitFor("sshd", async () => {
      (await Deno.connect({ hostname: ADDRESS, port: this.#port })).close();
      return { ready: true, value: undefined };
    }, { limitMs: 10_000 });
  }

  /** Ends it; sessions go on. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#child?.status;
    this.#child = null;
  }

  /** Breaks every connection, as a network might. */
  async breakConnections(): Promise<void> {
    for (const pid of await this.connections()) sendSignal(pid, "SIGKILL");
  }

  /** The connections that stand: ids of the processes that hold them. */
  async connections(): Promise<readonly number[]> {
    if (this.#child === null) return [];
    const { stdout } = await runHere(["ps", "-o", "pid=", "--ppid", String(this.#child.pid)]);
    return stdout.split("\n").filter((line) => line !== "").map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.breakConnections();
    await this.stop();
    await Deno.remove(this.directory, { recursive: true });
  }
}

async function writeConfiguration(directory: string, port: number, closed: number): Promise<void> {
  const write = (name: string, content: string, mode = 0o600) =>
    Deno.writeTextFile(`${directory}/${name}`, content, { mode });
  for (const name of ["host", "user", "other"]) {
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${directory}/${name}`]);
  }
  await Deno.mkdir(`${directory}/bin`);
  await Deno.mkdir(`${directory}/client`);
  await write("authorized_keys", await Deno.readTextFile(`${directory}/user.pub`));
  const hostKey = await Deno.readTextFile(`${directory}/host.pub`);
  await write("known_hosts", `[${ADDRESS}]:${port} ${hostKey}`);
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
  const { stdout } = await runHere(["sh", "-c", "command -v ssh"]);
  await write(
    "client/ssh",
    `#!/bin/sh\nexec ${stdout.trim()} -F '${directory}/ssh_config' "$@"\n`,
    0o755,
  );
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
