import { captureLog } from "../../tests/lib/capture_log.ts";
import { assertEquals, assertStringIncludes } from "../../tests/lib/assert.ts";
import type { EntrypointAnswer } from "../entrypoint/entrypoint.ts";
import type { LinkId, Message, Note, Peer } from "../halink/mod.ts";
import type { HareEvent } from "../kv/event.ts";
import { formatFid, makeFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { renderMetrics } from "../lib/metrics.ts";
import { LinkSide } from "./link_side.ts";
import type { Report } from "./transition.ts";

const OWN = makeFid("process", 6);
const NINE = makeFid("process", 9);

const ENTRYPOINT: EntrypointAnswer = {
  known: true,
  entrypoint: {
    principalRm: { node: "node1", fid: makeFid("service", 10), address: "ep-9" },
    confds: [{ node: "node1", fid: NINE, address: "ep-9" }],
    quorum: 1,
  },
};

const peer = (key: number, pid = 100 + key, isFirst = true): Peer => ({
  process: makeFid("process", key),
  endpoint: `ep-${key}`,
  pid,
  isFirst,
});

const note = (key: number, state: Note["state"]): Note => ({ fid: makeFid("drive", key), state });

/** hax's side of a link that notes down what goes over it. */
function fixture() {
  const sent: string[] = [];
  const reports: string[] = [];
  const events: HareEvent[] = [];
  const world = {
    answer: ENTRYPOINT,
    room: true,
    toKnow: [] as readonly Note[],
    awaited: [] as readonly number[],
    /** Pids that no process has. */
    ended: [] as readonly number[],
    /** When the processes were started. */
    start: 1,
    sent,
    reports,
    events,
  };
  const textOf = (notes: readonly Note[]) =>
    notes.map(({ fid, state }) => `${fid.key} ${state}`).join(", ");
  const side = new LinkSide({
    own: OWN,
    startOf: (pid) => world.ended.includes(pid) ? null : world.start,
    awaited: () => world.awaited,
    onAsked: () => {},
    entrypoint: () => world.answer,
    stateFor: (asker) => asker === null ? "transient" : "online",
    statesToKnow: () => world.toKnow,
    report: (fid, { event, type, pid }: Report) =>
      reports.push(`${fid.key} ${event} ${type} ${pid}`),
    putEvent: (event) => {
      if (world.room) events.push(event);
      return world.room;
    },
    log: loggerOf("test"),
  });
  side.use({
    sendStates: (link: LinkId, { notes, idOfGet }) =>
      void sent.push(`${link}: ${textOf(notes)}${idOfGet === undefined ? "" : ` for ${idOfGet}`}`),
    sendFailureVector: (link, pool, cookie) =>
      void sent.push(`${link}: vector ${pool.key} for ${cookie}`),
  });
  return { side, world };
}

Deno.test("who asks gets the entrypoint of the moment, or none", () => {
  const { side, world } = fixture();
  assertEquals(side.entrypoint(peer(9)), {
    confds: [{ fid: NINE, endpoint: "ep-9" }],
    quorum: 1,
    rm: { fid: makeFid("service", 10), endpoint: "ep-9" },
  });
  world.answer = { known: false, why: "nobody leads" };
  assertEquals(side.entrypoint(peer(9, 200)), null);
  assertEquals([side.pidOf(NINE), side.pidOf(OWN)], [200, null]);
});

Deno.test("who asks is counted with its answer, and with how long it waited", () => {
  const { side } = fixture();
  side.answered(false, 1_000);
  side.answered(true, 3);
  const text = renderMetrics(side.metrics());
  assertStringIncludes(text, 'hare_hax_entrypoint_requests_total{answer="come again"} 1\n');
  assertStringIncludes(text, 'hare_hax_entrypoint_seconds_bucket{le="0.001"} 0\n');
  assertStringIncludes(text, 'hare_hax_entrypoint_seconds_bucket{le="0.005"} 1\n');
});

Deno.test("a process is told what it must know when it is linked, and all that comes then", () => {
  const { side, world } = fixture();
  world.toKnow = [note(1, "failed")];
  side.connected(1n, peer(9));
  side.tell([note(2, "repair")]);
  side.connected(2n, peer(12));
  side.tell([note(3, "failed")]);
  side.closed(1n);
  side.tell([note(4, "failed")]);
  assertEquals(world.sent, [
    "1: 1 failed",
    "1: 2 repair",
    "2: 1 failed",
    "1: 3 failed",
    "2: 3 failed",
    "2: 4 failed",
  ]);
});

Deno.test("hax's own library does not hear that a process has failed: it would end its links", () => {
  const { side, world } = fixture();
  const failed = [{ fid: NINE, state: "failed" }, note(1, "failed")] as const;
  world.toKnow = failed;
  side.connected(1n, peer(6));
  side.connected(2n, peer(12));
  side.tell(failed);
  side.tell([failed[0]]);
  assertEquals(world.sent, [
    "1: 1 failed",
    "2: 9 failed, 1 failed",
    "1: 1 failed",
    "2: 9 failed, 1 failed",
    "2: 9 failed",
  ]);
});

Deno.test("hax itself is linked first, then those that come back in their order, then others", () => {
  const { side, world } = fixture();
  world.awaited = [109, 112];
  const back = new Set([9, 12]);
  const may = (...keys: number[]) =>
    keys.filter((key) => side.mayLink(peer(key, 100 + key, !back.has(key)), 0));
  assertEquals(may(9, 12, 53), []);
  assertEquals(may(6, 9, 12, 53), [6, 9]);
  assertEquals(side.mayLink(peer(12, 112, false), 500), true, "it does not wait for long");
  side.connected(2n, peer(9));
  world.awaited = [112];
  assertEquals(may(6, 9, 12, 53), [6, 9, 12], "whoever is linked asks as often as it likes");
  world.awaited = [];
  assertEquals(may(12, 53), [12, 53]);
});

Deno.test("who comes back is answered while it listens", () => {
  const { side } = fixture();
  side.mayLink(peer(6), 0);
  const back = peer(9, 109, false);
  const times = [0, 500, 600, 1_000, 5_000, 10_900, 11_100, 11_500, 11_600, 12_000, 22_500];
  assertEquals(times.filter((ms) => side.mayLink(back, ms)), [0, 500, 600, 11_500, 11_600, 22_500]);
  assertEquals(times.filter((ms) => !side.mayLink(peer(12), ms)), [], "who is new takes any");
});

Deno.test("no process is linked while the library lets go of an earlier one of its fid", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(6));
  side.connected(2n, peer(9));
  world.ended = [109];
  side.letGo();
  side.letGo();
  const successor = peer(9, 300);
  side.mayLink(peer(6), 0);
  side.tell([note(1, "failed")]); // of what comes after nothing matters
  assertEquals([side.mayLink(successor, 0), side.mayLink(peer(12), 0)], [false, true]);
  side.sent(1n, true);
  assertEquals(side.mayLink(successor, 0), false, "it has heard a part of it");
  side.sent(1n, true);
  assertEquals(side.mayLink(successor, 0), true);
});

