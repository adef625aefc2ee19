/**
 * What operators do with a running coordinator, with the binary: events, timeouts, pause,
 * switchover, history, metrics, and rules of the site.
 *
 * @module
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { EQ_PREFIX, LEADER, RC_SWITCHOVER } from "../../mod/kv/keys.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import { startCluster, startConsul } from "../lib/consul.ts";
import { hare } from "../lib/hare.ts";
import {
  eventually,
  importConfiguration,
  leaderNow,
  registerConfd,
  startProcess,
} from "./nodes.ts";

/** Runs `hare` with the agent at `address`; it must end with `code`. */
async function run(address: string, args: readonly string[], code = 0): Promise<string> {
  const env = { CONSUL_HTTP_ADDR: `${address}:8500` };
  const output = await hare(args, { env });
  assertEquals(output.code, code, `hare ${args.join(" ")}: ${output.stderr}`);
  return code === 0 ? output.stdout : output.stderr;
}

/** Runs a test on one node with a leader that has the rules of `directory`. */
async function withLeader(
  test: (world: {
    consul: Consul;
    directory: string;
    address: string;
    say: (...args: string[]) => Promise<string>;
    refused: (...args: string[]) => Promise<string>;
  }) => Promise<void>,
): Promise<void> {
  const address = "127.79.5.1";
  await using agent = await startConsul({ address, node: "node0" });
  await importConfiguration([agent]);
  await registerConfd(agent, 0);
  const directory = await Deno.makeTempDir();
  try {
    await using rc = startProcess(address, "--rules", directory, "--rule-limit", "5s");
    await rc.line(/leads, with session/);
    const { consul } = agent;
    const say = (...args: string[]) => run(address, args);
    const refused = (...args: string[]) => run(address, args, 1);
    await test({ consul, directory, address, say, refused });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const FOLDERS = [
  ...["eq/", "bq/", "timeout/", "eq-rejected/", "bq-seen/", "processes/", "node/", "node/node0/"],
  ...["node/node0/service/", "hare/", "hare/rc/", "hare/history/", "hare/state/", "hare/mkfs/"],
];

const emptyQueue = (consul: Consul) =>
  eventually("an empty queue", () => consul.kv.keys(EQ_PREFIX), []);

Deno.test("events are put, shown, moved aside, put back, dropped; and there is a history", () =>
  withLeader(async ({ consul, directory, say, refused }) => {
    assertEquals(await say("event", "put", "wake_RC"), "eq/000000001\n");
    const drive = '{"fid":"0x6b00000000000001:0x11","state":"failed"}';
    assertEquals(await say("event", "put", "drive", drive), "eq/000000002\n");
    assertEquals(await say("event", "put", "site-event", "[1]"), "eq/000000004\n"); // bq has 3
    await emptyQueue(consul);
    assertEquals((await consul.kv.get("bq/000000003"))?.value, drive);
    assertMatch(
      await say("event", "list"),
      /^eq-rejected\/000000004 {2}moved aside {2}site-event \[1\] {2}no rule for events of type/,
    );
    assertMatch(
      await say("event", "show", "4"),
      /reason {2}no rule .* site-event\nsite-event \[1\]/,
    );
    assertStringIncludes(await refused("event", "show", "77"), "no event 77 waits");
    assertStringIncludes(await refused("event", "put", "drive", "{"), "no JSON");

    // The site adds a rule: no new binary, no restart.
    const file = `${directory}/site-event`;
    await Deno.writeTextFile(file, '#!/bin/sh\necho "$HARE_EVENT_PAYLOAD" > "$0.done"\n');
    await Deno.chmod(file, 0o755);
    assertEquals(await say("event", "retry", "eq-rejected/000000004"), "eq/000000005\n");
    await emptyQueue(consul);
    assertEquals(await Deno.readTextFile(`${file}.done`), "[1]\n");
    assertEquals(await say("event", "list"), "");

    await consul.kv.put("eq/000000009", "what?");
    await emptyQueue(consul);
    assertEquals(await say("event", "drop", "9"), "removed eq-rejected/000000009: what?\n");
    const events = JSON.parse(await say("event", "history", "--json"));
    assertEquals(
      events.map(({ key, result, node, term }: Record<string, unknown>) => [
        key,
        result,
        node,
        term,
      ]),
      [
        ["eq/000000001", "handled", "node0", 1],
        ["eq/000000002", "handled", "node0", 1],
        ["eq/000000004", "rejected", "node0", 1],
        ["eq/000000005", "handled", "node0", 1],
        ["eq/000000009", "rejected", "node0", 1],
      ],
    );
    assertMatch(
      await say("rc", "log"),
      /^\S+ node0 leads, term 1\n\S+ node0 eq\/000000001 wake_RC/,
    );
  }));

Deno.test("timeouts are set, listed, removed, and fire", () =>
  withLeader(async ({ consul, say, refused }) => {
    const key = (await say("timeout", "put", "1h", "tmo")).trim();
    assertMatch(key, /^timeout\/\d{12}\.\d\d$/);
    assertMatch(
      await say("timeout", "list"),
      /^timeout\/\d{12}\.\d\d {2}in (59 m|1 h).* {2}tmo\n$/,
    );
    assertEquals(await say("timeout", "rm", key), "tmo\n");
    assertEquals(await say("timeout", "list"), "");
    assertStringIncludes(await refused("timeout", "rm", key), "there is no timeout/");
    assertMatch(await run("127.79.5.1", ["timeout", "put", "soon", "tmo"], 64), /is no time/);
    for (const when of ["2500000000h", "99999999999999999999h", `${"9".repeat(400)}h`]) {
      const error = await run("127.79.5.1", ["timeout", "put", when, "tmo"], 64);
      assertMatch(error, /is no time to set a timeout for: .* is too long a time/);
    }
    assertEquals(await consul.kv.keys("timeout/"), []);
    await say("timeout", "put", "1s", "site-event");
    await eventually("what was due", () => consul.kv.keys("eq-rejected/"), [
      "eq-rejected/000000001",
    ]);
  }));

Deno.test("keys that a web page makes for folders count nowhere", () =>
  withLeader(async ({ consul, say }) => {
    for (const prefix of FOLDERS) await consul.kv.put(prefix, "");
    assertEquals(await say("event", "put", "wake_RC"), "eq/000000001\n");
    await emptyQueue(consul);
    const { queues, nextTimeout } = JSON.parse(await say("rc", "status", "--json"));
    assertEquals([queues, nextTimeout], [{ eq: 0, eqRejected: 0, bq: 0, timeout: 0 }, null]);
    assertEquals([await say("event", "list"), await say("timeout", "list")], ["", ""]);
    assertMatch(await say("event", "history"), /^\S+ {2}node0 {2}eq\/000000001 .*\n$/);
  }));

Deno.test("while it is paused events wait; status, metrics and the log tell what is the case", () =>
  withLeader(async ({ consul, address, say }) => {
    assertMatch(await say("rc", "pause", "--why", "a test"), /^paused/);
    assertMatch(await say("rc", "pause"), /^was paused already, by \S+ since .*: a test\n$/);
    for (const n of [1, 2]) assertEquals(await say("event", "put", `tmo${n}`), `eq/00000000${n}\n`);
    const status = await say("rc", "status");
    assertMatch(status, /^PAUSED by .*: a test\nleader {7}node0, term 1/);
    assertMatch(status, /\nevents {7}2 wait/);
    const metrics = async () => await (await fetch(`http://${address}:8009/metrics`)).text();
    await eventually("two events in the metrics", async () => {
      return /^hare_rc_queue_length\{queue="eq"\} (\d)$/m.exec(await metrics())?.[1];
    }, "2");
    assertMatch(await metrics(), /^hare_rc_paused 1$/m);
    assertEquals((await consul.kv.keys(EQ_PREFIX)).length, 2);

    assertEquals(await say("rc", "resume"), "resumed\n");
    assertEquals(await say("rc", "resume"), "was not paused\n");
    await emptyQueue(consul);
    await eventually("two events done in the metrics", async () => {
      return /^hare_rc_events_total\{type="tmo",result="handled"\} (\d)$/m.exec(await metrics())
        ?.[1];
    }, "2");
    const { paused, queues } = JSON.parse(await say("rc", "status", "--json"));
    assertEquals([paused, queues.eq], [null, 0]);
  }));

Deno.test("leadership moves by order, to the node that is named or to any other", async () => {
  const addresses = ["127.79.5.1", "127.79.5.2", "127.79.5.3"] as const;
  const [address] = addresses;
  await using cluster = await startCluster(addresses);
  const { agents } = cluster;
  await importConfiguration(agents);
  for (const [i, agent] of agents.entries()) await registerConfd(agent, i);
  const consul = agents[0]?.consul;
  assert(consul !== undefined);
  assertStringIncludes(await run(address, ["rc", "switchover"], 1), "nobody leads now");
  assertMatch(
    (await hare(["rc", "status"], { env: { CONSUL_HTTP_ADDR: `${address}:8500` } })).stdout,
    /^leader {7}NOBODY/,
  );
  const all = agents.map((agent) => startProcess(agent.address));
  try {
    const first = await leaderNow(consul);
    await eventually("three candidates", async () => (await consul.session.list()).length, 3);
    const names = agents.map(({ node }) => node);
    const target = names.find((node) => node !== first);
    assert(target !== undefined);
    const sessions = (await consul.session.list()).map(({ id }) => id).toSorted();
    assertMatch(
      await run(address, ["rc", "switchover", "--to", target]),
      new RegExp(`^${target} leads, \\d+ ms after ${first}\n$`),
    );
    assertEquals(await leaderNow(consul), target);
    assertEquals(
      await run(address, ["rc", "switchover", "--to", target]),
      `${target} leads already\n`,
    );
    assertMatch(await run(address, ["rc", "switchover"]), new RegExp(`ms after ${target}\n$`));
    assert(await leaderNow(consul) !== target);
    assertMatch(
      await run(address, ["rc", "switchover", "--to", "nowhere"], 1),
      /nowhere cannot lead now\n {2}hint: these can: /,
    );
    // All stayed candidates with the sessions that they had, and no order is left behind.
    const after = (await consul.session.list()).map(({ id }) => id).toSorted();
    assertEquals(after, sessions);
    assertEquals(await consul.kv.get(RC_SWITCHOVER), null);
    assertMatch(
      await run(address, ["rc", "log"]),
      new RegExp(`${first} leads no longer, after .*: gives leadership to ${target}, by order\n`),
    );
    assertEquals((await consul.kv.get(LEADER))?.lockIndex, 3);
  } finally {
    await Promise.all(all.map((rc) => rc[Symbol.asyncDispose]()));
  }
});

Deno.test("hare rc log -f goes on with what happens", () =>
  withLeader(async ({ address, say }) => {
    const script = 'dist/hare rc log -f | sed "/no rule/q"';
    const following = new Deno.Command("bash", {
      args: ["-c", script],
      cwd: new URL("../..", import.meta.url).pathname,
      env: { CONSUL_HTTP_ADDR: `${address}:8500` },
      stdout: "piped",
    }).output();
    await say("event", "put", "wake_RC");
    await say("event", "put", "site-event");
    await say("event", "put", "wake_RC"); // lets the pipe's end be noticed
    const lines = new TextDecoder().decode((await following).stdout).trim().split("\n");
    assertEquals(lines.length, 3);
    assertMatch(lines[0] ?? "", /node0 leads, term 1/);
    assertMatch(lines[2] ?? "", /REJECTED eq\/000000002 site-event: .*no rule/);
  }));
