import { assert, assertEquals, assertRejects, assertThrows } from "../../tests/lib/assert.ts";
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

Deno.test("runOverSsh() gives ssh its options, the host after --, and one quoted line", async () => {
  await withFakeSsh(async (run, seen) => {
    await runOverSsh("alice@ssc-vm1", { run, connectTimeoutS: 3 })(["printf", "%s", "a b"]);
    const args = seen[0] ?? [];
    assertEquals(args.slice(-3), ["--", "alice@ssc-vm1", "'printf' '%s' 'a b'"]);
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
      assertEquals([error.kind, error.message], [kind, stderr]);
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

Deno.test("runOverSsh() ends when its time limit does", async () => {
  await withFakeSsh(async (run) => {
    const act = () => runOverSsh("h", { run })(["true"], { limitMs: 50 });
    await assertRejects(act, TimeLimitError);
  }, "exec sleep 60");
});
