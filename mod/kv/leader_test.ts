import { assertEquals } from "../../tests/lib/assert.ts";
import type { KvEntry, SessionInfo } from "../consul/mod.ts";
import { leaderIn, type LeaderStore, watchLeader } from "./leader.ts";

function entry(value: string, session: string | null): KvEntry {
  const rest = { flags: 0, lockIndex: 7, createIndex: 1, modifyIndex: 1 };
  return { key: "leader", value, session, ...rest };
}

/** Sessions, each named after its node; `gone` has ended. */
function sessions(asked: string[] = []): LeaderStore["session"] {
  return {
    info: (id) => {
      asked.push(id);
      return Promise.resolve(id === "gone" ? null : { node: `node-${id}` } as SessionInfo);
    },
  };
}

const cases: readonly (readonly [what: string, entry: KvEntry | null, node: string | null])[] = [
  ["nobody without the key", null, null],
  ["nobody without a session", entry("node-a", null), null],
  ["nobody when the session has ended", entry("node-a", "gone"), null],
  ["the session's node", entry("node-a", "a"), "node-a"],
  ["the session's node, whatever the value says", entry("node9", "a"), "node-a"],
];
for (const [what, found, node] of cases) {
  Deno.test(`leaderIn(): ${what}`, async () => {
    const leader = await leaderIn(found, { session: sessions() });
    assertEquals(leader?.node ?? null, node);
  });
}

Deno.test("watchLeader() asks once for each session", async () => {
  const asked: string[] = [];
  const states = [
    entry("node-a", "a"),
    entry("node9", "a"),
    entry("", null),
    entry("node-b", "b"),
    entry("node-b", "b"),
  ];
  const kv = { watch: () => ReadableStream.from(states).values() };
  const seen: string[] = [];
  const { signal } = new AbortController();
  for await (const leader of watchLeader({ kv, session: sessions(asked) }, { signal })) {
    seen.push(leader === null ? "nobody" : `${leader.node} ${leader.value}`);
  }
  assertEquals(seen, ["node-a node-a", "node-a node9", "nobody", "node-b node-b", "node-b node-b"]);
  assertEquals(asked, ["a", "b"]);
});
