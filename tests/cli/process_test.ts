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

Deno.test("a reader that leaves early ends the program quietly", async () => {
  assertEquals(
    await pipeline("{ FIXTURE big | head -n 1; echo ${PIPESTATUS[0]}; } 2>&1"),
    "0123456789abcde\n0\n",
  );
});

Deno.test("a closed standard error does no harm", async () => {
  assertEquals(await pipeline("FIXTURE fail 2> >(true); echo $?"), "1\n");
});

Deno.test("standard input is read to its end", async () => {
  const { stdout } = await runHere([DENO, ...RUN, "echo"], { stdin: "größer\n".repeat(50_000) });
  assertEquals(stdout, "größer\n".repeat(50_000));
});

Deno.test("there are colours on a terminal only, and not with NO_COLOR", async () => {
  const onTerminal = `script -qec '"$0" "$@" terminal' /dev/null < /dev/null | tr -d "\\r"`;
  const inPty = async (env: Record<string, string>) =>
    JSON.parse(
      await pipeline(onTerminal.replace(`'"$0" "$@" terminal'`, `"$0 $* terminal"`), env),
    );
  assertEquals((await inPty({ NO_COLOR: "" })).colours, true);
  assertEquals((await inPty({ NO_COLOR: "1" })).colours, false);
  assertEquals(JSON.parse(await pipeline("FIXTURE terminal", { NO_COLOR: "" })), {
    isTerminal: false,
    colours: false,
    showsStatus: false,
    columns: 80,
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
