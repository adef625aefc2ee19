/**
 * A YAML text that knows where everything in it stands.
 *
 * @module
 */

import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import { messageOf } from "../../mod/lib/errors.ts";
import type { Path } from "./path.ts";

/** A part of a text: offsets of its first character and of the one after its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What keeps a text from being YAML. */
export interface SyntaxProblem {
  readonly text: string;
  readonly path: Path;
  readonly span: Span;
  /** The rest can still be relied on: a key given twice, not a broken structure. */
  readonly harmless: boolean;
}

/** Line and column in a text, both from 1; columns count characters. */
export interface Position {
  readonly line: number;
  readonly col: number;
}

/** More than a person reads at once; finding the place of each takes time. */
export const MAX_PROBLEMS = 50;

/** How many nodes the aliases of a text may stand for: enough for a large cluster of equal hosts. */
const MAX_ALIASES = 200_000;

const NOWHERE: Span = { start: 0, end: 0 };

/** A YAML (or JSON) text, parsed. */
export class Source {
  /** The document's value, as far as it could be read. */
  readonly value: unknown;
  readonly syntaxProblems: readonly SyntaxProblem[];
  readonly #document: Document | undefined;
  readonly #lines = new LineCounter();

  /**
   * Reads `text`; whatever is wrong with it ends up in {@linkcode Source.syntaxProblems}.
   *
   * @param name the file's name, for messages
   */
  constructor(readonly name: string, readonly text: string) {
    const problems: SyntaxProblem[] = [];
    this.syntaxProblems = problems;
    try {
      const document = parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        merge: true,
        logLevel: "error",
        uniqueKeys: false, // #checkKeys() does it in linear time
      });
      this.#document = document;
      for (const error of [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS)) {
        const [start, end] = error.pos;
        if (problems.some(({ span }) => span.start === start)) continue; // it only follows
        problems.push({
          text: OUR_WORDS[error.code] ?? notYaml(error.message),
          path: this.#pathAt(start),
          span: { start, end },
          harmless: error.code === "TAG_RESOLVE_FAILED",
        });
      }
      for (const problem of this.#checkNodes(document)) {
        if (problems.length >= MAX_PROBLEMS) break;
        problems.push(problem);
      }
      if (problems.every(({ harmless }) => harmless)) {
        this.value = document.toJS({ maxAliasCount: MAX_ALIASES });
      }
    } catch (error) {
      // Nested too deep for the stack, or aliases that multiply.
      problems.push({ text: notYaml(messageOf(error)), path: [], span: NOWHERE, harmless: false });
    }
  }

  /**
   * Where the value at `path` stands; where there is none, the nearest thing around it.
   *
   * @param at the value, or the key before it
   */
  spanOf(path: Path, at: "key" | "value"): Span {
    let node: unknown = this.#document?.contents;
    let span = spanOfNode(node) ?? { start: 0, end: 0 };
    for (const [i, step] of path.entries()) {
      if (isAlias(node) && this.#document) node = node.resolve(this.#document);
      let key: unknown;
      if (isMap(node)) {
        const pair = node.items.find((pair) => isPair(pair) && keyOf(pair.key) === step);
        key = pair?.key;
        node = pair?.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
      } else {
        break;
      }
      const isLast = i === path.length - 1;
      const found = at === "key" && isLast ? spanOfNode(key) : spanOfNode(node) ?? spanOfNode(key);
      if (found === undefined) break;
      span = found;
    }
    return span;
  }

  /** Whether the value at `path` is written without quotes. */
  isPlain(path: Path): boolean {
    const node: unknown = this.#document?.getIn(path, true);
    return !isScalar(node) || node.type === "PLAIN";
  }

  /** Keys that are given twice, and aliases without an anchor before them. */
  *#checkNodes(document: Document): Generator<SyntaxProblem> {
    const found: { readonly span: Span; readonly text: string; readonly harmless: boolean }[] = [];
    const anchors = new Set<string>();
    const seeAnchor = (_: unknown, { anchor }: { readonly anchor?: string }) => {
      if (anchor !== undefined) anchors.add(anchor);
    };
    visit(document, {
      Alias: (_, alias) => {
        if (anchors.has(alias.source)) return;
        const text = notYaml(`There is no anchor &${alias.source} before this`);
        found.push({ text, span: spanOfNode(alias) ?? NOWHERE, harmless: false });
      },
      Map: (_, map) => {
        seeAnchor(_, map);
        const keys = new Set<unknown>();
        for (const { key } of map.items) {
          const name = keyOf(key);
          if (name !== undefined && name !== "<<" && keys.has(name)) {
            const span = spanOfNode(key) ?? NOWHERE;
            found.push({ text: "this key is given twice", span, harmless: true });
          }
          keys.add(name);
        }
      },
      Scalar: seeAnchor,
      Seq: seeAnchor,
    });
    for (const problem of found) yield { ...problem, path: this.#pathAt(problem.span.start) };
  }

  /** The path of the innermost thing that holds `offset`. */
  #pathAt(offset: number): Path {
    const holds = (node: unknown) => {
      const span = spanOfNode(node);
      return span !== undefined && span.start <= offset && offset < span.end;
    };
    const path: (string | number)[] = [];
    let node: unknown = this.#document?.contents;
    while (node !== undefined) {
      if (isMap(node)) {
        const pair = node.items.find(({ key, value }) => holds(key) || holds(value));
        if (pair !== undefined) path.push(String(keyOf(pair.key)));
        node = pair?.value;
      } else if (isSeq(node)) {
        const index = node.items.findIndex(holds);
        if (index >= 0) path.push(index);
        node = node.items[index];
      } else {
        break;
      }
    }
    return path;
  }

  /** Line and column of an offset. */
  positionOf(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    if (line === 0) return { line: 1, col: 1 }; // an empty text has no lines
    const before = this.text.slice(offset - col + 1, offset);
    return { line, col: [...before].length + 1 };
  }

  /** The text of a line, without its end. */
  lineText(line: number): string {
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    const end = this.text.indexOf("\n", start);
    return this.text.slice(start, end === -1 ? undefined : end).replace(/\r$/, "");
  }
}

function keyOf(key: unknown): unknown {
  return isScalar(key) ? String(key.value) : undefined;
}

/** Without the blank space and comments that the parser counts to a block. */
function spanOfNode(node: unknown): Span | undefined {
  const range = (node as Node | null | undefined)?.range;
  return range ? { start: range[0], end: range[1] } : undefined;
}

/** For errors of which the library says something else than what matters here. */
const OUR_WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "expected one document, found another one here",
};

function notYaml(message: string): string {
  if (/stack/i.test(message)) return "nested too deeply";
  return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}
