import { assert, assertEquals, assertStringIncludes } from "../../tests/lib/assert.ts";
import type { Path } from "./path.ts";
import { Source } from "./source.ts";

const TEXT = `\
# clusters
hosts:
  - name: a   # the first
    tags: [x, "é", z]
  - &b { name: b }
  - *b
`;

function textAt(source: Source, path: Path, at: "key" | "value"): string {
  const { start, end } = source.spanOf(path, at);
  return source.text.slice(start, end);
}

Deno.test("Source.spanOf() finds values and keys, in blocks, in flows and behind aliases", () => {
  const source = new Source("f", TEXT);
  assertEquals(source.syntaxProblems, []);
  assertEquals(textAt(source, ["hosts", 0, "name"], "value"), "a");
  assertEquals(textAt(source, ["hosts", 0, "name"], "key"), "name");
  assertEquals(textAt(source, ["hosts", 0, "tags", 2], "value"), "z");
  assertEquals(textAt(source, ["hosts", 1, "name"], "value"), "b");
  assertEquals(textAt(source, ["hosts", 2, "name"], "value"), "b");
});

Deno.test("Source.spanOf() points at the nearest thing around what is not there", () => {
  const source = new Source("f", TEXT);
  assertEquals(textAt(source, ["hosts", 1, "missing"], "value"), "{ name: b }");
  assertEquals(textAt(source, ["hosts", 0, "name", "deeper"], "value"), "a");
  assertEquals(new Source("f", "").spanOf(["hosts"], "value"), { start: 0, end: 0 });
});

Deno.test("Source.positionOf() counts characters, not their halves", () => {
  const source = new Source("f", '- { x: "😀", y: 1 }\n- z\n');
  assertEquals(source.positionOf(source.spanOf([0, "y"], "value").start), { line: 1, col: 16 });
  assertEquals(source.positionOf(source.spanOf([1], "value").start), { line: 2, col: 3 });
});

Deno.test("Source.lineText() gives a line without its end, whatever that is", () => {
  const source = new Source("f", "a: 1\r\nb: 2\r\n");
  assertEquals([1, 2, 3].map((line) => source.lineText(line)), ["a: 1", "b: 2", ""]);
});

Deno.test("Source knows keys that are given twice, and keeps the value", () => {
  const source = new Source("f", "a:\n  b: 1\n  b: 2\n");
  const [problem, ...rest] = source.syntaxProblems;
  assertEquals(rest, []);
  assertEquals(problem?.path, ["a", "b"]);
  assertEquals(problem?.harmless, true);
  assertEquals(source.positionOf(problem?.span.start ?? 0), { line: 3, col: 3 });
  assertEquals(source.value, { a: { b: 2 } });
});

for (
  const [what, text, line, message] of [
    ["an open bracket", "a: [1, 2\nb: 3\n", 2, "flow sequence"],
    ["an open quote", 'a: "b\n', 2, "missing closing"],
    ["a tab as indentation", "a:\n\tb: 1\n", 2, "tabs"],
    ["an anchor that is not there", "a: 1\nb: *x\n", 2, "no anchor &x"],
    ["two documents", "a: 1\n---\nb: 2\n", 2, "expected one document"],
    ["an unknown tag", "a: 1\nb: !env x\n", 2, "unresolved tag"],
    ["nesting without end", "[".repeat(10_000), 1, "nested too deeply"],
    ["aliases that multiply", bomb(), 1, "alias count"],
  ] as const
) {
  Deno.test(`Source reports ${what}, with its line`, () => {
    const source = new Source("f", text);
    const all = source.syntaxProblems.map(({ text, span }) =>
      `${source.positionOf(span.start).line}: ${text}`
    );
    assert(all.length > 0 && all.length < 4, all.join("\n"));
    assertStringIncludes(all.join("\n").toLowerCase(), message.toLowerCase());
    assert(all.some((text) => text.startsWith(`${line}: `)), all.join("\n"));
  });
}

/** Nine aliases to nine aliases to …: more than a thousand million values. */
function bomb(): string {
  const levels = "abcdefghi".split("").map((name, i, names) =>
    `${name}: &${name} [${Array(9).fill(i === 0 ? "x" : `*${names[i - 1]}`).join(", ")}]\n`
  );
  return levels.join("");
}

Deno.test("Source reads merge keys and keeps odd keys out of prototypes", () => {
  const source = new Source("f", "a: &a { x: 1 }\nb: { <<: *a, y: 2 }\n__proto__: { z: 3 }\n");
  assertEquals(source.syntaxProblems, []);
  const value = source.value as Record<string, unknown>;
  assertEquals(value.b, { x: 1, y: 2 });
  assertEquals(Object.hasOwn(value, "__proto__"), true);
  assertEquals("z" in value, false);
});
