import { assertEquals } from "../../tests/lib/assert.ts";
import type { Path } from "./path.ts";
import { problemLines, Problems } from "./problems.ts";
import { Source } from "./source.ts";

function rendered(text: string, path: Path, at: "key" | "value" = "value"): string {
  const source = new Source("cdf.yaml", text);
  const problems = new Problems(source);
  problems.add(path, "expected something else", { at });
  return problems.list("error").flatMap((problem) => problemLines(source, problem)).join("\n");
}

Deno.test("problemLines() shows the line, and marks the value below", () => {
  assertEquals(
    rendered("hosts:\n  - c0_clients: two\n", ["hosts", 0, "c0_clients"]),
    `\
cdf.yaml:2:17: hosts[0].c0_clients: expected something else
  2 | ${"  - c0_clients: two"}
    |                 ^~~`,
  );
});

Deno.test("problemLines() marks the key when that is meant", () => {
  assertEquals(
    rendered("hosts:\n  - colour: red\n", ["hosts", 0, "colour"], "key"),
    `\
cdf.yaml:2:5: hosts[0].colour: expected something else
  2 |   - colour: red
    |     ^~~~~~`,
  );
});

Deno.test("problemLines() marks the first line only of what spans several", () => {
  assertEquals(
    rendered("pools:\n  - name: a\n    disks: all\n", ["pools", 0, "data_units"]),
    `\
cdf.yaml:2:5: pools[0].data_units: expected something else
  2 |   - name: a
    |     ^~~~~~~`,
  );
});

Deno.test("problemLines() says when it is a warning", () => {
  const source = new Source("cdf.yaml", "a: 1\n");
  const problems = new Problems(source);
  problems.warn(["a"], "worth a look");
  assertEquals(
    problems.list("warning").flatMap((problem) => problemLines(source, problem)),
    ["cdf.yaml:1:4: warning: a: worth a look", "  1 | a: 1", "    |    ^"],
  );
  assertEquals(problems.none, true);
});

Deno.test("problemLines() keeps the caret in place below tabs and characters of two halves", () => {
  assertEquals(
    rendered('{ "😀":\t{ b: c } }\n', ["😀", "b"]),
    `\
cdf.yaml:1:13: "😀".b: expected something else
  1 | { "😀": { b: c } }
    |              ^`,
  );
});

Deno.test("problemLines() shows a part of a long line", () => {
  const text = `{ ${Array.from({ length: 100 }, (_, i) => `key${i}: value`).join(", ")} }\n`;
  const [message, line, mark] = rendered(text, ["key50"]).split("\n");
  assertEquals(message, "cdf.yaml:1:700: key50: expected something else");
  assertEquals(line?.length, "  1 | ".length + 100);
  const at = mark?.indexOf("^") ?? 0;
  assertEquals(mark?.slice(at), "^~~~~");
  assertEquals(line?.slice(at, at + 5), "value");
});

Deno.test("problemLines() lets no control character through to the terminal", () => {
  assertEquals(
    rendered("a: \u001b[31mred\n", ["a"]),
    "cdf.yaml:1:4: a: expected something else\n  1 | a: \ufffd[31mred\n    |    ^~~~~~~~",
  );
});

Deno.test("problemLines() copes with an empty text", () => {
  assertEquals(
    rendered("", []),
    "cdf.yaml:1:1: document: expected something else\n  1 | \n    | ^",
  );
});

Deno.test("Problems.add() draws no conclusions from what is known to be wrong", () => {
  const source = new Source("cdf.yaml", "hosts:\n  - { name: 1, c0_clients: 0 }\n");
  const problems = new Problems(source);
  problems.distrust(["hosts", 0, "name"]);
  problems.add(["hosts", 0, "name"], "about the wrong thing itself");
  problems.add(["hosts", 0], "follows from it", { from: [["hosts", "*", "name"]] });
  problems.add(["hosts", 0], "follows from something else", { from: [["hosts", 0, "c0_clients"]] });
  problems.add(["hosts"], "about what holds it");
  assertEquals(problems.list("error").map(({ text }) => text), [
    "about what holds it",
    "follows from something else",
  ]);
});
