import { assertEquals } from "../../tests/lib/assert.ts";
import { MAX_NOTES, type Note } from "../halink/mod.ts";
import { makeFid } from "../lib/fid.ts";
import { Outbox } from "./outbox.ts";

function note(key: number, state: Note["state"] = "failed"): Note {
  return { fid: makeFid("drive", key), state };
}

/** An outbox that keeps what it sends: keys and states, a list a message. */
function fixture(capacity?: number) {
  const sent: string[][] = [];
  const outbox = new Outbox({
    send: (_, notes) => sent.push(notes.map(({ fid, state }) => `${fid.key} ${state}`)),
    capacity,
  });
  outbox.open(1n);
  return { sent, outbox };
}

Deno.test("Outbox tells at once while few messages are under way, then as they end", () => {
  const { sent, outbox } = fixture();
  for (let key = 1; key <= 11; key++) outbox.tell(1n, [note(key)]);
  assertEquals([sent.length, outbox.length], [8, 3]);
  outbox.ended(1n);
  assertEquals(sent.at(-1), ["9 failed", "10 failed", "11 failed"], "those that wait go together");
  assertEquals(outbox.length, 0);
});

Deno.test("Outbox never tells two states of an object in one message", () => {
  const { sent, outbox } = fixture();
  outbox.tell(1n, [note(1), note(2), note(1, "online"), note(3)]);
  assertEquals(sent, [["1 failed", "2 failed"], ["1 online", "3 failed"]]);
});

Deno.test("Outbox splits what exceeds a message", () => {
  for (const count of [MAX_NOTES - 1, MAX_NOTES, MAX_NOTES + 1, 3 * MAX_NOTES]) {
    const { sent, outbox } = fixture();
    outbox.tell(1n, Array.from({ length: count }, (_, i) => note(i)));
    assertEquals(sent.flat().length, count);
    assertEquals(Math.max(...sent.map(({ length }) => length)) <= MAX_NOTES, true);
    assertEquals(sent.length, Math.ceil(count / MAX_NOTES));
  }
});

Deno.test("Outbox keeps the newest state of each object where there is no room for all", () => {
  const { sent, outbox } = fixture(4);
  for (let i = 0; i < 8; i++) outbox.sentPast(1n);
  for (const n of [note(1), note(2), note(3), note(1, "repair"), note(2, "online")]) {
    outbox.tell(1n, [n]);
  }
  assertEquals([sent.length, outbox.length, outbox.collapsed], [0, 3, 2]);
  outbox.ended(1n);
  assertEquals(sent, [["3 failed", "1 repair", "2 online"]]);
});

Deno.test("Outbox forgets a link that is closed, and knows nothing of one that never was", () => {
  const { sent, outbox } = fixture();
  for (let i = 0; i < 9; i++) outbox.tell(1n, [note(i)]);
  outbox.close(1n);
  outbox.ended(1n);
  outbox.tell(1n, [note(1)]);
  outbox.tell(2n, [note(1)]);
  assertEquals([sent.length, outbox.length, outbox.links.length], [8, 0, 0]);
});

Deno.test("Outbox counts a message that ends within its sending", () => {
  let told = 0;
  const outbox: Outbox = new Outbox({
    send: (link) => {
      told += 1;
      outbox.ended(link);
    },
  });
  outbox.open(1n);
  for (let i = 0; i < 100; i++) outbox.tell(1n, [note(1)]);
  assertEquals([told, outbox.length], [100, 0]);
});
