/**
 * Text from outside reaches no terminal raw: every command is run where names, reasons, other
 * programs' words and its own arguments try to clear the screen and to forge lines.
 *
 * A new command has to be added to {@linkcode RUNS}.
 */

import type { CommandUnknownOpts } from "../../mod/cli/command.ts";
import { makeProgram, runProgram } from "../../mod/cli/program.ts";
import { Consul } from "../../mod/consul/mod.ts";
import { formatHistory } from "../../mod/kv/history.ts";
import {
  historyKey,
  LEADER,
  processKey,
  RC_PAUSED,
  RC_REPORT,
  serviceKey,
} from "../../mod/kv/keys.ts";
import { formatPools, POOLS } from "../../mod/kv/pools.ts";
import { formatProcessState } from "../../mod/kv/process_state.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { encodeBase64 } from "../../mod/lib/std/encoding.ts";
import { runHere } from "../../mod/lib/process.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { HARE } from "../lib/hare.ts";
import { importConfiguration } from "../rc/nodes.ts";
import { type FakeWorld, fakeWorld } from "../lib/world.ts";

/** Clears the screen, begins a line, uses C1, turns the direction of the text. */
const HOSTILE = "x\x1b[2J\nFORGED\r\nFORGED\x9b2J\u2028FORGED\u202eevil\x07\x00";

/** The same for JSON that Consul stores: its KV holds any bytes, its catalog no NUL. */
const IN_CATALOG = HOSTILE.replaceAll("\x00", "");

/** What may be in the output: text, and line ends. */
const SAFE = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u;

type Where = "consul" | "agent" | "programs" | "words";

interface Run {
  /** Arguments after the command's path; `HOSTILE` stands for the text. */
  readonly args?: readonly string[];
  /** Where the text must be seen in the output: else the test would show nothing. */
  readonly shows?: readonly Where[];
  /** It runs until it is stopped. */
  readonly isDaemon?: boolean;
}

/** How each command is run. */
const RUNS: Readonly<Record<string, readonly Run[]>> = {
  "cfgen": [
    { args: ["--mock=a", "--debug", "CDF"], shows: ["words"] },
    { args: ["CDF"], shows: ["words"] },
    { args: ["HOSTILE"], shows: ["words"] },
  ],
  "facts": [{ shows: [] }, { args: ["--iface", "HOSTILE"], shows: [] }],
  "install": [{ args: ["--host", "HOSTILE"] }],
  "bootstrap": [{ args: ["HOSTILE"], shows: ["words"] }, { args: ["CDF"], shows: ["words"] }],
  "shutdown": [{ args: ["--dry-run"] }],
  "start": [{ args: ["--dry-run"] }],
  "bootstrap-node": [{ args: ["HOSTILE"], shows: ["words"] }],
  "dev up": [{ args: ["HOSTILE"] }],
  "dev status": [{ args: ["--dir", "HOSTILE"] }],
  "dev kill": [{ args: ["HOSTILE"] }],
  "dev stop": [{ args: ["--dir", "HOSTILE"] }],
  "dev down": [{ args: ["--dir", "HOSTILE"] }],
  "dev stand-in": [{ args: ["m0d", "--process-file", "HOSTILE"] }],
  "status": [{ shows: ["consul", "agent"] }],
  "entrypoint": [{ shows: ["agent"] }],
  "check-service": [
    { args: ["--fid", "0x7200000000000001:0x9"] },
    { args: ["--fid", "HOSTILE"], shows: ["words"] },
  ],
  "event put": [
    { args: ["drive", "HOSTILE"], shows: ["words"] },
    { args: ["wake_RC"], shows: ["agent"] },
  ],
  "event list": [{ shows: ["consul", "agent"] }],
  "event show": [
    { args: ["17"], shows: ["consul", "agent"] },
    { args: ["HOSTILE"], shows: ["consul"] },
  ],
  "event retry": [{ args: ["18"], shows: ["agent"] }],
  "event drop": [{ args: ["17"], shows: ["consul", "agent"] }],
  "event history": [{ shows: ["consul", "agent"] }],
  "timeout put": [{ args: ["HOSTILE", "x"], shows: ["words"] }],
  "timeout list": [{ shows: ["consul", "agent"] }],
  "timeout rm": [
    { args: ["203011240310.05"], shows: ["consul", "agent"] },
    { args: ["HOSTILE"], shows: ["consul"] },
  ],
  "watch-service": [{ args: ["ios"], isDaemon: true }],
  "watch-bq": [{ args: ["--exec", "cat"], isDaemon: true }],
  "hax": [{ args: ["--no-halink", "--listen", "127.0.0.1:0"], isDaemon: true }],
  "rc": [{ args: ["--metrics", "127.0.0.1:0"], isDaemon: true }],
  "rc status": [{ shows: ["consul", "agent"] }],
  "rc log": [{ shows: ["consul", "agent"] }],
  "rc pause": [{ args: ["--why", "HOSTILE"], shows: ["consul", "agent"] }],
  "rc resume": [{ shows: ["agent"] }],
  "rc switchover": [{ args: ["--to", "HOSTILE"], shows: ["agent"] }],
  "consul-conf": [{ args: ["-n"], shows: ["agent"] }],
  "consul-env": [{ args: ["--mode", "client", "--bind", "HOSTILE"], shows: ["words"] }],
  "next": [{ args: ["HOSTILE"], shows: ["agent"] }],
  "epoch": [{ shows: ["agent"] }],
  "fid": [{ args: ["process"], shows: ["agent"] }, { args: ["HOSTILE"], shows: ["words"] }],
  "m0crate-conf": [{ args: ["CDF"], shows: [] }, { args: ["HOSTILE"], shows: ["words"] }],
  "completions": [{ args: ["bash"] }, { args: ["HOSTILE"], shows: ["words"] }],
  "complete": [{ args: ["--", "event", "show", ""] }],
  "preflight": [{ args: ["--json"] }],
  "inspect-storage": [{ args: ["--json"] }],
};

