/**
 * What systemd knows of a host's units.
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";
import type { FoundUnit, FoundUnits } from "./answer.ts";
import type { Question } from "./question.ts";

/**
 * Asks systemd about all units in one call.
 *
 * @throws {HareError} when systemd does not answer, or not about each of them
 */
export async function findUnits(
  { units, failable }: Pick<Question, "units" | "failable">,
  { run, signal }: { readonly run: Run; readonly signal: AbortSignal },
): Promise<FoundUnits> {
  const { code, stdout, stderr } = await run(
    [
      ...["systemctl", "show", "--property=Id,LoadState,ActiveState", "--"] as const,
      ...units,
      ...failable,
    ],
    { signal },
  );
  // The answers to names come in their order, those to patterns after them.
  const known = stdout.split("\n\n").filter((block) => block.trim() !== "").map(readUnit);
  if (code !== 0 || known.length < units.length) {
    const said = stderr.trim().split("\n").at(-1) || `exit status ${code}`;
    throw new HareError(`systemd does not tell about its units: ${said}`);
  }
  const failed = known.filter(({ active }) => active === "failed").map(({ name }) => name);
  return {
    asked: units.map((name, i) => ({ load: "", active: "", ...known[i], name })),
    failed: [...new Set(failed)].toSorted(),
  };
}

/** Lines `Name=value`. */
function readUnit(block: string): FoundUnit {
  const properties = new Map(
    block.trim().split("\n").map((line) => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=")];
    }),
  );
  const property = (name: string) => properties.get(name) ?? "";
  return {
    name: property("Id"),
    load: property("LoadState"),
    active: property("ActiveState"),
  };
}
