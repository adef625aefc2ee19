/**
 * Checks whether hax can work on this host: its options, and Mero's library for the HA link. It
 * runs `hare hax --check` with the options, variables and user that systemd would use.
 *
 * @module
 */

import { splitWords } from "../agent/words.ts";
import { HARE_PROGRAM, HAX_ENV_FILE, HAX_OPTIONS, HAX_UNIT } from "../host/places.ts";
import { HareError } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";

/** Options of {@linkcode tryHax}. */
export interface TryHaxDeps {
  readonly run: Run;
  readonly signal: AbortSignal;
  /** Files of this machine. */
  readonly system: Pick<typeof Deno, "readTextFile">;
}

/** The relevant settings of hax's unit. */
interface HaxUnit {
  /** The variables of the unit and its drop-ins. */
  readonly environment: Readonly<Record<string, string>>;
  readonly environmentFiles: readonly string[];
  /** Empty for root. */
  readonly user: string;
  /** Empty for the user's own group. */
  readonly group: string;
  /** Replaces the supplementary groups that the system assigns to the user. */
  readonly supplementaryGroups: readonly string[];
  /** Whether home directories are hidden from the unit. */
  readonly isHomeless: boolean;
}

/**
 * Tests hax's options and its library.
 *
 * @returns the library, as the options or the system's loader name it; empty if the options disable
 * the HA link
 * @throws {HareError} when hax would not start with them
 */
export async function tryHax(deps: TryHaxDeps): Promise<string> {
  const unit = await readUnit(deps);
  let variables = unit.environment;
  for (const path of unit.environmentFiles) {
    variables = { ...variables, ...await readEnvironmentFile(path, deps) };
  }
  const options = splitWords(variables[HAX_OPTIONS] ?? "");
  const { user, group, supplementaryGroups } = unit;
  const groups = supplementaryGroups.length === 0
    ? ["--init-groups"]
    : ["--groups", supplementaryGroups.join(",")];
  const asUser = ["setpriv", "--reuid", user, "--regid", group || user, ...groups] as const;
  const check = [HARE_PROGRAM, "hax", "--check", ...options] as const;
  const argv = user === "" ? check : [...asUser, "--", ...check] as const;
  const { code, stdout, stderr } = await deps.run(argv, { env: variables, signal: deps.signal });
  if (code !== 0) throw new HareError(`hax would not start: ${reasonIn(stderr, code)}`);
  const library = stdout.trim();
  if (unit.isHomeless && HOMES.some((home) => library.startsWith(home))) {
    throw new HareError(`hax would not find ${library}: its unit sees no home directories`);
  }
  return library;
}

/** Directories that `ProtectHome=yes` hides. */
const HOMES = ["/home/", "/root/", "/run/user/"] as const;

async function readUnit({ run, signal }: TryHaxDeps): Promise<HaxUnit> {
  const properties =
    "--property=Environment,EnvironmentFiles,User,Group,SupplementaryGroups,ProtectHome";
  const { stdout } = await run(["systemctl", "show", properties, "--", `${HAX_UNIT}.service`], {
    signal,
  });
  const values = (name: string) =>
    stdout.split("\n").filter((line) => line.startsWith(`${name}=`))
      .map((line) => line.slice(name.length + 1));
  const files = values("EnvironmentFiles").map((value) => value.replace(/ \([^)]*\)$/, ""));
  return {
    environment: Object.fromEntries(
      values("Environment").flatMap(splitWords).map((word) => word.split(/=(.*)/s).slice(0, 2)),
    ),
    // If the unit is not installed yet: the files that it will read.
    environmentFiles: files.length === 0 ? [HAX_ENV_FILE] : files,
    user: values("User")[0] ?? "",
    group: values("Group")[0] ?? "",
    supplementaryGroups: (values("SupplementaryGroups")[0] ?? "").split(" ").filter(Boolean),
    isHomeless: ["yes", "tmpfs"].includes(values("ProtectHome")[0] ?? ""),
  };
}

/** The variables of an environment file of systemd: one per line, values with or without quotes. */
async function readEnvironmentFile(
  path: string,
  { system }: TryHaxDeps,
): Promise<Readonly<Record<string, string>>> {
  let text: string;
  try {
    text = await system.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    if (!(error instanceof Error)) throw error;
    throw new HareError(`cannot read ${path}, which has options of hax: ${error.message}`, {
      cause: error,
    });
  }
  const assignments = text.replaceAll("\\\n", "").matchAll(/^[ \t]*(\w+)=[ \t]*(.*?)[ \t\r]*$/gm);
  return Object.fromEntries(
    assignments.map(([, name = "", value = ""]) => [
      name,
      /^["']/.test(value) ? splitWords(value)[0] ?? "" : value,
    ]),
  );
}

/** Why the program failed: its error without the hint, or its exit status. */
function reasonIn(stderr: string, code: number): string {
  const [first = ""] = stderr.trim().split("\n");
  if (first !== "") return first.replace(/^hare: /, "");
  return code > 128 ? `it was ended by signal ${code - 128}` : `exit status ${code}`;
}
