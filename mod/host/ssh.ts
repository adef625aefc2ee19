/**
 * Programs on another host, through the user's own OpenSSH client: their keys, agent, jump hosts
 * and `~/.ssh/config` count, and there is never a prompt.
 *
 * @module
 */

import { HareError, TimeLimitError } from "../lib/errors.ts";
import { type Output, ProgramTimeLimitError, type Run } from "../lib/process.ts";
import { excerptOf, Frame, logNoise, type Noise } from "./frame.ts";
import { loginShellLine } from "./quote.ts";

/** Why ssh did not get as far as running the program. */
export type SshFailure =
  | "unknown-name"
  | "unreachable"
  | "login-refused"
  | "host-key"
  | "disconnected"
  | "login-shell"
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
 * A {@linkcode Run} whose programs run on another host. What the login shell there is, and what its
 * start-up files print, makes no difference: see {@linkcode Frame}.
 *
 * Its {@linkcode RunOptions | options} count there too: `env` is set there, `stdin` arrives at the
 * remote program, and the time limit includes the connection. The remote program is not killed when
 * the limit runs out; its connection is closed.
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
  return async (argv, { env, stdin, ...runOptions } = {}) => {
    const frame = new Frame({ env, stdin });
    const line = loginShellLine(frame.argv(argv));
    const ssh = ["ssh", ...sshOptions(options), ...shared, "--", destination, line] as const;
    let output: Output;
    try {
      output = await run(ssh, { ...runOptions, stdin: frame.stdin });
    } catch (error) {
      if (!(error instanceof ProgramTimeLimitError)) throw error;
      throw overdue(error, frame, destination);
    }
    const framed = frame.read(output);
    switch (framed.kind) {
      case "ended":
        logNoise(`the login shell of ${destination}`, framed.noise);
        return framed.output;
      case "input taken":
        throw loginShellError(
          "something in the start-up files of the login shell reads the standard input of programs",
          framed.noise,
          destination,
        );
      case "cut off": {
        const last = framed.stderr.trimEnd().split("\n").at(-1) ?? "";
        const why = `the program was cut off, with exit status ${output.code}`;
        throw new SshError("disconnected", last === "" ? why : `${why}: ${last}`, LOOK_AT_SSHD);
      }
      case "not started":
        if (output.code === SSH_FAILED) throw sshError(output.stderr);
        throw loginShellError(
          `the login shell does not run programs: it ended with exit status ${output.code}`,
          output,
          destination,
        );
    }
  };
}

/**
 * Why a program did not end in time: mostly, but not always, because the program itself is slow.
 */
function overdue(error: ProgramTimeLimitError, frame: Frame, destination: string): Error {
  switch (frame.read(error.printed).kind) {
    case "cut off":
      return error;
    case "ended":
      return loginShellError(
        "the program has ended, but something that the login shell has started keeps its output open",
        error.printed,
        destination,
      );
    case "input taken":
    case "not started":
      return new TimeLimitError(
        `${error.message}; the login shell had not run the program until then, and had printed ` +
          excerptOf(error.printed),
        { hint: `see what \`ssh ${destination} true\` does`, cause: error },
      );
  }
}

function loginShellError(why: string, printed: Noise, destination: string): SshError {
  return new SshError(
    "login-shell",
    `${why}; printed was ${excerptOf(printed)}`,
    `see what \`ssh ${destination} true\` does; without a terminal, start-up files of the shell ` +
      "must not ask, exit, or start other programs in its place",
  );
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
    // With banners: a host that refuses all logins explains why there. Program output is in a
    // frame.
    ...["-o", "LogLevel=INFO"],
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
    /Cannot execute command-line and remote command/i,
    "other",
    "your ssh configuration has a RemoteCommand for this host: put it under another name of the host",
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
  const lines = stderr.trimEnd().split("\n");
  const last = lines.pop()?.trim() ?? "";
  // ssh is silent when a connection breaks that its master holds.
  if (last === "") return new SshError("disconnected", SAID_NOTHING, LOOK_AT_SSHD);
  const meaning = meaningOf(last) ?? meaningOf(stderr);
  if (meaning === undefined) return new SshError("other", last, "try ssh to that host by hand");
  const [, kind, hint] = meaning;
  // A host that refuses all logins (/etc/nologin) explains why before it closes the connection.
  const before = kind === "disconnected" && lines.length > 0
    ? `; before that: ${excerptOf({ stdout: "", stderr: lines.join("\n") })}`
    : "";
  return new SshError(kind, last + before, hint);
}

function meaningOf(text: string): (typeof MEANINGS)[number] | undefined {
  return MEANINGS.find(([pattern]) => pattern.test(text));
}
