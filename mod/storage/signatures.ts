/**
 * Content of a file or device that the system's tools recognize: file systems, swap, arrays,
 * volumes, partition tables.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";
import { failureIn, type Output, type Run } from "../lib/process.ts";

/** The findings of the tools. */
export interface Signatures {
  /** Descriptions: `btrfs "backup"`. */
  readonly found: readonly string[];
  /** Why a tool has not answered: then the absence of findings proves nothing. */
  readonly problems: readonly string[];
}

/** Options of {@linkcode signaturesOn}. */
export interface SignatureOptions {
  readonly run: Run;
  readonly signal: AbortSignal;
  /** Time limit of each tool, in milliseconds. {@default 10000} */
  readonly limitMs?: number | undefined;
}

/** Exit status of blkid if it found nothing, or could not read the device and printed an error. */
const BLKID_NOTHING = 2;
/** Exit status of blkid if it found several conflicting signatures. */
const BLKID_AMBIVALENT = 8;
/** Directories of administrators' tools, which are not on every user's PATH. */
const DIRECTORIES = ["", "/usr/sbin/", "/sbin/"];

/** Runs both tools. */
export async function signaturesOn(path: string, options: SignatureOptions): Promise<Signatures> {
  const tools = [blkid, wipefs].map(async (tool): Promise<Signatures> => {
    try {
      return { found: await tool(path, options), problems: [] };
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof HareError)) throw error;
      return { found: [], problems: [messageOf(error)] };
    }
  });
  const [first, second] = await Promise.all(tools);
  const found = first?.found ?? [];
  // wipefs lists every signature. blkid describes the signatures that it knows in more detail.
  const others = (second?.found ?? []).filter((name) =>
    !found.some((known) => known.split(" ")[0] === name)
  );
  return {
    found: [...found, ...others],
    problems: [...first?.problems ?? [], ...second?.problems ?? []],
  };
}

async function blkid(path: string, options: SignatureOptions): Promise<readonly string[]> {
  const output = await runTool("blkid", ["-p", "-o", "export", "--", path], options);
  const { code, stdout, stderr } = output;
  if (code === BLKID_NOTHING && stderr.trim() === "") return [];
  if (code === BLKID_AMBIVALENT) return ["signatures of several things"];
  if (code !== 0) throw failed("blkid", path, output);
  const properties = new Map(
    stdout.split("\n").map((line): [string, string] => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=").replaceAll("\\ ", " ")];
    }),
  );
  const label = properties.get("LABEL") ?? properties.get("PART_ENTRY_NAME");
  const type = properties.get("TYPE");
  const table = properties.get("PTTYPE");
  const found = [
    ...(type === undefined ? [] : [label === undefined ? type : `${type} "${label}"`]),
    ...(table === undefined ? [] : [`${table} partition table`]),
  ];
  // For a blank partition blkid reports only the entry in the partition table.
  return found;
}

async function wipefs(path: string, options: SignatureOptions): Promise<readonly string[]> {
  const output = await runTool("wipefs", ["--no-act", "--parsable", "--", path], options);
  if (output.code !== 0) throw failed("wipefs", path, output);
  const types = output.stdout.split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").at(-1) ?? "");
  return [...new Set(types)];
}

function failed(tool: string, path: string, { code, stderr, stdout }: Output): HareError {
  const said = failureIn({ code, stderr: stderr || stdout });
  return new HareError(`${tool} failed on ${path}: ${said}`);
}

/** Runs a tool that may be outside of PATH. */
async function runTool(
  tool: string,
  args: readonly string[],
  { run, signal, limitMs = 10_000 }: SignatureOptions,
): Promise<Output> {
  let missing: unknown;
  for (const directory of DIRECTORIES) {
    try {
      return await run([`${directory}${tool}`, ...args], { signal, limitMs });
    } catch (error) {
      const { cause } = error instanceof HareError ? error : {};
      if (!(cause instanceof Deno.errors.NotFound)) throw error;
      missing ??= error;
    }
  }
  throw missing;
}
