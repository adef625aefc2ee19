import { assertEquals, assertMatch } from "../../tests/lib/assert.ts";
import { runHere } from "./process.ts";

const LOG = new URL("log.ts", import.meta.url).href;

/** What a program that logs `value`, also as a part of the message, writes to standard error. */
async function logged(value: unknown, json: boolean): Promise<string> {
  const code = `
    import { configureLog, loggerOf } from ${JSON.stringify(LOG)};
    await configureLog({ json: ${json} });
    const value = ${JSON.stringify(value)};
    loggerOf("test").info("says {value}", { value });
    loggerOf("test").warn(typeof value === "string" ? value : "object");`;
  const { stderr } = await runHere([Deno.execPath(), "eval", "--quiet", code]);
  return stderr;
}

const HOSTILE = "a\n2026-01-01T00:00:00.000Z rc: forged\r\x1b[2J\x9b31m\u202eb";
const ESCAPED = "a\\n2026-01-01T00:00:00.000Z rc: forged\\r\\u001b[2J\\u009b31m\\u202eb";

Deno.test("a log record is one line, whatever its values hold", async () => {
  const [first = "", second = "", ...rest] = (await logged(HOSTILE, false)).split("\n");
  assertEquals(first.replace(/^\S+/, "TIME"), `TIME test: says ${ESCAPED}`);
  assertEquals(second.replace(/^\S+/, "TIME"), `TIME test: warning: ${ESCAPED}`);
  assertEquals(rest, [""]);
  assertMatch(await logged({ [HOSTILE]: [HOSTILE] }, false), /^[\x20-\x7e]+\n[\x20-\x7e]+\n$/);
});

Deno.test("a log record as JSON holds the value, and nothing that a terminal interprets", async () => {
  const text = await logged(HOSTILE, true);
  assertMatch(text, /^[\x20-\x7e]+\n[\x20-\x7e]+\n$/);
  const [record] = text.split("\n").map((line) => line === "" ? null : JSON.parse(line));
  assertEquals(record.properties.value, HOSTILE);
});