/** Every command that does something, hidden ones too: `event list`. */
function* leavesOf(
  command: CommandUnknownOpts,
  above: readonly string[] = [],
): Generator<readonly [path: string, command: CommandUnknownOpts]> {
  for (const each of command.commands) {
    const path = [...above, each.name()];
    if (each.commands.length === 0 || each.name() === "rc") yield [path.join(" "), each];
    yield* leavesOf(each, path);
  }
}

const COMMANDS = [...leavesOf(makeProgram({ ...fakeWorld(), setExitStatus: () => {} }))];

/** Holds when a terminal shows `text` as lines that begin as the program has begun them. */
function assertSafe(text: string, what: string): void {
  for (const line of text.split("\n")) {
    assert(SAFE.test(line.replaceAll("\t", "")), `${what}: ${JSON.stringify(line)}`);
    assert(!/^FORGED/.test(line), `${what}: ${JSON.stringify(line)}`);
  }
}

/** Holds when everything in the JSON of `text` is as it was, and nothing in it moves a cursor. */
function assertJson(text: string, what: string): void {
  assertSafe(text, what);
  try {
    JSON.parse(text);
  } catch {
    text.trimEnd().split("\n").forEach((line) => JSON.parse(line)); // one value a line
  }
}

async function inDirectory(test: (cdf: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const name = JSON.stringify(HOSTILE);
  try {
    const path = `${directory}/cdf.yaml`;
    await Deno.writeTextFile(
      path,
      `hosts:\n  - name: ${name}\n    ${name}: 1\n    c0_clients: ${name}\n` +
        `    m0_servers: [{runs_confd: ${name}, io_disks: {path_glob: ${name}}}]\npools: []\n`,
    );
    await test(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs every command in a world, as text and as JSON; what it prints must be safe. */
async function runAll(where: Where, world: () => FakeWorld): Promise<void> {
  await inDirectory(async (cdf) => {
    const words: Readonly<Record<string, string>> = { HOSTILE, CDF: cdf };
    for (const [path, command] of COMMANDS) {
      for (const { args = [], shows = [], isDaemon = false } of RUNS[path] ?? []) {
        if (isDaemon) continue;
        const argv = [...path.split(" "), ...args.map((word) => words[word] ?? word)];
        const what = `${where}: hare ${[path, ...args].join(" ")}`;
        const plain = world();
        await runProgram(argv, plain);
        assertSafe(plain.out(), what);
        assertSafe(plain.err(), what);
        if (shows.includes(where)) {
          assert(`${plain.out()}${plain.err()}`.includes("FORGED"), `${what} shows nothing`);
        }
        if (!command.options.some(({ long }) => long === "--json") || args.includes("--json")) {
          continue;
        }
        const json = world();
        await runProgram([...argv, "--json"], json);
        if (json.out() !== "") assertJson(json.out(), `${what} --json`);
        assertSafe(json.err(), `${what} --json`);
      }
    }
  });
}

const TERMINAL = { isTerminal: true, colours: false, showsStatus: false, columns: 80 };

/** A world where each program fails with the text. */
function hostileWorld(parts: Partial<FakeWorld> = {}): FakeWorld {
  const run = () => Promise.resolve({ code: 1, stdout: HOSTILE, stderr: HOSTILE });
  const readStdin = () => Promise.resolve(HOSTILE);
  return fakeWorld({ terminal: TERMINAL, run, readStdin, ...parts });
}

Deno.test("there is a hostile run for every command", () => {
  assertEquals(Object.keys(RUNS).sort(), COMMANDS.map(([path]) => path).sort());
});

Deno.test("no command shows its arguments, files and other programs' words raw", async () => {
  using consul = new Consul({ address: "http://127.0.0.1:1" });
  await runAll("words", () => hostileWorld({ consul: () => consul }));
});

Deno.test("no command shows the words of Consul's agent raw", async () => {
  const ended = new AbortController(); // a server that is shut down waits for idle connections
  const agent = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: ended.signal },
    () => new Response(HOSTILE, { status: 403 }),
  );
  try {
    using consul = new Consul({ address: `http://127.0.0.1:${agent.addr.port}` });
    await runAll("agent", () => hostileWorld({ consul: () => consul }));
  } finally {
    ended.abort();
    await agent.finished;
  }
});

/** By a transaction: in a path Consul refuses characters that cannot be printed. */
async function putAnyKey({ address }: Consul, key: string, value: string): Promise<void> {
  const KV = { Verb: "set", Key: key, Value: encodeBase64(new TextEncoder().encode(value)) };
  const response = await fetch(`${address}/v1/txn`, {
    method: "PUT",
    body: JSON.stringify([{ KV }]),
  });
  assert(response.ok, await response.text());
}

/** A cluster whose every name and text is hostile. */
async function fill(consul: Consul, node: string): Promise<void> {
  const { kv } = consul;
  const json = JSON.stringify({ text: HOSTILE });
  const event = `${HOSTILE} ${json}`;
  const rejected = { event, reason: HOSTILE, time: HOSTILE };
  const time = "2026-11-24T03:10:00.000Z";
  for (
    const [key, value] of [
      [LEADER, HOSTILE],
      [RC_PAUSED, JSON.stringify({ by: HOSTILE, since: HOSTILE, why: HOSTILE })],
      [
        RC_REPORT,
        JSON.stringify({
          node: HOSTILE,
          term: 0,
          since: time,
          oldest: null,
          lastError: { time: HOSTILE, what: HOSTILE },
        }),
      ],
      ["eq/000000017", event],
      [`eq/${HOSTILE}`, event],
      ["bq/000000003", event],
      ["eq-rejected/000000018", JSON.stringify(rejected)],
      [`eq-rejected/${HOSTILE}`, HOSTILE],
      ["timeout/203011240310.05", HOSTILE],
      [`timeout/${HOSTILE}`, HOSTILE],
      [HOSTILE, HOSTILE],
      [
        historyKey(new Date(time), 1),
        formatHistory({
          ...{ kind: "event", term: 1, node: HOSTILE, key: HOSTILE, event, time, ms: 1 },
          ...{ result: "rejected", outcome: HOSTILE },
        }),
      ],
      [
        historyKey(new Date(time), 2),
        formatHistory({
          ...{ kind: "term", term: 1, node: HOSTILE, began: time, ended: time, how: HOSTILE },
        }),
      ],
      [
        POOLS,
        formatPools([{
          ...{ fid: makeFid("pool", 99), name: HOSTILE, data: 2, parity: 1, spare: 0 },
          ...{ tolerance: [0, 0, 0, 1, 1] as const, drives: new Map([[8, 2]]) },
        }]),
      ],
    ] as const
  ) {
    await putAnyKey(consul, key, value);
  }
  for (
    const [fidk, types] of [[6, "ha rms"], [7, "rms confd"], [8, "rms ios"], [9, "rms"]] as const
  ) {
    await kv.put(serviceKey(node, fidk, "types"), types);
    await kv.put(serviceKey(node, fidk, "ep"), HOSTILE);
    const record = { state: "STARTED", type: "M0D", pid: 1, generation: 1 } as const;
    await kv.put(processKey(makeFid("process", fidk)), formatProcessState(record));
    const checks = [{ ttl: "10m", status: "passing" as const }];
    const name = ["hax", "confd", "ios", "ios"][fidk - 6] ?? "ios";
    await consul.agent.registerService({ id: String(fidk), name, checks });
    await consul.agent.updateCheck(`service:${fidk}`, "critical", IN_CATALOG);
  }
}

Deno.test("no command shows what is in Consul raw", async () => {
  await using agent = await startConsul({ address: "127.80.9.1", node: "node0" });
  const { consul } = agent;
  await fill(consul, "node0");
  await runAll("consul", () => hostileWorld({ consul: () => consul }));
  // Again, as some commands have removed some of it; and so that a coordinator can lead.
  await fill(consul, "node0");
  await importConfiguration([agent]);
  await consul.kv.delete(RC_PAUSED);
  await consul.agent.updateCheck("service:7", "passing", IN_CATALOG);
  const env = { CONSUL_HTTP_ADDR: "127.80.9.1:8500" };
  const daemons = COMMANDS.flatMap(([path]) =>
    (RUNS[path] ?? []).filter(({ isDaemon }) => isDaemon).map(({ args = [] }) => ({ path, args }))
  );
  assert(daemons.length > 0);
  const seen = await Promise.all(
    daemons.flatMap(({ path, args }) =>
      [[], ["--log-json"]].map(async (more) => {
        const argv = [...path.split(" "), ...args, ...more];
        const { stdout, stderr } = await runHere(["timeout", "4", HARE, ...argv], { env });
        assertSafe(stdout, `hare ${argv.join(" ")}`);
        assertSafe(stderr, `hare ${argv.join(" ")}`);
        return stdout + stderr;
      })
    ),
  );
  assert(seen.some((text) => text.includes("FORGED")), "no daemon shows anything");
});
