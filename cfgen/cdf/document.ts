/**
 * A CDF from its text: parsed, checked, with all its problems at once.
 *
 * @module
 */

import type * as z from "zod";
import { HareError } from "../../mod/lib/errors.ts";
import type { Facts } from "../facts.ts";
import { type Inventory, takeInventory } from "../inventory.ts";
import type { Target } from "../target.ts";
import { checkFactRules } from "./fact_rules.ts";
import { addIssues } from "./issues.ts";
import { type OldBoolean, replaceOldBooleans } from "./old_booleans.ts";
import { type Problem, problemLines, Problems } from "./problems.ts";
import { checkRules } from "./rules.ts";
import { type Cdf, cdfSchema } from "./schema.ts";
import { MAX_PROBLEMS, Source } from "./source.ts";
import { replaceWrong } from "./stand_ins.ts";

/** A CDF as far as it could be read. */
export interface CdfDocument {
  readonly source: Source;
  readonly target: Target;
  /** Booleans of YAML 1.1 that were read as such. */
  readonly oldBooleans: readonly OldBoolean[];
  /** What is wrong with the types. */
  readonly issues: readonly z.core.$ZodIssue[];
  /** The description, with stand-ins for what is wrong; absent when too much is. */
  readonly cdf: Cdf | undefined;
}

/** What {@linkcode checkCdf} found. */
export interface Checked {
  readonly problems: Problems;
  /** Present when facts were given and the description could be read at all. */
  readonly inventory: Inventory | undefined;
}

/** A document has problems; the message shows all of them, with their lines. */
export class CdfError extends HareError {
  override readonly name = "CdfError";
  readonly problems: readonly Problem[];

  constructor(source: Source, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const shown = problems.slice(0, MAX_PROBLEMS);
    const title = problems.length < MAX_PROBLEMS
      ? `${source.name} has ${count}`
      : `${source.name} has many problems, among them`;
    super([title, ...shown.flatMap((problem) => problemLines(source, problem))]);
    this.problems = shown;
  }
}

/** Options of {@linkcode parseCdf}. */
export interface ParseCdfOptions {
  /** The file's name, for messages. */
  readonly name: string;
  readonly target: Target;
}

/** Parsing takes some seconds for a text of this length. */
const MAX_LENGTH = 4 * 2 ** 20;

/**
 * Reads a CDF. {@linkcode checkCdf} reports its problems.
 *
 * @throws {HareError} when it is too large
 */
export function parseCdf(text: string, { name, target }: ParseCdfOptions): CdfDocument {
  if (text.length > MAX_LENGTH) {
    throw new HareError(`${name} is larger than ${MAX_LENGTH / 2 ** 20} MiB`, {
      hint: "a description of 10,000 hosts has about 2 MiB",
    });
  }
  const source = new Source(name, text);
  const common = { source, target, oldBooleans: replaceOldBooleans(source) };
  if (isBroken(source)) return { ...common, issues: [], cdf: undefined };
  const parsed = cdfSchema.safeParse(source.value);
  if (parsed.success) return { ...common, issues: [], cdf: parsed.data };
  const issues = firstIssues(parsed.error.issues);
  // With this many problems, the rest of the description says little about the intent.
  if (issues.length === MAX_PROBLEMS) return { ...common, issues, cdf: undefined };
  const places = addIssues(issues, source.value, new Problems(source));
  const repaired = cdfSchema.safeParse(replaceWrong(source.value, places));
  return { ...common, issues, cdf: repaired.data };
}

/** The first {@linkcode MAX_PROBLEMS} issues, each with at most as many keys. */
function firstIssues(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  return issues.slice(0, MAX_PROBLEMS).map((issue) =>
    issue.code === "unrecognized_keys"
      ? { ...issue, keys: issue.keys.slice(0, MAX_PROBLEMS) }
      : issue
  );
}

/** What the parser made of such a document tells nothing about what was meant. */
function isBroken(source: Source): boolean {
  return source.syntaxProblems.some(({ harmless }) => !harmless);
}

/**
 * Finds all problems of a CDF: syntax, types and rules together. The rules that need facts are
 * checked when there are facts.
 */
export function checkCdf(document: CdfDocument, facts?: Facts): Checked {
  const { source, target, oldBooleans, issues, cdf } = document;
  const problems = new Problems(source);
  for (const { span, path, text } of source.syntaxProblems) problems.addAt(span, path, text);
  addIssues(issues, source.value, problems);
  for (const { path, value } of oldBooleans) {
    problems.warn(path, `read as ${value}, as in YAML 1.1; write ${value}`);
  }
  if (cdf === undefined) return { problems, inventory: undefined };
  checkRules(cdf, target, problems);
  if (facts === undefined) return { problems, inventory: undefined };
  const inventory = takeInventory(cdf, facts, problems);
  checkFactRules(inventory, target, problems);
  return { problems, inventory };
}

/**
 * Checks a CDF: without facts as far as that is possible, before hosts are asked for theirs.
 *
 * @throws {CdfError} with all problems, when there are any
 */
export function assertSound(document: CdfDocument, facts?: Facts): Cdf {
  const { problems } = checkCdf(document, facts);
  if (problems.none && document.cdf !== undefined) return document.cdf;
  throw new CdfError(document.source, problems.list("error"));
}
