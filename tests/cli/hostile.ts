/**
 * Text from outside reaches no terminal raw: every command is run where names, reasons, other
 * programs' words and its own arguments try to clear the screen and to forge lines.
 *
 * A new command has to be added to {@linkcode RUNS}.
 *
 * @module
 */

import type { CommandUnknownOpts } from "../../mod/cli/command.ts";
import { makeProgram, runProgram } from "../../mod/cli/program.ts";
import { assert } from "../lib/assert.ts";
import { type FakeWorld, fakeWorld } from "../lib/world.ts";

/** Clears the screen, begins a line, uses C1, turns the direction of the text. */
export const HOSTILE = "x\x1b[2J\nFORGED\r\nFORGED\x9b2J\u2028FORGED\u202eevil\x07\x00";

/** What may be in the output: text, and line ends. */
const SAFE = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u;

/** A world that the commands are run in. */
export type Where = "consul" | "agent" | "programs" | "words";

/** One way to run a command. */
export interface Run {
  /** Arguments after the command's path; `HOSTILE` stands for the text. */
  readonly args?: readonly string[];
  /** Where the text must be seen in the output: else the test would show nothing. */
  readonly shows?: readonly Where[];
  /** It runs until it is stopped. */
  readonly isDaemon?: boolean;
}

/** How each command is run. */
export const RUNS: Readonly<Record<string, readonly Run[]>> = {
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
  "restart-delay": [{ args: ["HOSTILE"] }],
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

/** Every command with its path: `event list`. */
export const COMMANDS = [...leavesOf(makeProgram({ ...fakeWorld(), setExitStatus: () => {} }))];

/** Holds when a terminal shows `text` as lines that begin as the program has begun them. */
export function assertSafe(text: string, what: string): void {
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
export async function runAll(where: Where, world: () => FakeWorld): Promise<void> {
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

const TERMINAL = {
  isTerminal: true,
  colours: false,
  showsStatus: false,
  columns: 80,
  statusColumns: 80,
};

/** A world where each program fails with the text. */
export function hostileWorld(parts: Partial<FakeWorld> = {}): FakeWorld {
  const run = () => Promise.resolve({ code: 1, stdout: HOSTILE, stderr: HOSTILE });
  const readStdin = () => Promise.resolve(HOSTILE);
  return fakeWorld({ terminal: TERMINAL, run, readStdin, ...parts });
}
