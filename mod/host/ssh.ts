/**
 * Programs on another host, through the user's own OpenSSH client: their keys, agent, jump hosts
 * and `~/.ssh/config` count, and there is never a prompt.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";
import { quoteForSh } from "./quote.ts";

/** Why ssh did not get as far as running the program. */
export type SshFailure =
  | "unknown-name"
  | "unreachable"
  | "login-refused"
  | "host-key"
  | "disconnected"
  | "other";

/** ssh could not run the program on the host at all. */
export class SshError extends HareError {
  override readonly name = "SshError";

  /**
   * @param kind the class of the failure
   * @param message what failed, without the host's name
   */
  constructor(readonly kind: SshFailure, message: string, hint: string) {
    super(message, { hint });
  }
}

/** Options of {@linkcode runOverSsh}. */
export interface SshOptions {
  /** How ssh itself is started: on this machine. */
  readonly run: Run;
  /** Time limit of the connection, whole seconds. {@default 10} */
  readonly connectTimeoutS?: number | undefined;
}

const NAME = "[A-Za-z0-9._][A-Za-z0-9._-]*";
const DESTINATION = new RegExp(`^(?:${NAME}@)?${NAME}$`);

/** Exit status of ssh for a failure of its own. */
const SSH_FAILED = 255;

/**
 * A {@linkcode Run} whose programs run on another host.
 *
 * Its {@linkcode RunOptions | options} count there too: `env` is set by the remote `env` program,
 * `stdin` arrives at the remote program, and the time limit includes the connection. The remote
 * program is not killed when the limit runs out; its connection is closed.
 *
 * @param destination `[user@]hostname`, as in the CDF
 * @returns a function that throws {@linkcode SshError} when ssh does not reach the program
 * @throws {HareError} when `destination` could be anything but a user and a host name
 */
export function runOverSsh(destination: string, options: SshOptions): Run {
  if (!DESTINATION.test(destination)) {
    throw new HareError(`${JSON.stringify(destination)} is no [user@]hostname`, {
      hint: "letters, digits, dots, hyphens and underscores; the first is no hyphen",
    });
  }
  const seconds = options.connectTimeoutS ?? 10;
  return async (argv, { env = {}, ...runOptions } = {}) => {
    const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const words = assignments.length === 0 ? argv : ["env", ...assignments, ...argv];
    const output = await options.run([
      "ssh",
      "-T",
      ...["-o", "BatchMode=yes"],
      ...["-o", `ConnectTimeout=${seconds}`],
      // A host that dies under the connection is noticed in three times five seconds.
      ...["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"],
      // No banners: what is on standard error is the program's, or why ssh failed.
      ...["-o", "LogLevel=ERROR"],
      "--",
      destination,
      quoteForSh(words),
    ], runOptions);
    if (output.code === SSH_FAILED) throw sshError(output.stderr);
    return output;
  };
}

/** What ssh's message means, the first pattern that fits. */
const MEANINGS: readonly (readonly [RegExp, SshFailure, hint: string])[] = [
  [
    /Could not resolve hostname/i,
    "unknown-name",
    "check the name, in the CDF and in DNS or /etc/hosts",
  ],
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i,
    "host-key",
    "log in there once with ssh and check the host's key, or put it into known_hosts",
  ],
  [
    /Permission denied|Too many authentication failures/i,
    "login-refused",
    "let `ssh -o BatchMode=yes` log in there without a password: ssh-copy-id, or ssh-agent",
  ],
  [
    /Connection refused|No route to host|Network is unreachable|timed out|Host is down/i,
    "unreachable",
    "check that the host is up and that sshd answers there",
  ],
  [
    /Connection (closed|reset)|closed by remote host|not responding|Broken pipe/i,
    "disconnected",
    "look at sshd's log on that host",
  ],
];

/** The error for what ssh wrote before it gave up; its last line is the one that says why. */
function sshError(stderr: string): SshError {
  const last = stderr.trimEnd().split("\n").at(-1)?.trim() ?? "";
  const why = last === "" ? `ssh failed with exit status ${SSH_FAILED} and said nothing` : last;
  const meaning = MEANINGS.find(([pattern]) => pattern.test(stderr));
  if (meaning === undefined) return new SshError("other", why, "try ssh to that host by hand");
  const [, kind, hint] = meaning;
  return new SshError(kind, why, hint);
}
