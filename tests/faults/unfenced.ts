/**
 * A coordinator without the fence, to show that the checker sees what the fence prevents. It is made
 * here, of a copy of the sources with one line changed; nothing of it is in the product.
 *
 * @module
 */

import { type Argv, DENO, outputOf, ROOT } from "../../tools/exec.ts";

const SOURCES = ["main.ts", "mod", "cfgen", "deno.json", "deno.lock"] as const;
const FENCED_FILE = "mod/rc/leadership.ts";
const FENCE = "txn.checkSession(LEADER, this.session)";
/** An operation in its place that is no condition, as long as there is such a key. */
const NO_FENCE = "txn.get(LEADER)";

/** A program that can be run with arguments, until it is disposed of. */
export interface Unfenced extends AsyncDisposable {
  readonly argv: Argv;
}

/** Makes the program. */
export async function makeUnfenced(): Promise<Unfenced> {
  await Deno.mkdir(`${ROOT}dist`, { recursive: true });
  const directory = await Deno.makeTempDir({ dir: `${ROOT}dist`, prefix: "unfenced-" });
  const remove = () => Deno.remove(directory, { recursive: true });
  try {
    await outputOf(["cp", "-r", ...SOURCES.map((path) => `${ROOT}${path}`), directory]);
    const file = `${directory}/${FENCED_FILE}`;
    const parts = (await Deno.readTextFile(file)).split(FENCE);
    if (parts.length !== 2) throw new Error(`${FENCED_FILE} does not have the fence once`);
    await Deno.writeTextFile(file, parts.join(NO_FENCE));
    const bundle = `${directory}/hare.js`;
    const entry = `${directory}/entry.ts`;
    await Deno.writeTextFile(entry, 'import { main } from "./main.ts";\nmain("unfenced");\n');
    await outputOf([DENO, "bundle", "--quiet", "-o", bundle, entry]);
    return {
      argv: [DENO, "run", "-A", "--no-config", "--no-lock", bundle],
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
