/**
 * What is wrong with a file, as a compiler would say it: `file:line:col: path: what`, with the
 * line and a caret below.
 *
 * @module
 */

import { columnsOf, visible } from "../../mod/lib/visible.ts";
import { formatPath, type Path, type PathPattern, touches } from "./path.ts";
import { MAX_PROBLEMS, type Source, type Span } from "./source.ts";

/** Something that is wrong in a document, or (a warning) worth a look. */
export interface Problem {
  readonly severity: "error" | "warning";
  /** What it is about. */
  readonly path: Path;
  /** What was expected and what is there instead. */
  readonly text: string;
  readonly span: Span;
}

/** Options of {@linkcode Problems.add}. */
export interface ProblemOptions {
  /** What to point at. {@default "value"} */
  readonly at?: "key" | "value";
  /** Parts of the document that the finding follows from; `path` itself is one anyhow. */
  readonly from?: readonly PathPattern[];
}

/** Collects the problems of one document. */
export class Problems {
  readonly #source: Source;
  readonly #unsound: Path[] = [];
  readonly #list: Problem[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  /** The problems so far, in the order of the text. */
  list(severity: Problem["severity"]): readonly Problem[] {
    return this.#list
      .filter((problem) => problem.severity === severity)
      .sort((a, b) => a.span.start - b.span.start);
  }

  /** Whether there are no errors. */
  get none(): boolean {
    return !this.#list.some(({ severity }) => severity === "error");
  }

  /** From now on nothing is concluded from what stands at `path`: it is wrong in itself. */
  distrust(path: Path): void {
    this.#unsound.push(path);
  }

  /** Adds an error, unless it only follows from something that is known to be wrong. */
  add(path: Path, text: string, options: ProblemOptions = {}): void {
    this.#add("error", path, text, options);
  }

  /** Adds a warning, under the same condition. */
  warn(path: Path, text: string, options: ProblemOptions = {}): void {
    this.#add("warning", path, text, options);
  }

  /** Adds an error at a place of its own. */
  addAt(span: Span, path: Path, text: string): void {
    this.#list.push({ severity: "error", path, text, span });
  }

  #add(severity: Problem["severity"], path: Path, text: string, options: ProblemOptions): void {
    // A person does not read more problems at once.
    if (this.#list.filter((it) => it.severity === severity).length >= MAX_PROBLEMS) return;
    const { at = "value", from = [] } = options;
    const follows = (wrong: Path) =>
      (wrong.length <= path.length && touches(wrong, path)) ||
      from.some((ground) => touches(wrong, ground));
    if (this.#unsound.some(follows)) return;
    this.#list.push({ severity, path, text, span: this.#source.spanOf(path, at) });
  }
}

/** Longest part of a line that is shown. */
const MAX_WIDTH = 100;

/**
 * Lines about one problem: the message, the line and a caret.
 *
 * ```
 * cdf.yaml:7:17: hosts[0].c0_clients: expected a whole number, found "two"
 *   7 |     c0_clients: two
 *     |                 ^~~
 * ```
 */
export function problemLines(source: Source, problem: Problem): readonly string[] {
  const { line, col } = source.positionOf(problem.span.start);
  const severity = problem.severity === "warning" ? "warning: " : "";
  const where = `${source.name}:${line}:${col}:`;
  const message = `${where} ${severity}${formatPath(problem.path)}: ${problem.text}`;
  const characters = [...source.lineText(line)].map(showable);
  const from = Math.max(0, Math.min(col - 1 - MAX_WIDTH / 2, characters.length - MAX_WIDTH));
  const shown = characters.slice(from, from + MAX_WIDTH);
  const indent = " ".repeat(columnsOf(shown.slice(0, col - 1 - from).join("")));
  const marked = source.text.slice(problem.span.start, problem.span.end).split(/\r?\n/, 1)[0] ?? "";
  const tildes = Math.min([...marked.trimEnd()].length, shown.length - (col - 1 - from)) - 1;
  const number = String(line).padStart(3);
  return [
    message,
    `${number} | ${shown.join("")}`,
    `${" ".repeat(number.length)} | ${indent}^${"~".repeat(Math.max(0, tildes))}`,
  ];
}

/** A character of the same place in the line that may be shown; a tab is a space. */
function showable(character: string): string {
  if (character === "\t") return " ";
  return visible(character) === character ? character : "\ufffd";
}
