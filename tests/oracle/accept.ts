/**
 * Writes the expected files of this project's own cases anew: `deno run -A tests/oracle/accept.ts`.
 * Read the difference before you commit it.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { filesFor, foldersIn } from "./cases.ts";

const CASES = new URL("cases", import.meta.url).pathname;

for (const target of Object.values(TARGETS)) {
  for (const name of foldersIn(`${CASES}/${target.name}`)) {
    const folder = `${CASES}/${target.name}/${name}`;
    await Deno.mkdir(`${folder}/expected`, { recursive: true });
    for (const [file, content] of filesFor(folder, target)) {
      await Deno.writeTextFile(`${folder}/expected/${file}`, content);
    }
  }
}
