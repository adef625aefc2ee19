import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../../tests/lib/assert.ts";
import { HareError, TimeLimitError } from "../lib/errors.ts";
import { type Run, runHere } from "../lib/process.ts";
import { runOverSsh, SshError, type SshFailure } from "./ssh.ts";

/**
 * An `ssh` that plays both sides, and a `Run` that finds it: like the real one it ends its options
 * at `--`, takes the next word as the host, and hands the rest, joined, to a shell.
 */
async function withFakeSsh(
  act: (run: Run, seen: (readonly string[])[], directory: string) => Promise<void>,
  script = `
    while [ "$1" != "--" ]; do shift; done
    shift 2
    exec sh -c "$*"`,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const seen: (readonly string[])[] = [];
  try {
    await Deno.writeTextFile(`${directory}/ssh`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await act(
      ([program, ...args], options) => {
        assertEquals(program, "ssh");
        seen.push(args);
        return runHere([`${directory}/ssh`, ...args], options);
      },
      seen,
      directory,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("runOverSsh() gives ssh its options, and the host after --", async () => {
  await withFakeSsh(async (run, seen) => {
    await runOverSsh("alice@ssc-vm1", { run, connectTimeoutS: 3 })(["printf", "%s", "a b"]);
    const args = seen[0] ?? [];
    assertEquals(args.slice(-3, -1), ["--", "alice@ssc-vm1"]);
    assert(args.includes("BatchMode=yes"));
    assert(args.includes("ConnectTimeout=3"));
  });
});

Deno.test("runOverSsh() brings back output and exit status", async () => {
  await withFakeSsh(async (run) => {
    const output = await runOverSsh("h", { run })(["sh", "-c", "echo out; echo err >&2; exit 7"]);
    assertEquals(output, { code: 7, stdout: "out\n", stderr: "err\n" });
  });
});

Deno.test("runOverSsh() keeps arguments data, whatever they look like", async () => {
  await withFakeSsh(async (run, _, directory) => {
    const owned = `${directory}/owned`;
    const args = [`x; touch ${owned}`, `$(touch ${owned})`, "-oProxyCommand=id", "a'b", ""];
    const { stdout } = await runOverSsh("h", { run })(["printf", "%s\\n", ...args]);
    assertEquals(stdout, args.map((arg) => `${arg}\n`).join(""));
    await assertRejects(() => Deno.stat(owned), Deno.errors.NotFound);
  });
});

Deno.test("runOverSsh() hands environment and standard input to the remote program", async () => {
  await withFakeSsh(async (run) => {
    const { stdout } = await runOverSsh("h", { run })(
      ["sh", "-c", 'printf "%s " "$GREETING"; cat'],
      { env: { GREETING: "it's" }, stdin: "me" },
    );
    assertEquals(stdout, "it's me");
  });
});

Deno.test("runOverSsh() closes standard input when there is none to hand over", async () => {
  await withFakeSsh(async (run) => {
    const { stdout } = await runOverSsh("h", { run })(["cat"]);
    assertEquals(stdout, "");
  });
});

Deno.test("runOverSsh() refuses what is no [user@]hostname", () => {
  const run: Run = () => Promise.reject(new Error("must not be reached"));
  const bad = [
    "",
    "-oProxyCommand=touch /owned",
    "x; touch /owned",
    "a b",
    "user@-host",
    "-user@host",
    "a@b@c",
    "user@",
    "@host",
    "::1",
    "[::1]",
    "host:22",
    "ssh://host",
    "hôte",
    "host\n",
    "$(id)",
  ];
  for (const destination of bad) {
    assertThrows(() => runOverSsh(destination, { run }), HareError, "is no [user@]hostname");
  }
  for (const destination of ["ssc-vm1", "10.0.0.1", "a_b.example.com", "alice.x@ssc-vm1"]) {
    runOverSsh(destination, { run });
  }
});

const FAILURES: readonly (readonly [stderr: string, SshFailure])[] = [
  ["ssh: Could not resolve hostname h: Name or service not known", "unknown-name"],
  ["alice@h: Permission denied (publickey,password).", "login-refused"],
  ["Received disconnect from h port 22:2: Too many authentication failures", "login-refused"],
  ["Host key verification failed.", "host-key"],
  ["ssh: connect to host h port 22: Connection refused", "unreachable"],
  ["ssh: connect to host h port 22: No route to host", "unreachable"],
  ["ssh: connect to host h port 22: Connection timed out", "unreachable"],
  ["kex_exchange_identification: Connection closed by remote host", "disconnected"],
  ["Timeout, server h not responding.", "disconnected"],
  ["something never seen", "other"],
];

for (const [stderr, kind] of FAILURES) {
  Deno.test(`runOverSsh() tells what it means: ${stderr}`, async () => {
    await withFakeSsh(async (run) => {
      const error = await assertRejects(() => runOverSsh("h", { run })(["true"]), SshError);
      const before = kind === "disconnected" ? '; before that: "a line before"' : "";
      assertEquals([error.kind, error.message], [kind, stderr + before]);
      assert(error.hint !== undefined);
    }, `echo 'a line before' >&2; echo '${stderr}' >&2; exit 255`);
  });
}

Deno.test("runOverSsh() says so when ssh fails without a word", async () => {
  await withFakeSsh(async (run) => {
    await assertRejects(
      () => runOverSsh("h", { run })(["true"]),
      SshError,
      "ssh failed with exit status 255 and said nothing",
    );
  }, "exit 255");
});

Deno.test("runOverSsh() ends when its time limit does, and says how far it came", async () => {
  await withFakeSsh(async (run) => {
    const act = () => runOverSsh("h", { run })(["true"], { limitMs: 300 });
    const error = await assertRejects(act, TimeLimitError);
    assertEquals(
      error.message.replace(/^\S+\//, ""),
      "ssh did not end within 0.3 s and was killed; " +
        'the login shell had not run the program until then, and had printed "Which one?"',
    );
  }, "printf 'Which one? '; exec sleep 60");
  await withFakeSsh(async (run) => {
    const act = () => runOverSsh("h", { run })(["sleep", "60"], { limitMs: 300 });
    const error = await assertRejects(act, TimeLimitError);
    assertMatch(error.message, /\/ssh did not end within 0.3 s and was killed$/);
  });
});

Deno.test("runOverSsh() tells when something else keeps the program's output open", async () => {
  await withFakeSsh(async (run) => {
    const act = () => runOverSsh("h", { run })(["echo", "done"], { limitMs: 3_000 });
    const error = await assertRejects(act, SshError, "something that the login shell has started");
    assertEquals(error.kind, "login-shell");
  }, 'for line; do :; done\nsh -c "$line"; exec sleep 60');
});

/** What an account's login shell does besides running the command line in `$line`. */
const SHELLS: readonly (readonly [name: string, script: string])[] = [
  ["prints before and after", 'echo hi; echo hi >&2; sh -c "$line"; echo bye; echo bye >&2'],
  ["ends with a status of its own", 'sh -c "$line"; exit 3'],
  ["has a place, an umask and options of its own", 'cd /tmp; umask 077; set -eu; sh -c "$line"'],
  [
    "is bash, and hands its options on",
    'export line; exec bash -c "set -eux; export SHELLOPTS; exec bash -c \\"\\$line\\""',
  ],
  [
    "sets variables that change what programs do",
    'export LC_ALL=xx_XX BASH_ENV=/dev/null/x POSIXLY_CORRECT=1 PATH=/nowhere; /bin/sh -c "$line"',
  ],
];

for (const [name, script] of SHELLS) {
  Deno.test(`runOverSsh() brings back the program's own: a login shell that ${name}`, async () => {
    await withFakeSsh(async (run) => {
      const there = runOverSsh("h", { run });
      const printing =
        'cat; echo $A; echo err >&2; [ "$LC_ALL$BASH_ENV $(umask) $PWD" = "C 0022 /" ] || exit 9; exit 255';
      const output = await there(["sh", "-c", printing], { stdin: "in\n", env: { A: "b" } });
      assertEquals(output, { code: 255, stdout: "in\nb\n", stderr: "err\n" });
    }, `for line; do :; done\n${script}`);
  });
}

/** Login shells that prevent programs from running, and the expected errors. */
const BAD_SHELLS: readonly (readonly [script: string, message: string])[] = [
  [
    "echo 'This account is currently not available.'; exit 1",
    "the login shell does not run programs: it ended with exit status 1; " +
    'printed was "This account is currently not available."',
  ],
  [
    "exit 0",
    "the login shell does not run programs: it ended with exit status 0; printed was nothing",
  ],
  [
    'read answer; exec sh -c "$line"',
    "something in the start-up files of the login shell reads the standard input of programs; " +
    "printed was nothing",
  ],
];

for (const [script, message] of BAD_SHELLS) {
  Deno.test(`runOverSsh() refuses a login shell: ${script}`, async () => {
    await withFakeSsh(async (run) => {
      const act = () => runOverSsh("h", { run })(["cat"], { stdin: "one\ntwo\n" });
      const error = await assertRejects(act, SshError);
      assertEquals([error.kind, error.message], ["login-shell", message]);
      assertMatch(error.hint ?? "", /`ssh h true`/);
    }, `for line; do :; done\n${script}`);
  });
}
