/**
 * A test file of m0crate, Mero's load generator: YAML, written by people. Who the client is, and
 * where, is put into it; every other character stays as it is (spec: commands.md,
 * `hare m0crate-conf`).
 *
 * @module
 */

import {
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLParseError,
} from "yaml";
import type { TargetName } from "../../cfgen/mod.ts";
import { HareError } from "../lib/errors.ts";
import { type Fid, formatFid } from "../lib/fid.ts";

/** Who a client is, and where. */
export interface ClientPlace {
  /** Its own endpoint. */
  readonly localEndpoint: string;
  /** Endpoint of the node's hax. */
  readonly haEndpoint: string;
  readonly process: Fid;
  readonly profile: Fid;
}

/** A text with the four values in it, and how they stand there. */
export interface EditedM0crateFile {
  readonly text: string;
  /** Name and value of each setting, as they are in the text. */
  readonly settings: readonly (readonly [name: string, value: string])[];
}

/** The section with the client's settings, which tells Mero from Motr. */
const SECTIONS = {
  MERO_CONFIG: {
    target: "mero",
    names: ["MERO_LOCAL_ADDR", "MERO_HA_ADDR", "CLOVIS_PROCESS_FID", "CLOVIS_PROF"],
  },
  MOTR_CONFIG: {
    target: "motr",
    names: ["MOTR_LOCAL_ADDR", "MOTR_HA_ADDR", "PROCESS_FID", "PROF"],
  },
} as const satisfies Record<string, { target: TargetName; names: readonly string[] }>;

/** A part of the text, and what takes its place. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A test file. */
export class M0crateFile {
  /** What the file was written for. */
  readonly target: TargetName;
  readonly #name: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #names: readonly string[];
  readonly #settings: readonly Pair[];
  readonly #isFlow: boolean;

