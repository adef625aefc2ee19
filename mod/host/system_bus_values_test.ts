import fc from "fast-check";
import { marshal, signatureOf, type Typed } from "../../tests/lib/fake_system_bus.ts";
import { assert, assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { BusError } from "./errors.ts";
import { type BusValue, ValueReader, ValueWriter } from "./system_bus_values.ts";

/** Signatures of one value each, nested three deep at most. */
const { type: types } = fc.letrec<{ type: string }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("y", "u", "s", "o", "g", "v"),
    tie("type").map((of) => `a${of}`),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((of) => `(${of.join("")})`),
  ),
}));

const texts = fc.string({ unit: "grapheme", maxLength: 20 });

/** Values of a type. */
function valuesOf(type: string): fc.Arbitrary<Typed> {
  const value = <T extends Typed["type"], V>(type: T, values: fc.Arbitrary<V>) =>
    values.map((value) => ({ type, value }));
  switch (type[0]) {
    case "y":
      return value("y", fc.nat(255));
    case "u":
      return value("u", fc.nat(2 ** 32 - 1));
    case "s":
    case "o":
      return value(type[0], texts);
    case "g":
      return value("g", types);
    case "v":
      return value("v", fc.constantFrom("y", "u", "s", "as", "(yu)").chain(valuesOf));
    case "a": {
      const of = type.slice(1);
      return fc.array(valuesOf(of), { maxLength: 4 }).map((value) => ({ type: "a", of, value }));
    }
    default:
      return value("(", fc.tuple(...membersOf(type.slice(1, -1)).map(valuesOf)));
  }
}

/** Cuts a signature into its types, by brackets. */
function membersOf(signature: string): string[] {
  return signature.match(/a*[yusogv]|a*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g) ?? [];
}

function plain(typed: Typed): BusValue {
  switch (typed.type) {
    case "v":
      return plain(typed.value);
    case "a":
    case "(":
      return typed.value.map(plain);
    default:
      return typed.value;
  }
}

const someValues = fc.array(types.chain(valuesOf), { maxLength: 4 });

Deno.test("ValueReader reads whatever values are marshalled", () => {
  fc.assert(fc.property(someValues, (values) => {
    const signature = values.map(signatureOf).join("");
    const read = new ValueReader(Uint8Array.from(marshal(values))).read(signature);
    assertEquals(read, values.map(plain));
  }));
});

Deno.test("ValueReader reads from any place that is aligned", () => {
  const values: Typed[] = [{ type: "y", value: 1 }, { type: "u", value: 2 }];
  const bytes = Uint8Array.from([...Array(12).fill(9), ...marshal(values, 12)]);
  assertEquals(new ValueReader(bytes, 12).read("yu"), [1, 2]);
});

Deno.test("ValueWriter writes as the other marshalling does", () => {
  fc.assert(fc.property(texts, fc.array(texts), fc.nat(2 ** 32 - 1), (text, list, number) => {
    const written = new ValueWriter().text(text).texts(list).uint32(number).signature("as").bytes;
    assertEquals(
      written,
      marshal([
        { type: "s", value: text },
        { type: "a", of: "s", value: list.map((value) => ({ type: "s", value })) },
        { type: "u", value: number },
        { type: "g", value: "as" },
      ]),
    );
  }));
});

Deno.test("ValueReader refuses what is cut short, and never reads past its end", () => {
  fc.assert(fc.property(someValues, fc.nat(), (values, cut) => {
    const bytes = Uint8Array.from(marshal(values));
    fc.pre(bytes.length > 0);
    const short = new ValueReader(bytes.subarray(0, cut % bytes.length));
    const signature = values.map(signatureOf).join("");
    // An array at the end that is empty may have lost what it was filled up with.
    if (!signature.endsWith(")")) assertThrows(() => short.read(signature), BusError);
  }));
});

Deno.test("ValueReader refuses rubbish with a BusError", () => {
  const signatures = fc.oneof(types, fc.string({ unit: fc.constantFrom(..."ayus(gov)") }));
  fc.assert(fc.property(signatures, fc.uint8Array({ maxLength: 64 }), (signature, bytes) => {
    try {
      new ValueReader(bytes).read(signature);
    } catch (error) {
      assert(error instanceof BusError, String(error));
    }
  }));
});

/** Variants in variants, and arrays in arrays. */
const VARIANTS = Uint8Array.from({ length: 300 }, (_, i) => [1, 118, 0][i % 3] ?? 0);
const ARRAYS = new Uint8Array(Uint32Array.from({ length: 100 }, (_, i) => 4 * (99 - i)).buffer);
const REFUSED: readonly (readonly [why: string, signature: string, bytes: Uint8Array])[] = [
  ["is nested too deeply", "v", VARIANTS],
  ["is nested too deeply", "a".repeat(100) + "y", ARRAYS],
  ["is no signature", "a()", Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1)],
  ["is no signature", "(y", Uint8Array.of(1)],
  ["is of type x, which", "x", new Uint8Array(8)],
  ["is of no type", "v", Uint8Array.of(0, 0)],
  ["is of no type", "v", Uint8Array.of(2, 121, 121, 0, 1, 1)],
  ["ends within a value", "as", Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
  ["is not UTF-8", "s", Uint8Array.of(1, 0, 0, 0, 255, 0)],
  ["ends too early", "s", Uint8Array.of(255, 255, 255, 255, 0)],
];
for (const [why, signature, bytes] of REFUSED) {
  Deno.test(`ValueReader refuses what ${why}: ${signature.slice(0, 9)}`, () => {
    assertThrows(() => new ValueReader(bytes).read(signature), BusError, why);
  });
}
