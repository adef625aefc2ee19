import fc from "fast-check";
import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { makeFid } from "../lib/fid.ts";
import {
  EVENT,
  FAILURE_VECTOR_REPLY,
  MAX_NOTES,
  MESSAGE,
  NOTE,
  NVEC,
  readFid,
  readU64,
  SIZE,
  writeU64,
} from "./layout.ts";
import { MessageWriter, readMessage } from "./message.ts";

const SOURCE = { process: makeFid("process", 6), service: makeFid("service", 7) };

function blank(type: number): DataView {
  const view = new DataView(new ArrayBuffer(SIZE.message));
  writeU64(view, MESSAGE.type, BigInt(type));
  return view;
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer);
}

Deno.test("the layouts leave no room and overlap nowhere", () => {
  assertEquals(FAILURE_VECTOR_REPLY.notes + MAX_NOTES * SIZE.note, MESSAGE.tag);
  assertEquals(MESSAGE.tag + 8, SIZE.message);
  assertEquals(NVEC.notes + MAX_NOTES * SIZE.note <= MESSAGE.tag, true);
  assertEquals([NOTE.state + 4 <= SIZE.note, EVENT.event - MESSAGE.type], [true, 8]);
});

Deno.test("MessageWriter.states() writes every note, and no more than a message holds", () => {
  const writer = new MessageWriter(SOURCE);
  for (const count of [0, 1, MAX_NOTES - 1, MAX_NOTES]) {
    const notes = Array.from({ length: count }, (_, i) => ({
      fid: makeFid("drive", i),
      state: "repair" as const,
    }));
    const view = viewOf(writer.states({ notes, idOfGet: 5n }));
    assertEquals(readU64(view, NVEC.count), BigInt(count));
    assertEquals(readU64(view, NVEC.idOfGet), 5n);
    assertEquals(readFid(view, MESSAGE.sourceProcess), SOURCE.process);
    if (count === 0) continue;
    const last = NVEC.notes + (count - 1) * SIZE.note;
    assertEquals(readFid(view, last), makeFid("drive", count - 1));
    assertEquals(view.getUint32(last + NOTE.state, true), 4);
  }
  const one = { fid: makeFid("drive", 1), state: "failed" } as const;
  const tooMany = { notes: Array(MAX_NOTES + 1).fill(one) };
  assertThrows(
    () => writer.states(tooMany),
    RangeError,
    "1025 states in a message that holds 1024",
  );
});

Deno.test("MessageWriter leaves nothing of a message in the next one", () => {
  const writer = new MessageWriter(SOURCE);
  const note = { fid: makeFid("drive", 1), state: "failed" } as const;
  writer.states({ notes: Array(MAX_NOTES).fill(note), idOfGet: 9n });
  const after = viewOf(writer.failureVector(makeFid("pool", 3), [1n, 2n]));
  const fresh = viewOf(new MessageWriter(SOURCE).failureVector(makeFid("pool", 3), [1n, 2n]));
  assertEquals(new Uint8Array(after.buffer), new Uint8Array(fresh.buffer));
});

Deno.test("readMessage() tells the two libraries' numbers for one error apart", () => {
  const kinds = (type: number) =>
    (["motr", "mero"] as const).map((flavour) => readMessage(blank(type), flavour).kind);
  assertEquals(kinds(11), ["error", "other"]);
  assertEquals(kinds(12), ["other", "error"]);
});

Deno.test("readMessage() reads whatever memory there is, and never throws", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 20 }),
    fc.uint8Array({ minLength: 64, maxLength: 64 }),
    (type, bytes) => {
      const view = blank(type);
      new Uint8Array(view.buffer).set(bytes, MESSAGE.type + 8);
      const message = readMessage(view, "motr");
      if (message.kind === "states asked") assertEquals(message.objects.length <= MAX_NOTES, true);
      if (message.kind === "process event") assertEquals(Number.isNaN(message.pid), false);
    },
  ));
});
