/**
 * Readers of the two notations of configuration objects, for tests: what cfgen has written is read
 * back, and must be the same.
 *
 * @module
 */

/** An object: `pver-12`, and the values of its attributes in their order. */
export interface ParsedObject {
  readonly id: string;
  readonly values: readonly ParsedValue[];
}

/** A text is in quotes; fids are `type-key`, constants begin with an at sign. */
export type ParsedValue = string | readonly ParsedValue[];

/** Reads `confd.cg`. */
export function readConfgen(text: string): readonly ParsedObject[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const scanner = new Scanner(line);
    scanner.expect("(");
    const id = scanner.match(/[a-z_]+-\d+/y);
    const values: ParsedValue[] = [];
    while (!scanner.skip(")")) {
      scanner.expect(" ");
      scanner.match(/\w+=/y);
      values.push(confgenValue(scanner));
    }
    scanner.end();
    return { id, values };
  });
}

function confgenValue(scanner: Scanner): ParsedValue {
  if (!scanner.skip("[")) return scanner.match(/"(?:[^"\\]|\\.)*"|\(0,0\)|@\w+|[a-z_]+-\d+|\d+/y);
  const list: ParsedValue[] = [];
  while (!scanner.skip("]")) {
    if (list.length > 0) scanner.expect(", ");
    list.push(confgenValue(scanner));
  }
  return list;
}

const TYPES: Readonly<Record<string, string>> = {
  t: "root",
  n: "node",
  r: "process",
  s: "service",
  d: "sdev",
  S: "site",
  a: "rack",
  e: "enclosure",
  c: "controller",
  k: "drive",
  o: "pool",
  v: "pver",
  j: "objv",
  p: "profile",
};

/** Reads `confd.xc`; counts and type bytes are checked. */
export function readXcode(text: string): readonly ParsedObject[] {
  const scanner = new Scanner(text);
  scanner.expect("[");
  const count = Number(scanner.match(/\d+/y));
  scanner.expect(":");
  const objects: ParsedObject[] = [];
  while (!scanner.skip("]\n")) {
    scanner.expect(objects.length === 0 ? "\n {" : ",\n {");
    const byte = Number(scanner.match(/0x[0-9a-f]{2}/y));
    scanner.expect("| ((");
    const start = scanner.rest();
    const id = fid(scanner);
    if (start.charCodeAt(1) !== byte) throw new Error(`${id} under type byte ${byte}`);
    scanner.expect("), ");
    const kind = /^{(\d)\| \(/.exec(scanner.rest())?.[1];
    if (kind !== undefined) scanner.expect(`{${kind}| (`);
    if (kind !== undefined && (kind === "1") !== id.startsWith("pver_f-")) throw new Error(id);
    objects.push({ id, values: xcodeValues(scanner, ")") });
    scanner.expect(kind === undefined ? "}" : "})}");
  }
  scanner.end();
  if (objects.length !== count) throw new Error(`${count} objects were promised`);
  return objects;
}

function xcodeValues(scanner: Scanner, end: string): readonly ParsedValue[] {
  const values: ParsedValue[] = [];
  while (!scanner.skip(end)) {
    if (values.length > 0) scanner.expect(", ");
    values.push(xcodeValue(scanner));
  }
  return values;
}

function xcodeValue(scanner: Scanner): ParsedValue {
  if (scanner.rest().startsWith("^")) return fid(scanner);
  if (!scanner.skip("[")) {
    const text = scanner.match(/"(?:[^"\\]|\\.)*"|\(0,0\)|@\w+|0x[0-9a-f]+|\d+/y);
    return /^\d/.test(text) ? Number(text).toString() : text;
  }
  const count = Number(scanner.match(/\d+/y));
  if (count > 0) scanner.expect(": ");
  const list = xcodeValues(scanner, "]");
  if (list.length !== count) throw new Error(`${count} entries were promised`);
  return list;
}

function fid(scanner: Scanner): string {
  const [letter = "", container = "", key = ""] = scanner.match(/\^\w\|\w+:\w+/y).slice(1).split(
    /[|:]/,
  );
  const suffix = container === "1" ? "" : "_f";
  return `${TYPES[letter]}${suffix}-${Number(key)}`;
}

class Scanner {
  #at = 0;

  constructor(readonly text: string) {}

  rest(): string {
    return this.text.slice(this.#at, this.#at + 100);
  }

  skip(wanted: string): boolean {
    if (!this.text.startsWith(wanted, this.#at)) return false;
    this.#at += wanted.length;
    return true;
  }

  expect(wanted: string): void {
    if (!this.skip(wanted)) throw new Error(`expected ${wanted}, found ${this.rest()}`);
  }

  match(wanted: RegExp): string {
    wanted.lastIndex = this.#at;
    const [found] = wanted.exec(this.text) ?? [];
    if (found === undefined) throw new Error(`expected ${wanted}, found ${this.rest()}`);
    this.#at += found.length;
    return found;
  }

  end(): void {
    if (this.#at !== this.text.length) throw new Error(`expected the end, found ${this.rest()}`);
  }
}
