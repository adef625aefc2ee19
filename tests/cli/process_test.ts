/**
 * The frame of the command line in a real process: streams, pipes, signals.
 */

import { assertEquals, assertMatch } from "../lib/assert.ts";
import { runHere } from "../../mod/lib/process.ts";

const FIXTURE = new URL("fixture.ts", import.meta.url).pathname;
const DENO = Deno.execPath();
const RUN = ["run", "-A", "--quiet", "--no-check", FIXTURE] as const;

/** A pipeline in bash: `$0 …` is the fixture. */
async function pipeline(script: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await runHere(
    ["bash", "-c", script.replaceAll("FIXTURE", `"$0" "$@"`), DENO, ...RUN],
    { env },
  );
  return stdout;
}

Deno.test("a big result arrives whole through a pipe whose reader is slow", async () => {
  assertEquals(
    await pipeline("FIXTURE big | { sleep 0.3; wc -c; }; echo ${PIPESTATUS[0]}"),
    `${16 << 20}\n0\n`,
  );
});

Deno.test("a big result arrives whole through a pipe that another program made non-blocking", async () => {
  const setFlag = "perl -MFcntl -e 'fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK)'";
  assertEquals(
    await pipeline(`{ ${setFlag}; FIXTURE big; echo $? >&2; } 2>&1 | { sleep 0.3; wc -c; }`),
    `${(16 << 20) + "0\n".length}\n`,
  );
});

Deno.test("a reader that leaves early ends the program quietly", async () => {
  assertEquals(
    await pipeline("{ FIXTURE big | head -n 1; echo ${PIPESTATUS[0]}; } 2>&1"),
    "0123456789abcde\n0\n",
  );
});

Deno.test("an operation goes on when the reader of its events has gone", async () => {
  assertEquals(
    await pipeline("{ FIXTURE operate | head -n 1; echo ${PIPESTATUS[0]}; } 2>&1"),
    '{"event":"host","phase":"a","host":"0","outcome":"done","seconds":0}\n3\n',
  );
});

Deno.test("a full disk is one line on standard error, and a failure", async () => {
  const expected = "hare: cannot write standard output: no space left on device\n1\n";
  assertEquals(await pipeline("FIXTURE big 2>&1 >/dev/full; echo $?"), expected);
  assertEquals(await pipeline("FIXTURE --help 2>&1 >/dev/full; echo $?"), expected);
  assertEquals(await pipeline("FIXTURE operate 2>&1 >/dev/full; echo $?"), expected);
  assertEquals(await pipeline("FIXTURE log --verbose 2>/dev/full; echo $?"), "goes on\n0\n");
});

Deno.test("a closed standard error does no harm", async () => {
  assertEquals(await pipeline("FIXTURE fail 2> >(true); echo $?"), "1\n");
});

Deno.test("standard input is read to its end", async () => {
  const { stdout } = await runHere([DENO, ...RUN, "echo"], { stdin: "größer\n".repeat(50_000) });
  assertEquals(stdout, "größer\n".repeat(50_000));
});

/** What the fixture says of a pseudo-terminal that `stty` has set up. */
async function inPty(env: Record<string, string>, stty = "true") {
  const script = `script -qec "${stty}; $0 $* terminal" /dev/null < /dev/null | tr -d "\\r"`;
  return JSON.parse(await pipeline(script, { TERM: "xterm", NO_COLOR: "", ...env }));
}

Deno.test("a terminal without a width counts as 80 columns, a very narrow one as 20", async () => {
  for (const [stty, columns] of [["cols 0", 80], ["cols 3", 20], ["cols 57", 57]] as const) {
    assertEquals((await inPty({}, `stty ${stty}`)).columns, columns);
  }
});

