import { assertEquals } from "../tests/lib/assert.ts";
import plugin, { ROOMS, whyNot } from "./layers.ts";

Deno.test("whyNot() lets an import go down the map", () => {
  for (
    const [file, specifier] of [
      ["main.ts", "./mod/cli/program.ts"],
      ["mod/cli/next.ts", "../kv/mod.ts"],
      ["mod/kv/keys.ts", "../consul/mod.ts"],
      ["mod/consul/watch.ts", "./kv.ts"],
      ["mod/kv/keys_test.ts", "../../tests/lib/assert.ts"],
      ["cfgen/cdf/parse.ts", "../../mod/lib/errors.ts"],
      ["mod/cli/command.ts", "@commander-js/extra-typings"],
      ["cfgen/conf/tolerance_test.ts", "fast-check"],
      ["tests/consul/x_test.ts", "../../mod/consul/mod.ts"],
    ] as const
  ) {
    assertEquals(whyNot(file, specifier), undefined, `${file} imports ${specifier}`);
  }
});

Deno.test("whyNot() names the allowed arrows for an import that goes up", () => {
  assertEquals(
    whyNot("mod/kv/keys.ts", "../rc/mod.ts"),
    "mod/kv must not import mod/rc: it may import mod/consul, cfgen, mod/lib",
  );
  assertEquals(
    whyNot("mod/lib/files.ts", "../consul/mod.ts"),
    "mod/lib must not import mod/consul: it may import nothing",
  );
  assertEquals(
    whyNot("main.ts", "./mod/rc/mod.ts"),
    "main.ts must not import mod/rc: it may import mod/cli, mod/halink, mod/lib",
  );
});

Deno.test("whyNot() keeps the product apart from tests and tools", () => {
  assertEquals(
    whyNot("mod/lib/files.ts", "../../tests/lib/assert.ts"),
    "mod/lib must not import tests: it may import nothing",
  );
  assertEquals(
    whyNot("mod/lib/files.ts", "../../tools/build.ts"),
    "mod/lib must not import tools: it may import nothing",
  );
});

Deno.test("whyNot() refuses a room that is not on the map", () => {
  assertEquals(
    whyNot("mod/new/x.ts", "../lib/errors.ts"),
    "mod/new is not on the map of tools/layers.ts and CONTRIBUTING.md",
  );
});

Deno.test("whyNot() keeps a package where it is known", () => {
  assertEquals(whyNot("mod/rc/loop.ts", "commander"), "commander is known to mod/cli alone");
  assertEquals(whyNot("cfgen/mod.ts", "fast-check"), "fast-check is known to tests alone");
});

Deno.test("the plugin reports every form of import, with its place", () => {
  const source = [
    `import { a } from "../rc/mod.ts";`,
    `import type { B } from "../rc/mod.ts";`,
    `export { c } from "../rc/mod.ts";`,
    `export * from "../rc/mod.ts";`,
    `const d = await import("../rc/mod.ts");`,
    `import { fine } from "../consul/mod.ts";`,
    `export const text = 'import { a } from "../rc/mod.ts"';`,
  ].join("\n");
  const file = new URL("../mod/kv/keys.ts", import.meta.url).pathname;
  const found = Deno.lint.runPlugin(plugin, file, source);
  const lines = found.map(({ range: [start] }) => source.slice(0, start).split("\n").length);
  assertEquals(lines, [1, 2, 3, 4, 5]);
  assertEquals(new Set(found.map(({ id }) => id)), new Set(["hare/arrows"]));
});

Deno.test("CONTRIBUTING.md draws the same map", async () => {
  const text = await Deno.readTextFile(new URL("../CONTRIBUTING.md", import.meta.url));
  const drawn = [...text.matchAll(/^\| `([^`]+?)\/?` +\|/gm)].map(([, room]) => room);
  assertEquals(drawn, ["main.ts", ...ROOMS, "tests", "tools"]);
});
