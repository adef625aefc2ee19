import * as fc from "fast-check";
import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import {
  EventSyntaxError,
  formatEvent,
  type HareEvent,
  joinEvents,
  type Json,
  parseEvent,
  splitEvents,
} from "./event.ts";

const type = fc.stringMatching(/^[A-Za-z][\w.-]*$/);
// JSON has no -0: it comes back as 0.
const body = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
const event: fc.Arbitrary<HareEvent> = fc.oneof(
  fc.record({ type }),
  fc.record({ type, body }),
);

Deno.test("parseEvent() returns what formatEvent() was given", () => {
  fc.assert(fc.property(event, (event) => assertEquals(parseEvent(formatEvent(event)), event)));
});

Deno.test("splitEvents() returns what joinEvents() was given, whatever JSON is inside", () => {
  fc.assert(fc.property(fc.array(event), (events) => {
    const texts = events.map(formatEvent);
    assertEquals(splitEvents(joinEvents(texts)), texts);
  }));
});

Deno.test("splitEvents() loses no character of a broken event but spaces and commas", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const rest = (text: string) => text.replaceAll(/[\s,]/g, "");
    assertEquals(rest(splitEvents(text).join("")), rest(text));
  }));
});

Deno.test("parseEvent() reads what people type", () => {
  assertEquals(parseEvent("wake_RC"), { type: "wake_RC" });
  assertEquals(parseEvent("  wake_RC\n"), { type: "wake_RC" });
  assertEquals(parseEvent('drive\t{ "a" : [1, 2] } '), { type: "drive", body: { a: [1, 2] } });
  assertEquals(splitEvents("tmo1 , wake_RC,,"), ["tmo1", "wake_RC"]);
  assertEquals(splitEvents(' process {"a": "x,\\"y", "b": [1,2]} ,tmo2'), [
    'process {"a": "x,\\"y", "b": [1,2]}',
    "tmo2",
  ]);
  assertEquals(splitEvents(""), []);
});

Deno.test("parseEvent() refuses what is no event, and says why", () => {
  for (
    const [text, message] of [
      ["", '"" is no event: it does not begin with a type'],
      ["{}", '"{}" is no event: it does not begin with a type'],
      ["a,b", '"a,b" is no event: it does not begin with a type'],
      ["drive failed", '"drive failed" is no event: what follows the type is no JSON'],
      ['drive {"a": 1', "is no event: what follows the type is no JSON"],
    ] as const
  ) {
    assertThrows(() => parseEvent(text), EventSyntaxError, message);
  }
});

Deno.test("formatEvent() refuses a type that would not be read back", () => {
  for (const type of ["", "two words", "a,b", 'a"b', "a{}", "a[0]", "line\nbreak"]) {
    assertThrows(() => formatEvent({ type }), EventSyntaxError);
  }
});
