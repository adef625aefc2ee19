/**
 * The processes of development clusters on this machine. Each carries what it is in one variable
 * of its environment, `HARE_DEV`, and its children inherit it: so all of them are found by asking
 * the kernel, however they were left behind. There are no lists of pids that could go stale.
 *
 * The variable holds a random id that only the cluster's own state file has, which other users
 * cannot read. A process belongs to the cluster when it carries that id and is of the same user; its
 * name, its arguments and the directory that it names prove nothing.
 *
 * @module
 */

import * as z from "zod";
import { HareError } from "../lib/errors.ts";
import { ignoreNotFound } from "../lib/files.ts";
import { jsonText } from "../lib/json_text.ts";
import type { Run } from "../lib/process.ts";

/** Name of the variable. */
export const MARK = "HARE_DEV";

const markSchema = jsonText(z.object({
  /** The cluster's directory, absolute. */
  dir: z.string(),
  /** The cluster's id. */
  id: z.string(),
  /** Host's name in the CDF. */
  host: z.string(),
  unit: z.string(),
  /** `main` is the unit's program (and its children), `keeper` the shell that notes its end. */
  role: z.enum(["main", "keeper"]),
}));

/** What a process of a development cluster is. */
export type Mark = Readonly<z.infer<typeof markSchema>>;

/** The identity of a development cluster. */
export type ClusterIdentity = Pick<Mark, "dir" | "id">;

/** A process and what it is. */
export interface MarkedProcess extends Mark {
  readonly pid: number;
}

/** The variable's value. */
export function formatMark(mark: Mark): string {
  return JSON.stringify(mark);
}

/** The mark in the variable's value, which may be any text; `null` if it is no mark. */
export function parseMark(text: string): Mark | null {
  const mark = markSchema.safeParse(text);
  return mark.success ? mark.data : null;
}

/** The processes of a development cluster. */
export async function findProcesses(
  { dir, id }: ClusterIdentity,
  run: Run,
  signal?: AbortSignal,
): Promise<readonly MarkedProcess[]> {
  const marked = (await findMarked(run, signal)).filter((it) => it.dir === dir && it.id === id);
  const own = await Promise.all(marked.map(({ pid }) => isOfThisUser(pid)));
  return marked.filter((_, i) => own[i]);
}

async function isOfThisUser(pid: number): Promise<boolean> {
  const info = await Deno.stat(`/proc/${pid}`).catch(ignoreNotFound);
  return info !== undefined && info.uid === Deno.uid();
}

/**
 * Every process with a mark. A mark does not prove that the process belongs to the named cluster:
 * use the result only to inform the user.
 */
export async function findMarked(
  run: Run,
  signal?: AbortSignal,
): Promise<readonly MarkedProcess[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (/^\d+$/.test(entry.name)) files.push(`/proc/${entry.name}/environ`);
  }
  // Deno lets a program with listed permissions read no environ, so grep does: one fork for all.
  // It exits 1 for no match and 2 for processes that ended meanwhile or are another user's.
  const { code, stdout, stderr } = await run(
    ["grep", "--null-data", "--with-filename", "--text", `^${MARK}=`, ...files],
    { signal, limitMs: 30_000 },
  );
  if (code > 2) throw new HareError(`cannot look for the cluster's processes: ${stderr.trim()}`);
  return parseMarks(stdout);
}

/** The marks in grep's output, `/proc/<pid>/environ:HARE_DEV=<mark>` and a NUL each. */
export function parseMarks(output: string): readonly MarkedProcess[] {
  return output.split("\0").flatMap((line) => {
    const [, pid, text] = /^\/proc\/(\d+)\/environ:HARE_DEV=(.*)$/s.exec(line) ?? [];
    const mark = parseMark(text ?? "");
    return mark === null ? [] : [{ pid: Number(pid), ...mark }];
  });
}

/** Sends a signal; a process that has ended already is none to complain about. */
export function sendSignal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