Deno.test("there are colours on a terminal only, and not with NO_COLOR or TERM=dumb", async () => {
  assertEquals((await inPty({})).colours, true);
  assertEquals((await inPty({ NO_COLOR: "1" })).colours, false);
  assertEquals((await inPty({ NO_COLOR: "1", CLICOLOR_FORCE: "1" })).colours, false);
  const dumb = await inPty({ TERM: "dumb" });
  assertEquals([dumb.colours, dumb.showsStatus], [false, false]);
  const forced = await pipeline("FIXTURE terminal", { NO_COLOR: "", CLICOLOR_FORCE: "1" });
  assertEquals(JSON.parse(forced).colours, true);
  assertEquals(JSON.parse(await pipeline("FIXTURE terminal", { NO_COLOR: "" })), {
    isTerminal: false,
    colours: false,
    showsStatus: false,
    columns: 80,
    statusColumns: 80,
  });
});

/** Starts a sub-command and waits until it has said that it waits. */
async function startWaiting(name: string): Promise<{
  child: Deno.ChildProcess;
  rest: () => Promise<string>;
}> {
  const child = new Deno.Command(DENO, {
    args: [...RUN, name],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "waiting\n");
  return { child, rest: async () => (await reader.read()).value ?? "" };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  const status = { SIGINT: 130, SIGTERM: 143 }[signal];
  Deno.test(`${signal} aborts what runs, which is said, and the status is ${status}`, async () => {
    const { child, rest } = await startWaiting("wait");
    child.kill(signal);
    assertEquals(await new Response(child.stderr).text(), `hare: interrupted by ${signal}\n`);
    assertEquals((await child.status).code, status);
    assertEquals(await rest(), "");
  });
}

Deno.test("a second SIGINT ends at once what does not listen", async () => {
  const { child, rest } = await startWaiting("deaf");
  child.kill("SIGINT");
  assertEquals(await rest(), "heard\n");
  child.kill("SIGINT");
  assertEquals((await child.status).signal, "SIGINT");
  await child.stderr.cancel();
  await rest();
});

Deno.test("a program that reads standard input at a terminal says so, and the first Ctrl-C ends it", async () => {
  const child = new Deno.Command("script", {
    args: ["-qec", [DENO, ...RUN, "echo"].join(" "), "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = child.stdin.getWriter();
  let shown = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    shown += text;
    if (shown === "reading some text from standard input; Ctrl-D ends it\r\n") {
      await input.write(new TextEncoder().encode("\x03"));
    }
  }
  await input.close();
  assertMatch(shown, /input; Ctrl-D ends it\r\n(\^C)?hare: interrupted by SIGINT\r\n$/);
  assertEquals((await child.status).code, 130);
});

Deno.test("a file that never begins, and one that never ends, do no harm", async () => {
  const { child } = await startWaiting("fifo");
  child.kill("SIGINT");
  assertEquals(await new Response(child.stderr).text(), "hare: interrupted by SIGINT\n");
  assertEquals((await child.status).code, 130);
  assertEquals(
    await pipeline("FIXTURE echo </dev/zero 2>&1; echo $?"),
    "hare: standard input is larger than 64 MiB\n  hint: is it the right file?\n1\n",
  );
  assertEquals(
    await pipeline("printf '\\377' | FIXTURE echo 2>&1; echo $?"),
    "hare: standard input is not text in UTF-8\n1\n",
  );
});

Deno.test("--verbose logs inner state and tells the causes of an error", async () => {
  const { code, stderr } = await runHere([DENO, ...RUN, "fail", "--verbose"]);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^\S+Z test: debug: inner state\nhare: failed \{so\}\n {2}hint: try again\n {2}cause: Error: because\n$/,
  );
});

Deno.test("--log-json makes every line on standard error an object, the last error too", async () => {
  const { stderr } = await runHere([DENO, ...RUN, "fail", "--log-json"]);
  const lines = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(
    lines.map(({ level, logger, message, properties }) => ({ level, logger, message, properties })),
    [{
      level: "FATAL",
      logger: "hare.cli",
      message: "failed {so}",
      properties: { hint: "try again", causes: ["Error: because"] },
    }],
  );
});
