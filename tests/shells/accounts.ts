/**
 * Accounts on a test host, each with a login shell, start-up files and rights of sudo of its own.
 *
 * @module
 */

import type { TestHost } from "../hosts/mod.ts";

/** An account. */
export interface Account {
  readonly name: string;
  /** {@default /bin/bash} */
  readonly shell?: string;
  /** Start-up files by their path in the home directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** Lines for sudo. {@default it may run everything, without a password} */
  readonly sudoers?: (name: string) => string;
}

const EVERYTHING = (name: string) => `${name} ALL=(ALL) NOPASSWD: ALL`;

/** What a start-up file does that is not silent. */
const NOISE = "echo Welcome to this host\necho 'a warning' >&2\n";

/** Start-up files that all print, of whichever shell. */
const NOISY: Account["files"] = Object.fromEntries(
  [
    ...[".bashrc", ".bash_profile", ".bash_logout", ".profile", ".zshenv", ".zshrc", ".zlogout"],
    ...[".cshrc", ".login", ".logout", ".config/fish/config.fish"],
  ].map((path) => [path, path.includes("csh") ? "echo Welcome to this host\n" : NOISE]),
);

/** Accounts as which Hare can work. */
export const GOOD_ACCOUNTS: readonly Account[] = [
  { name: "bash" },
  { name: "dash", shell: "/bin/dash" },
  { name: "zsh", shell: "/usr/bin/zsh", files: NOISY },
  { name: "fish", shell: "/usr/bin/fish", files: NOISY },
  { name: "tcsh", shell: "/usr/bin/tcsh", files: NOISY },
  { name: "noisy", files: NOISY },
  {
    name: "strange",
    files: {
      ".bashrc": "export LC_ALL=de_DE.UTF-8 POSIXLY_CORRECT=1 BASH_ENV=/dev/stdin PATH=/nowhere\n" +
        "stat() { echo no; }; export -f stat\nset -u -e\n",
    },
  },
  {
    name: "pty",
    sudoers: (name) => `Defaults:${name} use_pty, log_output, lecture=always\n${EVERYTHING(name)}`,
  },
];

/** An account that Hare cannot use, and the expected error. */
export interface BadAccount extends Account {
  readonly message: RegExp;
  readonly hint: RegExp;
}

const SHELL_HINT = /^see what `ssh \S+ true` does; without a terminal, start-up files/;
const SUDOERS_HINT =
  /^log in as root \(root@HOST\), or put the line `(\S+) ALL=\(root\) NOPASSWD: ALL` into \/etc\/sudoers.d\/hare there$/;

/** Accounts that do not come as far as to sudo. */
export const LOCKED_ACCOUNTS: readonly BadAccount[] = [
  {
    name: "locked",
    shell: "/usr/sbin/nologin",
    message:
      /login shell does not run programs: it ended with exit status 1; printed was "This account is currently not available\."$/,
    hint: SHELL_HINT,
  },
  {
    name: "exits",
    files: { ".bashrc": "echo 'use the other host'; exit 0\n" },
    message:
      /does not run programs: it ended with exit status 0; printed was "use the other host"$/,
    hint: SHELL_HINT,
  },
  {
    name: "execs",
    // As tmux does where there is no terminal.
    files: { ".bashrc": "exec sh -c 'echo open terminal failed: not a terminal >&2; exit 1'\n" },
    message:
      /does not run programs: it ended with exit status 1; printed was "open terminal failed: not a terminal"$/,
    hint: SHELL_HINT,
  },
];

/** Accounts whose sudo refuses. */
export const REFUSED_ACCOUNTS: readonly BadAccount[] = [
  {
    name: "password",
    sudoers: (name) => `${name} ALL=(ALL) ALL`,
    message:
      /root is needed there, and sudo refuses password: "(.*\\n)?sudo: a password is required"$/,
    hint: SUDOERS_HINT,
  },
  {
    name: "nobody-knows",
    sudoers: () => "",
    message: /root is needed there, and sudo refuses nobody-knows: "/,
    hint: SUDOERS_HINT,
  },
  {
    name: "denied",
    // A password that is not asked for, so that sudo says what it denies.
    sudoers: (name) => `Defaults:${name} !authenticate\n${name} ALL=(ALL) /usr/bin/id`,
    message: /refuses denied: ".*[Uu]ser denied is not allowed to execute this as root on /,
    hint: SUDOERS_HINT,
  },
  {
    name: "terminal",
    sudoers: (name) => `Defaults:${name} requiretty\n${EVERYTHING(name)}`,
    message: /refuses terminal: ".*must have a tty to run sudo"$/,
    hint: /^put the line `Defaults:terminal !requiretty` into \/etc\/sudoers.d\/hare there$/,
  },
];

// Arguments: the name and the shell. Standard input: lines for sudo.
const MAKE = `
set -eu
useradd --create-home --shell "$2" -- "$1"
cd "/home/$1"
mkdir -m 700 .ssh
cp /root/.ssh/authorized_keys .ssh/
cat >"/etc/sudoers.d/$1"
chmod 440 "/etc/sudoers.d/$1"
`;

/** Makes accounts on a host; root of the other hosts may log in to them. */
export async function makeAccounts(host: TestHost, accounts: readonly Account[]): Promise<void> {
  for (const { name, shell = "/bin/bash", files = {}, sudoers = EVERYTHING } of accounts) {
    await host.output(["sh", "-c", MAKE, "sh", name, shell], { stdin: `${sudoers(name)}\n` });
    for (const [path, text] of Object.entries(files)) {
      await host.write(`/home/${name}/${path}`, text);
    }
    await host.output(["chown", "--recursive", `${name}:`, `/home/${name}`]);
  }
}

/** The account as a host of its own: `tcsh@as-tcsh`, which all are the same machine. */
export function destinationOf({ name }: Account): string {
  return `${name}@as-${name}`;
}

/** What has ssh find that machine under those names. */
export function sshConfig(host: TestHost): string {
  return `Host as-*\n  HostName ${host.name}\n  HostKeyAlias ${host.name}\n`;
}
