import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { messageBytes } from "../../tests/lib/fake_system_bus.ts";
import { encodeHex } from "../lib/std/encoding.ts";
import { BusError } from "./errors.ts";
import { decodeMessage, encodeCall, messageLength } from "./system_bus_message.ts";

// Put together by hand from the specification's tables.
const CALL = [
  "6c010201" + "1b000000" + "07000000" + "49000000", // little-endian, call, lengths, serial
  "01016f00" + "02000000" + "2f6100" + "0000000000", // path /a
  "02017300" + "03000000" + "622e6300" + "00000000", // interface b.c
  "03017300" + "01000000" + "4400" + "000000000000", // member D
  "06017300" + "03000000" + "652e6600" + "00000000", // destination e.f
  "08016700" + "0373617300" + "00000000000000", // signature sas
  "01000000" + "7800" + "0000" + "0f000000" + "01000000" + "7900" + "0000" + "02000000" + "7a7a00",
];

Deno.test("encodeCall() writes a message as the specification has it", () => {
  const call = { path: "/a", interface: "b.c", member: "D", destination: "e.f" };
  const bytes = encodeCall(7, { ...call, args: ["x", ["y", "zz"]] });
  assertEquals(encodeHex(bytes), CALL.join(""));
  assertEquals(messageLength(bytes), bytes.length);
});

Deno.test("decodeMessage() reads answers, errors and signals", () => {
  const fields = {
    1: { type: "o", value: "/p" },
    3: { type: "s", value: "M" },
    4: { type: "s", value: "an.Error" },
    5: { type: "u", value: 9 },
    // A field that is not known means nothing.
    99: { type: "s", value: "?" },
  } as const;
  for (const type of ["return", "error", "signal"] as const) {
    const bytes = messageBytes({ type, fields, body: [{ type: "s", value: "b" }] });
    const { body, ...header } = decodeMessage(bytes);
    const expected = { path: "/p", member: "M", errorName: "an.Error", replySerial: 9 };
    assertEquals(header, { type, ...expected });
    assertEquals(body(), ["b"]);
    assertEquals(messageLength(bytes), bytes.length);
  }
  const { body, ...header } = decodeMessage(messageBytes({ type: "return", fields: {} }));
  const nothing = { path: null, member: null, errorName: null, replySerial: null };
  assertEquals(header, { type: "return", ...nothing });
  assertEquals(body(), []);
  assertEquals(decodeMessage(encodeCall(1, { ...CALLED, member: "D" })).type, "other");
});

const CALLED = { path: "/a", interface: "b.c", destination: "e.f" };

Deno.test("messageLength() refuses what is no message, or too long a one", () => {
  const prelude = messageBytes({ type: "signal", fields: {} }).slice(0, 16);
  const changed = (at: number, value: number) => prelude.with(at, value);
  assertEquals(messageLength(prelude), 16);
  assertThrows(() => messageLength(changed(0, "B".charCodeAt(0))), BusError, "is no message");
  assertThrows(() => messageLength(changed(3, 2)), BusError, "is no message");
  assertThrows(() => messageLength(changed(7, 1)), BusError, "16777232 bytes");
  assertThrows(() => messageLength(changed(15, 255)), BusError, "bytes");
});

Deno.test("decodeMessage() meets rubbish with a BusError", () => {
  const prelude = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(fc.property(prelude, fc.uint8Array({ maxLength: 99 }), (prelude, rest) => {
    try {
      prelude.set([0, 0, 0], 13); // a short list of fields, else it always ends too early
      decodeMessage(Uint8Array.from([...prelude, ...rest])).body();
    } catch (error) {
      assert(error instanceof BusError, String(error));
    }
  }));
});
