/**
 * Whatever text is given to cfgen: it answers, or tells what is wrong.
 *
 * @module
 */

import fc from "fast-check";
import {
  assertSound,
  CDF_HELP,
  CdfError,
  generate,
  mockFacts,
  parseCdf,
  parseFacts,
  TARGETS,
} from "../../cfgen/mod.ts";
import { HareError } from "../../mod/lib/errors.ts";
import { assert, assertThrows } from "../lib/assert.ts";
import { FACTS } from "../lib/cdf.ts";

/** Holds when the text is accepted, or refused with problems that have their places in it. */
function answers(text: string): void {
  const document = parseCdf(text, { name: "cdf.yaml", target: TARGETS.motr });
  const lines = text.split("\n").length;
  for (
    const attempt of [
      () => assertSound(document),
      () => generate(document, mockFacts(document, "1")),
    ]
  ) {
    try {
      attempt();
    } catch (error) {
      if (!(error instanceof CdfError)) throw error;
      assert(error.problems.length > 0);
      const places = [...error.message.matchAll(/^cdf\.yaml:(\d+):(\d+): /gm)];
      assert(places.length === error.problems.length, error.message);
      assert(places.every(([, line]) => Number(line) >= 1 && Number(line) <= lines), error.message);
    }
  }
}

Deno.test("cfgen answers any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), answers), { numRuns: 500 });
});

Deno.test("cfgen answers any text made of YAML's own characters", () => {
  const unit = fc.constantFrom(..."[]{}:,-&*!|>'\"%@`#?<~ \t\n\r", "a", "hosts", "pools", "\n  - ");
  fc.assert(fc.property(fc.array(unit, { maxLength: 40 }), (units) => answers(units.join(""))), {
    numRuns: 500,
  });
});

Deno.test("cfgen answers any data", () => {
  // Keys that every object has from its prototype are data here like any other.
  const keys = ["toString", "constructor", "hasOwnProperty", "__proto__", "valueOf"];
  for (const key of keys) {
    for (const text of [`${key}: 1`, `hosts: [{${key}: 1}]`, `pools: [{disks: {${key}: 1}}]`]) {
      answers(text);
    }
  }
  fc.assert(fc.property(fc.jsonValue(), (value) => answers(JSON.stringify(value))));
});

Deno.test("cfgen answers a description in which anything is replaced by anything", () => {
  // The values and keys of the example with every key, each a place to spoil.
  const places = [...CDF_HELP.matchAll(/(?<=: |- )[^\s{#][^\n,}]*/g)].map((
    { index, 0: { length } },
  ) => [index, length] as const);
  const spoil = fc.tuple(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(fc.array(spoil, { minLength: 1, maxLength: 4 }), (spoils) => {
      const ordered = spoils.toSorted(([[a]], [[b]]) => b - a); // from the end, to keep the places
      let text = CDF_HELP;
      for (const [[index, length], value] of ordered) {
        text = text.slice(0, index) + JSON.stringify(value) + text.slice(index + length);
      }
      answers(text);
    }),
    { numRuns: 500 },
  );
});

Deno.test("cfgen answers a description that is cut off anywhere", () => {
  for (let length = 0; length < CDF_HELP.length; length += 7) answers(CDF_HELP.slice(0, length));
});

Deno.test("parseFacts() answers any text and any data", () => {
  const good = JSON.stringify(FACTS);
  const cut = fc.nat({ max: good.length }).map((length) => good.slice(0, length));
  const text = fc.oneof(
    cut,
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.jsonValue().map((value) => JSON.stringify({ hosts: { a: value } })),
  );
  fc.assert(fc.property(text, (text) => {
    try {
      parseFacts(text, "facts.json");
    } catch (error) {
      assert(error instanceof HareError, String(error));
    }
  }));
});

/** Made to take long, or to fill the memory: bounded, each is answered in a moment. */
const HEAVY: Readonly<Record<string, string>> = {
  "clients without number": hostsWith(1, 100_000_000),
  "clients of many hosts": hostsWith(11, 10_000),
  "hosts all alike": `hosts:\n  - &h {name: a, c0_clients: 1, m0t1fs_clients: 0}\n${
    "  - *h\n".repeat(4000)
  }pools: []\n`,
  "one key again and again": "a: 1\n".repeat(30_000),
  "keys without number": Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`).join(""),
  "as many mistakes as lines": `hosts:\n${"  - {name: 1, foo: 1}\n".repeat(4000)}pools: []\n`,
  "brackets that nothing closes": "a: [\n".repeat(5000),
  "brackets in brackets": `x: ${"[".repeat(5000)}${"]".repeat(5000)}`,
  "aliases of aliases": Array.from(
    { length: 12 },
    (_, i) => `k${i}: &k${i} [${Array(9).fill(i === 0 ? "x" : `*k${i - 1}`).join()}]\n`,
  ).join(""),
  "five megabytes": "#".repeat(5 * 2 ** 20),
};

function hostsWith(count: number, clients: number): string {
  const host = (i: number) =>
    `  - {name: h${i}, m0_servers: [{runs_confd: true}], c0_clients: ${clients}, m0t1fs_clients: 0}\n`;
  return `hosts:\n${Array.from({ length: count }, (_, i) => host(i)).join("")}` +
    "pools: [{name: p, disks: all, data_units: 1, parity_units: 0}]\n";
}

for (const [what, text] of Object.entries(HEAVY)) {
  Deno.test(`cfgen refuses ${what} within seconds`, () => {
    const started = performance.now();
    const error = assertThrows(() => {
      assertSound(parseCdf(text, { name: "cdf.yaml", target: TARGETS.mero }));
    }, HareError);
    assert(error.message.length < 50_000, `${error.message.length} characters`);
    const ms = performance.now() - started;
    assert(ms < 10_000, `${ms} ms`); // a second or less where nothing else runs; minutes unbounded
  });
}