  /**
   * Reads a file.
   *
   * @param name the file's name, for messages
   * @throws {HareError} when it is no YAML, or no test file of m0crate; with line and column
   */
  constructor({ name, text }: { readonly name: string; readonly text: string }) {
    this.#name = name;
    this.#text = text;
    const document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: "error",
      uniqueKeys: false,
    });
    const error = document.errors.find((error) => !m0crateTakes(error));
    if (error !== undefined) throw this.#wrong(error.pos[0], `not valid YAML: ${error.message}`);
    const pairs = isMap(document.contents) ? document.contents.items : [];
    const [pair, second] = pairs.filter(({ key }) => Object.hasOwn(SECTIONS, nameOf(key)));
    if (pair === undefined) {
      throw this.#wrong(0, "there is no section MERO_CONFIG or MOTR_CONFIG", {
        hint: "is it a test file of m0crate?",
      });
    }
    if (second !== undefined) {
      throw this.#wrong(
        startOf(second.key),
        nameOf(second.key) === nameOf(pair.key)
          ? `there is another section ${nameOf(pair.key)} before this`
          : "there is a section for Mero and one for Motr",
      );
    }
    const section = nameOf(pair.key);
    const { value } = pair;
    if (!isMap(value) || value.items.length === 0) {
      throw this.#wrong(startOf(pair.key), `${section} is no list of settings, NAME: VALUE`);
    }
    const { target, names } = SECTIONS[section === "MERO_CONFIG" ? section : "MOTR_CONFIG"];
    this.target = target;
    this.#names = names;
    this.#settings = [...value.items, ...this.#unevenAfter(pair, pairs)];
    this.#isFlow = value.flow === true;
  }

  /**
   * The pairs after a section that are indented further than the section's name. They belong to the
   * section, but are indented less than its first pair, so YAML's parser ends the section before
   * them.
   */
  #unevenAfter(section: Pair, pairs: readonly Pair[]): readonly Pair[] {
    const column = ({ key }: Pair) => this.#lines.linePos(startOf(key)).col;
    const after = pairs.slice(pairs.indexOf(section) + 1);
    const end = after.findIndex((pair) => column(pair) <= column(section));
    return end < 0 ? after : after.slice(0, end);
  }

  /**
   * The text with `place` in it. A setting that is not there is added before the first one. Older
   * and newer programs call the settings by other prefixes, which are kept.
   *
   * @throws {HareError} when a setting is written in a way that cannot be changed; with line and
   * column
   */
  with({ localEndpoint, haEndpoint, process, profile }: ClientPlace): EditedM0crateFile {
    const values = [localEndpoint, haEndpoint, formatFid(process), formatFid(profile)];
    const edits: Edit[] = [];
    const missing: (readonly [name: string, value: string])[] = [];
    const settings = this.#names.map((name, i) => {
      const value = values[i] ?? "";
      const pair = this.#find(name);
      if (pair !== undefined) {
        edits.push(this.#replaced(pair, value));
        return [nameOf(pair.key), value] as const;
      }
      const shown = isFid(value) ? `<${value}>` : value;
      missing.push([name, plain(shown)]);
      return [name, value] as const;
    });
    if (missing.length > 0) edits.push(this.#added(missing));
    const text = edits.toSorted((a, b) => b.start - a.start).reduce(
      (text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end),
      this.#text,
    );
    return { text, settings };
  }

  /** The setting of this name, else of another name that means it. */
  #find(name: string): Pair | undefined {
    const meaning = /(LOCAL_ADDR|HA_ADDR|PROCESS_FID|PROF)$/.exec(name)?.[1] ?? name;
    const found = this.#settings.find(({ key }) => nameOf(key) === name) ??
      this.#settings.find(({ key }) => new RegExp(`^(\\w+_)?${meaning}$`).test(nameOf(key)));
    const second = this.#settings.find((pair) =>
      pair !== found && found !== undefined && nameOf(pair.key) === nameOf(found.key)
    );
    if (second !== undefined) {
      throw this.#wrong(startOf(second.key), `${nameOf(second.key)} is given twice`);
    }
    return found;
  }

  #replaced({ key, value: node }: Pair, value: string): Edit {
    const name = nameOf(key);
    if (!(isScalar(node) || isAlias(node)) || !node.range) {
      throw this.#wrong(startOf(key), `${name} has no plain value`);
    }
    const [start, end] = node.range;
    if (isScalar(node) && node.anchor !== undefined) {
      throw this.#wrong(start, `${name} has an anchor, &${node.anchor}: other values hang on it`);
    }
    const type = isScalar(node) ? node.type : undefined;
    if (type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED) {
      throw this.#wrong(start, `${name} has a block of text as its value`, {
        hint: `write it in one line, as in ${name}: VALUE`,
      });
    }
    const old = isScalar(node) ? String(node.value) : "";
    const bracketed = isFid(value) && (old === "null" || old === "" || old.startsWith("<"));
    const text = inStyleOf(type, bracketed ? `<${value}>` : value);
    if (start !== end) return { start, end, text };
    const before = this.#text.at(start - 1) === ":" ? " " : "";
    const after = /^(\s|$)/.test(this.#text.slice(end, end + 1)) ? "" : " ";
    return { start, end, text: before + text + after };
  }

  /** Lines before the first setting, indented as it is. */
  #added(settings: readonly (readonly [name: string, value: string])[]): Edit {
    const at = startOf(this.#settings[0]?.key);
    const indent = this.#text.slice(this.#text.lastIndexOf("\n", at - 1) + 1, at);
    if (!this.#isFlow && indent.trim() !== "") {
      const names = settings.map(([name]) => name).join(", ");
      throw this.#wrong(at, `${names} cannot be added before this`, {
        hint: "write each in a line of its own, as in NAME: VALUE",
      });
    }
    const end = this.#isFlow ? ", " : (this.#text.includes("\r\n") ? "\r\n" : "\n") + indent;
    const text = settings.map(([name, value]) => `${name}: ${value}${end}`).join("");
    return { start: at, end: at, text };
  }

  #wrong(offset: number, what: string, options: { readonly hint?: string } = {}): HareError {
    const { line, col } = this.#lines.linePos(offset);
    // An empty text has no lines.
    return new HareError(`${this.#name}:${line || 1}:${col || 1}: ${what}`, options);
  }
}

/**
 * Whether m0crate still accepts the file. m0crate scans tokens and builds no tree: a key may
 * repeat, for example `WORKLOAD` for each workload, and its indentation may be uneven.
 */
function m0crateTakes({ code, message }: YAMLParseError): boolean {
  return code === "BAD_INDENT" && / items must start at the same column$/.test(message);
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : "";
}

function startOf(node: unknown): number {
  return isScalar(node) ? node.range?.[0] ?? 0 : 0;
}

function isFid(value: string): boolean {
  return /^0x\w+:0x\w+$/.test(value);
}

function inStyleOf(type: string | undefined | null, value: string): string {
  switch (type) {
    case Scalar.QUOTE_DOUBLE:
      return JSON.stringify(value);
    case Scalar.QUOTE_SINGLE:
      return `'${value.replaceAll("'", "''")}'`;
    default:
      return plain(value);
  }
}

/** Without quotes where YAML then reads the same text. */
function plain(value: string): string {
  return /^[a-z\d<]([\w.@:<>-]*[\w>])?$/i.test(value) ? value : JSON.stringify(value);
}
