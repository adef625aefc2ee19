/**
 * Cases for cfgen: a folder with `cdf.yaml`, `facts.json` and `expected/`.
 *
 * @module
 */

import { generate, parseCdf, parseFacts, type Target } from "../../cfgen/mod.ts";
import { join } from "../../mod/lib/std/path.ts";
import { assertEquals } from "../lib/assert.ts";

/** Names of the folders in `folder`, sorted; none where it is missing. */
export function foldersIn(folder: string): readonly string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** What cfgen makes of a case, by file name. */
export function filesFor(folder: string, target: Target): ReadonlyMap<string, string> {
  const cdf = Deno.readTextFileSync(join(folder, "cdf.yaml"));
  const facts = Deno.readTextFileSync(join(folder, "facts.json"));
  const document = parseCdf(cdf, { name: "cdf.yaml", target });
  return new Map(Object.entries(generate(document, parseFacts(facts, "facts.json")).files));
}

/** Compares what cfgen makes of a case with each file in `expected/`, byte for byte. */
export function assertAsExpected(folder: string, target: Target): void {
  const files = filesFor(folder, target);
  const names = [...Deno.readDirSync(join(folder, "expected"))].map(({ name }) => name).sort();
  for (const name of names) {
    const expected = Deno.readTextFileSync(join(folder, "expected", name));
    const actual = files.get(name);
    if (actual === expected) continue;
    // Of files of megabytes the first line that differs tells enough.
    const [lines, wanted] = [actual?.split("\n") ?? [], expected.split("\n")];
    const at = wanted.findIndex((line, i) => line !== lines[i]);
    assertEquals(lines.at(at), wanted.at(at), `${folder}: ${name}, line ${at + 1}`);
    assertEquals(lines.length, wanted.length, `${folder}: ${name}, number of lines`);
  }
  assertEquals(names.length > 0, true, `${folder} expects nothing`);
}
