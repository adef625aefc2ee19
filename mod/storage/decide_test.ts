/**
 * Every combination of inputs, with the correct decision.
 *
 * @module
 */

import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { decide, type Decision, type MkfsNote, type MkfsPolicy } from "./decide.ts";
import type { Finding } from "./findings.ts";

const of = (kind: Finding["kind"]): Finding => ({ kind, place: "/dev/x", text: `/dev/x: ${kind}` });

const CONSENT = ["shared", "foreign", "signature", "data", "unproven"] as const;
const FORBIDDEN = ["in-use", "twice"] as const;

type Kind = Decision["kind"];

/** By policy and note, for storage that is blank, not blank, and in use or one disk twice. */
const TABLE: Readonly<
  Record<MkfsPolicy, Readonly<Record<MkfsNote, readonly [blank: Kind, other: Kind, used: Kind]>>>
> = {
  never: {
    formatted: ["keep", "keep", "keep"],
    begun: ["refuse", "refuse", "refuse"],
    unproven: ["refuse", "refuse", "refuse"],
    nothing: ["refuse", "refuse", "refuse"],
    unknown: ["keep", "keep", "keep"],
  },
  new: {
    formatted: ["keep", "keep", "keep"],
    begun: ["format", "refuse", "refuse"],
    unproven: ["format", "refuse", "refuse"],
    nothing: ["format", "refuse", "refuse"],
    unknown: ["format", "doubt", "doubt"],
  },
  "unless-data": {
    formatted: ["format", "refuse", "refuse"],
    begun: ["format", "refuse", "refuse"],
    unproven: ["format", "refuse", "refuse"],
    nothing: ["format", "refuse", "refuse"],
    unknown: ["format", "refuse", "refuse"],
  },
  all: {
    formatted: ["format", "format", "refuse"],
    begun: ["format", "format", "refuse"],
    unproven: ["format", "format", "refuse"],
    nothing: ["format", "format", "refuse"],
    unknown: ["format", "format", "refuse"],
  },
};

for (const [policy, notes] of Object.entries(TABLE) as [MkfsPolicy, typeof TABLE["new"]][]) {
  for (
    const [note, [blank, other, used]] of Object.entries(notes) as [
      MkfsNote,
      readonly [Kind, Kind, Kind],
    ][]
  ) {
    Deno.test(`decide() with policy ${policy} where the KV says ${note}`, () => {
      const kindOf = (...findings: readonly Finding[]) => decide({ policy, note, findings }).kind;
      assertEquals(kindOf(), blank);
      for (const kind of CONSENT) assertEquals(kindOf(of(kind)), other, kind);
      for (const kind of FORBIDDEN) {
        assertEquals(kindOf(of(kind)), used, kind);
        for (const beside of CONSENT) assertEquals(kindOf(of(beside), of(kind)), used, kind);
      }
    });
  }
}

Deno.test("decide() names what it found, and offers consent only where that helps", () => {
  const situation = { policy: "new", note: "nothing" } as const;
  const data = decide({ ...situation, findings: [of("signature"), of("foreign")] });
  assert(data.kind === "refuse");
  assertEquals(
    data.reason,
    "its storage is not blank, and this cluster knows nothing of what is there: /dev/x: signature; " +
      "/dev/x: foreign",
  );
  assert(data.hint.includes("--mkfs --yes"));
  const used = decide({ ...situation, findings: [of("data"), of("in-use")] });
  assert(used.kind === "refuse");
  assertEquals(used.reason, "its storage cannot be formatted: /dev/x: in-use");
  assert(!used.hint.includes("--mkfs"));
});
