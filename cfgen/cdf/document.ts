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
import { type Problem, problemLines, Problems } from "./problems.ts";
import { checkRules } from "./rules.ts";
import { type Cdf, cdfSchema } from "./schema.ts";
import { Source } from "./source.ts";
import { replaceWrong } from "./stand_ins.ts";

/** A CDF as far as it could be read. */
export interface CdfDocument {
  readonly source: Source;
  readonly target: Target;
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
    const shown = problems.flatMap((problem) => problemLines(source, problem));
    super([`${source.name} has ${count}`, ...shown]);
    this.problems = problems;
  }
}

/** Options of {@linkcode parseCdf}. */
export interface ParseCdfOptions {
  /** The file's name, for messages. */
  readonly name: string;
  readonly target: Target;
}

/** Reads a CDF. Never throws: what is wrong is told by {@linkcode checkCdf}. */
export function parseCdf(text: string, { name, target }: ParseCdfOptions): CdfDocument {
  const source = new Source(name, text);
  if (isBroken(source)) return { source, target, issues: [], cdf: undefined };
  const parsed = cdfSchema.safeParse(source.value);
  if (parsed.success) return { source, target, issues: [], cdf: parsed.data };
  const { issues } = parsed.error;
  const places = addIssues(issues, source.value, new Problems(source));
  const repaired = cdfSchema.safeParse(replaceWrong(source.value, places));
  return { source, target, issues, cdf: repaired.data };
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
  const { source, target, issues, cdf } = document;
  const problems = new Problems(source);
  for (const { span, path, text } of source.syntaxProblems) problems.addAt(span, path, text);
  addIssues(issues, source.value, problems);
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
