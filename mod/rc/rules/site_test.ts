import { assertEquals, assertMatch, assertRejects } from "../../../tests/lib/assert.ts";
import { captureLog } from "../../../tests/lib/capture_log.ts";
import { ModelConsul } from "../../../tests/rc/model.ts";
import { HareError, TimeLimitError } from "../../lib/errors.ts";
import { loggerOf } from "../../lib/log.ts";
import { runHere } from "../../lib/process.ts";
import { bookOf, type Event, type Rulebook, RULES, UnusableEvent, withSiteRules } from "./mod.ts";

function bookIn(directory: string): Rulebook {
  const log = loggerOf("rc");
  return withSiteRules(bookOf(RULES), { directory, limitMs: 2000, run: runHere, log });
}

/** Runs a test with a directory where scripts can be put, and a way to handle an event there. */
async function withDirectory(
  test: (
    put: (type: string, script: string, mode?: number) => Promise<void>,
    handle: (type: string, body?: Event["body"]) => Promise<string>,
    rule: Rulebook,
  ) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const book = bookIn(directory);
    const context = {
      consul: new ModelConsul().client("mine"),
      now: 0,
      lookAtTimeouts: () => {},
    };
    await test(
      async (type, script, mode = 0o755) => {
        await Deno.writeTextFile(`${directory}/${type}`, `#!/bin/sh\n${script}\n`);
        await Deno.chmod(`${directory}/${type}`, mode);
      },
      async (type, body) => {
        const rule = await book(type);
        if (rule === undefined) return "no rule";
        const event = { key: "eq/000000007", epoch: 7, index: 1, type, body };
        return (await rule.handle(event, context)).outcome.replace(directory, "DIR");
      },
      book,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("withSiteRules() runs the executable of the event's type with what the event is", () =>
  withDirectory(async (put, handle) => {
    await using log = await captureLog();
    assertEquals(await handle("site-event"), "no rule");
    await put(
      "site-event",
      'echo "$HARE_EVENT_TYPE $HARE_EVENT_EPOCH $HARE_EVENT_PAYLOAD"; cat; echo oops >&2',
    );
    assertEquals(await handle("site-event", { a: [1] }), "DIR/site-event has run");
    const lines = log.lines.map((line) => line.replace(/^.*\/site-event: /, ""));
    assertEquals(lines, ['site-event 7 {"a":[1]}', '{"a":[1]}', "oops"]);
  }));

Deno.test("withSiteRules() runs it besides the rule that is built in", () =>
  withDirectory(async (put, handle) => {
    await put("wake_RC", "exit 0");
    assertEquals(await handle("wake_RC"), "looks at the timeouts; DIR/wake_RC has run");
    await put("wake_RC", "exit 3");
    const error = await assertRejects(() => handle("wake_RC"), HareError, "ended with status 3");
    assertEquals(error instanceof UnusableEvent, false);
  }));

Deno.test("withSiteRules() takes status 65 for an event that is no use", () =>
  withDirectory(async (put, handle) => {
    await put("site-event", "exit 65");
    await assertRejects(() => handle("site-event"), UnusableEvent, "ended with status 65");
  }));

Deno.test("withSiteRules() kills what does not end", () =>
  withDirectory(async (put, handle) => {
    await put("site-event", "exec sleep 60");
    await assertRejects(() => handle("site-event"), TimeLimitError, "did not end within 2 s");
  }));

Deno.test("withSiteRules() gives a payload too long for a variable on standard input", () =>
  withDirectory(async (put, handle) => {
    await using log = await captureLog();
    await put("site-event", 'echo "${#HARE_EVENT_PAYLOAD} $(wc -c)"');
    await handle("site-event", "x".repeat(300_000));
    assertMatch(log.lines[0] ?? "", /site-event: 0 300002$/);
  }));

Deno.test("withSiteRules() says what to do about a file that it does not run", () =>
  withDirectory(async (put, handle) => {
    await put("site-event", "exit 0", 0o644);
    await assertRejects(() => handle("site-event"), HareError, "is not executable (chmod +x");
    await put("site-event", "exit 0", 0o757);
    await assertRejects(() => handle("site-event"), HareError, "written by others than its owner");
    await assertRejects(() => handle("site-event"), HareError, "(look what it is; then chmod go-w");
  }));

Deno.test("withSiteRules() uses the built-in rule alone where the site's cannot be run", () =>
  withDirectory(async (put, handle, rule) => {
    await put("wake_RC", "exit 1", 0o777);
    assertEquals(await handle("wake_RC"), "looks at the timeouts");
    assertMatch((await rule("wake_RC"))?.problem ?? "", /wake_RC is not run: .* by others/);
    await put("wake_RC", "exit 0");
    assertEquals((await rule("wake_RC"))?.problem, undefined);
    assertEquals(await handle("wake_RC"), "looks at the timeouts; DIR/wake_RC has run");
  }));

/** Possible files in place of the directory, and the expected messages. */
const places: readonly (readonly [
  what: string,
  problem: RegExp | undefined,
  make: (path: string) => Promise<void>,
])[] = [
  ["nothing", undefined, () => Promise.resolve()],
  ["a file", /rules is no directory/, (path) => Deno.writeTextFile(path, "")],
  ["a link to itself", /leads through too many links/, (path) => Deno.symlink(path, path)],
  ["a link to nothing", /leads to .*, which is not there/, (path) => Deno.symlink("/none", path)],
  ["a pipe", /rules is no directory/, async (path) => {
    assertEquals((await runHere(["mkfifo", path])).code, 0);
  }],
  ["a directory that anybody may write", /may be written by others/, async (path) => {
    await Deno.mkdir(path);
    await Deno.chmod(path, 0o777);
  }],
  ["a directory with the sticky bit", /may be written by others/, async (path) => {
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/wake_RC`, "");
    await Deno.chmod(path, 0o1777);
  }],
];
for (const [what, problem, make] of places) {
  Deno.test(`withSiteRules() goes on with the built-in rules where the directory is ${what}`, async () => {
    const directory = await Deno.makeTempDir();
    try {
      await make(`${directory}/rules`);
      const book = bookIn(`${directory}/rules`);
      const builtIn = await book("wake_RC");
      assertEquals(typeof builtIn?.handle, "function");
      if (problem === undefined) assertEquals(builtIn?.problem, undefined);
      else assertMatch(builtIn?.problem ?? "", problem);
      // There is no built-in rule for this type: its events fail with the reason, and are retried.
      const other = await book("wake_RC".toLowerCase());
      if (!problem || what.includes("sticky")) assertEquals(other, undefined);
      else assertMatch(other?.problem ?? "", problem);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("withSiteRules() looks for no file whose name would be too long", async () => {
  const book = bookIn("/etc/hare/rules");
  for (const length of [256, 4096, 512 * 1024]) {
    assertEquals(await book("x".repeat(length)), undefined);
    assertEquals((await book("tmo" + "x".repeat(length)))?.problem, undefined);
  }
});

Deno.test("withSiteRules() looks for no file outside of its directory", () =>
  withDirectory(async (_put, handle) => {
    for (const type of ["../../bin/true", "/bin/true", ".", "..", "a/b", ".hidden"]) {
      assertEquals(await handle(type), "no rule");
    }
  }));
