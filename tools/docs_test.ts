import { assertEquals } from "../tests/lib/assert.ts";
import plugin from "./docs.ts";

/** Lines on which the plugin finds something. */
function findings(source: string, file = "mod/kv/keys.ts"): number[] {
  return Deno.lint.runPlugin(plugin, file, source)
    .map(({ range: [start] }) => source.slice(0, start).split("\n").length);
}

const MODULE = "/**\n * Keys → values × 2.\n *\n * @module\n */\n";

Deno.test("the plugin reports an exported symbol without a docstring", () => {
  assertEquals(findings(`${MODULE}\nexport const a = 1;\n`), [7]);
  assertEquals(findings(`${MODULE}// not a docstring\nexport function f() {}\n`), [7]);
  assertEquals(findings(`${MODULE}/** One. */\nconst a = 1;\nexport const b = 2;\n`), [8]);
});

Deno.test("the plugin is content with a docstring, and with what is not exported", () => {
  assertEquals(findings(`${MODULE}/** One. */\nexport const a = 1;\n`), []);
  assertEquals(
    findings(`${MODULE}/** Ü → . */\n// deno-lint-ignore no-explicit-any\nexport type A = any;\n`),
    [],
  );
  assertEquals(findings(`${MODULE}const a = 1;\nexport { a };\nexport * from "./b.ts";\n`), []);
});

Deno.test("the plugin reports a module that does not say what it is for", () => {
  assertEquals(findings("/** One. */\nexport const a = 1;\n"), [2]);
  assertEquals(findings("const a = 1;\n"), [1]);
});

Deno.test("the plugin leaves tests alone", () => {
  assertEquals(findings("export const a = 1;\n", "mod/kv/keys_test.ts"), []);
});
