import * as fc from "fast-check";
import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { MAX_VALUE_BYTES } from "../consul/mod.ts";
import { encodeBase64 } from "../lib/std/encoding.ts";
import { FORMS, parseRejected, rejectedValue } from "./rejected.ts";

const NOW = new Date(Date.UTC(2026, 10, 24));
const SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Deno.test("rejectedValue() keeps a text whole, with the reason and the time", async () => {
  const value = await rejectedValue({ key: "eq/1", text: 'drive {"a": 1}' }, "no", NOW);
  assertEquals(JSON.parse(value), {
    event: 'drive {"a": 1}',
    reason: "no",
    time: "2026-11-24T00:00:00.000Z",
  });
});

Deno.test("rejectedValue() keeps key, length and digest of what does not fit, or is no text", async () => {
  const last = await rejectedValue({ key: "eq/1", text: "abc" }, "no", NOW, FORMS.length - 1);
  assertEquals(JSON.parse(last), {
    event: "",
    reason: "no",
    time: "2026-11-24T00:00:00.000Z",
    key: "eq/1",
    bytes: 3,
    sha256: SHA256_OF_ABC,
  });
  const bytes = new Uint8Array([0x61, 0xff]);
  const rejected = { key: "eq/1", text: "a\ufffd", binary: encodeBase64(bytes) };
  const { event, bytes: length, sha256 } = JSON.parse(await rejectedValue(rejected, "no", NOW));
  assertEquals([event, length, /^[0-9a-f]{64}$/.test(sha256)], ["a\ufffd", 2, true]);
});

Deno.test("rejectedValue() fits a transaction, whatever JSON and Base64 make of an event", async () => {
  const units = fc.constantFrom("\0", '"', "\\", "é", "\ufffd", "😀", "\ud800", "x", "\x7f");
  await fc.assert(
    fc.asyncProperty(
      fc.record({ units: fc.array(units, { minLength: 1, maxLength: 4 }), form: fc.nat(2) }),
      async ({ units, form }) => {
        const unit = units.join("");
        const text = unit.repeat(MAX_VALUE_BYTES / unit.length);
        const value = await rejectedValue({ key: "eq/1", text }, text, NOW, form);
        const bytes = new TextEncoder().encode(value).length;
        const most = (FORMS[form] ?? 0) + 40_000;
        assert(bytes <= most, `${bytes} bytes in form ${form}`);
        assert(bytes * 4 / 3 < MAX_VALUE_BYTES, "no room in a transaction");
        const kept = parseRejected(value);
        assert(text.startsWith(kept.event), "not the beginning");
        assert(form !== 1 || kept.event.length > 1000, "too little");
      },
    ),
    { numRuns: 20 },
  );
});
