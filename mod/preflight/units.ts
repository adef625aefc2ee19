/**
 * What systemd knows of a host's units.
 *
 * @module
 */

import { isLooping } from "../host/unit_status.ts";
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
      ...[
        "systemctl",
        "show",
        "--property=Id,LoadState,ActiveState,SubState,NRestarts",
        "--",
      ] as const,
      ...units,
      ...failable,
    ],
    { signal },
  );
  // The answers to names come in their order, those to patterns after them.
  const known = stdout.split("\n\n").filter((block) => block.trim() !== "").map(propertiesIn)
    .map((property) => ({ ...readUnit(property), isLooping: isLoopingBy(property) }));
  if (code !== 0 || known.length < units.length) {
    const said = stderr.trim().split("\n").at(-1) || `exit status ${code}`;
    throw new HareError(`systemd does not tell about its units: ${said}`);
  }
  const failed = known.filter(({ active, isLooping }) => active === "failed" || isLooping)
    .map(({ name }) => name);
  return {
    asked: units.map((name, i) => {
      const { load = "", active = "" } = known[i] ?? {};
      return { name, load, active };
    }),
    failed: [...new Set(failed)].toSorted(),
  };
}

type Property = (name: string) => string;

/** Lines `Name=value`. */
function propertiesIn(block: string): Property {
  const properties = new Map(
    block.trim().split("\n").map((line) => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=")];
    }),
  );
  return (name) => properties.get(name) ?? "";
}

/** Hare's own units restart without a limit: a unit that ends after each start counts as failed. */
function isLoopingBy(property: Property): boolean {
  return property("ActiveState") === "activating" &&
    isLooping(property("SubState"), property("NRestarts"));
}

function readUnit(property: Property): FoundUnit {
  return {
    name: property("Id"),
    load: property("LoadState"),
    active: property("ActiveState"),
  };
}
