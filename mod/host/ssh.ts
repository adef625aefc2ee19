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
  /**
   * Socket of a connection that stands, to have a session on. Where it does not stand any more, a
   * connection is made for this program alone. {@default a connection for each program}
   */
  readonly controlPath?: string | undefined;
}

const NAME = "[A-Za-z0-9._][A-Za-z0-9._-]*";
const DESTINATION = new RegExp(`^(?:${NAME}@)?${NAME}$`);

/** Exit status of ssh for a failure of its own. */
export const SSH_FAILED = 255;

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
  checkDestination(destination);
  const { run, controlPath } = options;
  const shared = controlPath === undefined
    ? []
    : ["-o", "ControlMaster=no", ...socketOption(controlPath)];
  return async (argv, { env = {}, ...runOptions } = {}) => {
    const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const words = assignments.length === 0 ? argv : ["env", ...assignments, ...argv];
    const output = await run(
      ["ssh", ...sshOptions(options), ...shared, "--", destination, quoteForSh(words)],
      runOptions,
    );
    if (output.code === SSH_FAILED) throw sshError(output.stderr);
    return output;
  };
}

/**
 * Throws unless `destination` is `[user@]hostname` and nothing else.
 *
 * @throws {HareError} when it could be an option, or more than one word
 */
export function checkDestination(destination: string): void {
  if (DESTINATION.test(destination)) return;
  throw new HareError(`${JSON.stringify(destination)} is no [user@]hostname`, {
    hint: "letters, digits, dots, hyphens and underscores; the first is no hyphen",
  });
}

/** What ssh is always told: never a prompt, never a terminal, never a wait without end. */
export function sshOptions({ connectTimeoutS = 10 }: SshOptions): readonly string[] {
  return [
    "-T",
    ...["-o", "BatchMode=yes"],
    ...["-o", `ConnectTimeout=${connectTimeoutS}`],
    // A host that dies under the connection is noticed in three times five seconds.
    ...["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"],
    // No banners: what is on standard error is the program's, or why ssh failed.
    ...["-o", "LogLevel=ERROR"],
  ];
}

/** What names a socket to ssh, which would take a per cent sign for one of its own signs. */
export function socketOption(controlPath: string): readonly string[] {
  return ["-S", controlPath.replaceAll("%", "%%")];
}

const SAID_NOTHING = `ssh failed with exit status ${SSH_FAILED} and said nothing`;
const LOOK_AT_SSHD = "check that the host is up, and look at sshd's log there";

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
    LOOK_AT_SSHD,
  ],
];

/** The error for what ssh wrote before it gave up; its last line is the one that says why. */
export function sshError(stderr: string): SshError {
  const last = stderr.trimEnd().split("\n").at(-1)?.trim() ?? "";
  // ssh is silent when a connection breaks that its master holds.
  if (last === "") return new SshError("disconnected", SAID_NOTHING, LOOK_AT_SSHD);
  const meaning = MEANINGS.find(([pattern]) => pattern.test(stderr));
  if (meaning === undefined) return new SshError("other", last, "try ssh to that host by hand");
  const [, kind, hint] = meaning;
  return new SshError(kind, last, hint);
}