Deno.test("at the end each linked process is told something that it knows", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(6));
  assertEquals(side.isAlone, true);
  side.connected(2n, peer(9));
  assertEquals(side.isAlone, false);
  side.lastWord();
  assertEquals(world.sent, ["2: 6 online"]);
});

Deno.test("what others were told is heard once it has come to its end, but by who has ended", () => {
  const { side, world } = fixture();
  const isHeard = () => side.isHeard();
  side.connected(1n, peer(6));
  side.connected(2n, peer(9));
  side.connected(3n, peer(12));
  world.ended = [112];
  assertEquals(isHeard(), true);
  side.tell([note(1, "failed")]);
  assertEquals(isHeard(), false);
  side.sent(2n, true);
  assertEquals(isHeard(), true);
});

Deno.test("a link is of the process with its pid, and outlives it", () => {
  const { side } = fixture();
  side.connected(1n, peer(9, 300));
  side.connected(2n, null);
  assertEquals([side.isLinked(NINE, 300), side.isLinked(NINE, 301), side.isLinked(OWN, 300)], [
    true,
    false,
    false,
  ]);
  side.closed(1n);
  assertEquals(side.isLinked(NINE, 300), false);
});

Deno.test("questions are answered at once", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(9));
  side.connected(2n, null);
  const objects = [makeFid("drive", 1), makeFid("drive", 2)];
  side.message(1n, { kind: "states asked", id: 5n, objects });
  side.message(2n, { kind: "states asked", id: 6n, objects: [] });
  side.message(2n, { kind: "states asked", id: 7n, objects: [NINE] });
  side.message(1n, { kind: "failure vector asked", pool: makeFid("pool", 7), cookie: [8n, 9n] });
  assertEquals(world.sent, [
    "1: 1 online, 2 online for 5",
    "2:  for 6",
    "2: 9 transient for 7",
    "1: vector 7 for 8,9",
  ]);
});

