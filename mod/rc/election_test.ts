import { assertEquals } from "../../tests/lib/assert.ts";
import type { KvEntry, SessionInfo } from "../consul/mod.ts";
import { type Action, decide } from "./election.ts";

function session(id: string): SessionInfo {
  return {
    id,
    name: "hare-rc",
    node: "here",
    lockDelayMs: 1000,
    behavior: "release",
    nodeChecks: ["serfHealth"],
    serviceChecks: ["service:hare-rc", "service:9"],
    createIndex: 1,
    modifyIndex: 1,
  };
}

function leader(value: string, holder: string | null): KvEntry {
  return {
    key: "leader",
    value,
    flags: 0,
    session: holder,
    lockIndex: 1,
    createIndex: 1,
    modifyIndex: 1,
  };
}

type Case = readonly [
  what: string,
  session: SessionInfo | null,
  leader: KvEntry | null,
  action: Action,
];

const open: Action = { do: "open-session" };
const acquire: Action = { do: "acquire", session: "mine" };

const cases: readonly Case[] = [
  ["opens a session before all else", null, null, open],
  ["opens a session though another leads, to be ready", null, leader("there", "theirs"), open],
  [
    "opens a session when its own has ended, though the key still names it",
    null,
    leader("here", "mine"),
    open,
  ],
  ["takes a lock that never was", session("mine"), null, acquire],
  ["takes a lock that was released", session("mine"), leader("", null), acquire],
  [
    "takes a lock whose session has ended, whatever its value",
    session("mine"),
    leader("there", null),
    acquire,
  ],
  ["leads while its session holds the lock", session("mine"), leader("here", "mine"), {
    do: "lead",
    session: "mine",
  }],
  ["leads though somebody changed the value", session("mine"), leader("there", "mine"), {
    do: "lead",
    session: "mine",
  }],
  ["follows who holds the lock", session("mine"), leader("there", "theirs"), {
    do: "follow",
    leader: "there",
  }],
  ["follows its own predecessor's session", session("mine"), leader("here", "old"), {
    do: "follow",
    leader: "here",
  }],
];
for (const [what, mine, entry, action] of cases) {
  Deno.test(`decide() ${what}`, () => assertEquals(decide(mine, entry), action));
}
