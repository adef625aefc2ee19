import { assertEquals } from "../../tests/lib/assert.ts";
import type { KvEntry, SessionInfo } from "../consul/mod.ts";
import type { Switchover } from "../kv/rc_orders.ts";
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

/** The session that holds the lock, where it is not `mine`. */
function holderIn(entry: KvEntry | null): SessionInfo | null {
  const id = entry?.session ?? null;
  if (id === null || id === "mine" || id === "ended") return null;
  return { ...session(id), node: id === "theirs" ? "there" : "here" };
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
  ["follows who holds the lock, whatever its value", session("mine"), leader("here", "theirs"), {
    do: "follow",
    leader: "there",
  }],
  [
    "releases the lock of a session that no process of its node has",
    session("mine"),
    leader("there", "old"),
    { do: "release-stray", session: "old" },
  ],
  [
    "waits for the end of a session that has just ended",
    session("mine"),
    leader("there", "ended"),
    { do: "await-release" },
  ],
];
for (const [what, mine, entry, action] of cases) {
  Deno.test(`decide() ${what}`, () =>
    assertEquals(decide(mine, entry, holderIn(entry), "here", null), action));
}

const order = (to: string | null): Switchover => ({ from: "here", to });
const ordered: readonly (readonly [
  what: string,
  leader: KvEntry | null,
  order: Switchover,
  action: Action,
])[] = [
  ["steps down for another node", leader("here", "mine"), order("there"), {
    do: "step-down",
    session: "mine",
    to: "there",
  }],
  ["steps down for any other node", leader("here", "mine"), order(null), {
    do: "step-down",
    session: "mine",
    to: "another node",
  }],
  ["stands aside for the node that is to lead", leader("", null), order("there"), {
    do: "stand-aside",
    to: "there",
  }],
  ["takes the lock when it is to lead itself", leader("", null), order("here"), acquire],
  ["takes the lock under its name in capitals, too", leader("", null), order("HERE"), acquire],
  [
    "takes the lock when any but the former leader is to lead",
    leader("", null),
    { from: "there", to: null },
    acquire,
  ],
  ["goes on leading when it is to lead", leader("here", "mine"), order("here"), {
    do: "lead",
    session: "mine",
  }],
  ["goes on following", leader("there", "theirs"), order("elsewhere"), {
    do: "follow",
    leader: "there",
  }],
];
for (const [what, entry, switchover, action] of ordered) {
  Deno.test(`decide() by order ${what}`, () => {
    assertEquals(decide(session("mine"), entry, holderIn(entry), "here", switchover), action);
  });
}