Deno.test("what processes say of themselves is reported", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(9));
  for (const event of ["starting", "started", "stopping", "stopped"] as const) {
    side.message(1n, { kind: "process event", process: NINE, event, type: "M0D", pid: 109 });
  }
  assertEquals(
    world.reports,
    ["starting", "started", "stopping", "stopped"].map((event) => `9 ${event} M0D 109`),
  );
});

Deno.test("a configured service's start and failure are events, unless m0mkfs tells them", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(9));
  side.connected(2n, peer(12));
  const service = makeFid("service", 11);
  const tell = (link: LinkId, message: Message) => side.message(link, message);
  for (const event of ["starting", "started", "stopping", "stopped", "failed"] as const) {
    tell(1n, { kind: "service event", service, event });
  }
  tell(1n, { kind: "service event", service: { container: 1n, key: 2n }, event: "failed" });
  const mkfs = { kind: "process event", event: "starting", type: "M0MKFS", pid: 1 } as const;
  tell(2n, { ...mkfs, process: makeFid("process", 12) });
  tell(2n, { kind: "service event", service: makeFid("service", 14), event: "failed" });
  const fid = formatFid(service);
  assertEquals(world.events, [
    { type: "service", body: { fid, state: "M0_CONF_HA_SERVICE_STARTED" } },
    { type: "service", body: { fid, state: "M0_CONF_HA_SERVICE_FAILED" } },
  ]);
});

Deno.test("errors are events; what has no room is counted and named", async () => {
  await using log = await captureLog();
  const { side, world } = fixture();
  side.connected(1n, peer(9));
  const fid = makeFid("sdev", 3);
  const message = { kind: "error", error: "stob io", fid, source: NINE } as const;
  side.message(1n, message);
  assertEquals(world.events, [{
    type: "io-error",
    body: { fid: formatFid(fid), error: "stob io", process: formatFid(NINE) },
  }]);
  world.room = false;
  side.message(1n, message);
  assertEquals(log.matching(/no room for an event, which is lost/).length, 1);
  const messages = side.metrics().find(({ name }) => name === "hare_hax_link_messages_total");
  assertEquals(
    messages?.samples.map(({ labels, value }) => `${labels["kind"]} ${value}`),
    ["error 2", "lost 1"],
  );
});

Deno.test("the library lets go of a process that was seen to be gone twice", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(6, 1));
  side.connected(2n, peer(9, 2));
  side.connected(3n, null);
  world.ended = [2];
  side.letGo();
  assertEquals(world.sent, [], "it may just be ending");
  side.letGo();
  assertEquals(world.sent, ["1: 9 online", "1: 9 failed"], "hax's own process, which knew it");
});

Deno.test("the library keeps a process of which one link lives", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(6, 1));
  side.connected(2n, peer(9, 2));
  side.connected(3n, peer(9, 3));
  world.ended = [2];
  side.letGo();
  side.letGo();
  assertEquals(world.sent, []);
});

Deno.test("another process with the pid of one that was linked is neither linked nor the asker", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(6, 1));
  side.connected(2n, peer(9, 2));
  side.entrypoint(peer(9, 2));
  assertEquals([side.isLinked(NINE, 2), side.pidOf(NINE)], [true, 2]);
  world.start = 2;
  assertEquals([side.isLinked(NINE, 2), side.pidOf(NINE)], [false, null]);
});

Deno.test("the library lets go of a process whose pid another process has", () => {
  const { side, world } = fixture();
  side.connected(2n, peer(9, 2));
  world.start = 2;
  side.connected(1n, peer(6, 1));
  side.letGo();
  side.letGo();
  assertEquals(world.sent, ["1: 9 online", "1: 9 failed"]);
});

Deno.test("a link takes no more before what was sent has come to its end", () => {
  const { side, world } = fixture();
  side.connected(1n, peer(9));
  for (let key = 1; key <= 20; key++) side.tell([note(key, "failed")]);
  const under = world.sent.length;
  side.sent(1n, true);
  side.sent(1n, false);
  assertEquals([under, world.sent.length], [8, 9], "the rest goes in one message");
});
