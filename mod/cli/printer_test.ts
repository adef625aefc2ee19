import { assertEquals, assertMatch } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { linesText } from "../lib/lines.ts";
import { errorLines, type ErrorLinesOptions } from "./printer.ts";

const root = new TypeError("connection refused");
const middle = new HareError("cannot read the leader", { cause: root });
const error = new HareError("no entrypoint", { hint: "is the cluster up?", cause: middle });

function shown(error: unknown, options: ErrorLinesOptions = {}): string {
  return linesText(errorLines(error, options));
}

Deno.test("errorLines() shows message and hint", () => {
  assertEquals(shown(error), "hare: no entrypoint\n  hint: is the cluster up?\n");
});

Deno.test("errorLines() shows the chain of causes when verbose", () => {
  assertEquals(
    shown(error, { verbose: true }),
    "hare: no entrypoint\n  hint: is the cluster up?\n" +
      "  cause: HareError: cannot read the leader\n  cause: TypeError: connection refused\n",
  );
});

Deno.test("errorLines() ends where causes go in a circle", () => {
  const one = new HareError("one");
  const two = new HareError("two", { cause: one });
  one.cause = two;
  assertEquals(
    shown(one, { verbose: true }),
    "hare: one\n  cause: HareError: two\n",
  );
});

Deno.test("errorLines() calls anything else a fault and shows its stack", () => {
  const text = shown(new RangeError("index 7"));
  assertMatch(text, /^hare: unexpected error, a fault of hare itself: index 7\n/);
  assertMatch(text, /\n {2}RangeError: index 7\n {6}at .*printer_test\.ts/);
});

Deno.test("errorLines() copes with a thrown text", () => {
  assertEquals(
    shown("oops"),
    "hare: unexpected error, a fault of hare itself: oops\n",
  );
});

Deno.test("errorLines() keeps the lines of a message, and shows a line end in a value escaped", () => {
  const hostile = "x\nhare: forged\x1b[2J";
  assertEquals(
    shown(new HareError(["2 hosts failed:", `  a: ${hostile}`, "  b: y"], { hint: hostile })),
    "hare: 2 hosts failed:\n  a: x\\nhare: forged\\u001b[2J\n  b: y\n" +
      "  hint: x\\nhare: forged\\u001b[2J\n",
  );
  assertEquals(shown(new HareError(hostile)), "hare: x\\nhare: forged\\u001b[2J\n");
});

Deno.test("errorLines() shows what the system has refused, and calls it no fault of hare", async () => {
  const error = await Deno.mkdir("/proc/hare").catch((error) => error);
  assertEquals(shown(error), "hare: mkdir /proc/hare: no such file or directory\n");
  assertMatch(shown(error, { verbose: true }), /directory\n {2}NotFound: .*\n {6}at /);
});
