import { assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import type { KvEntry } from "../consul/mod.ts";
import { HareError } from "../lib/errors.ts";
import { loggerOf } from "../lib/log.ts";
import { followBroadcasts } from "./watch_bq.ts";

function entry(number: number, value?: string): KvEntry {
  return {
    key: `bq/${String(number).padStart(9, "0")}`,
    value: value ?? `{"fid": "0x6b00000000000001:0x${number}", "state": "failed"}`,
    flags: 0,
    session: null,
    lockIndex: 0,
    createIndex: 1,
    modifyIndex: 1,
  };
}

/** Follows these states of the queue to their end; what the program was given. */
async function follow(
  states: readonly (readonly KvEntry[])[],
  codeFor: (text: string) => number = () => 0,
): Promise<string[]> {
  const given: string[] = [];
  await followBroadcasts({
    watch: () => ReadableStream.from(states),
    run: (argv, { stdin } = {}) => {
      const text = String(stdin);
      given.push(`${argv.join(" ")} ${text}`);
      const code = codeFor(text);
      if (code < 0) return Promise.reject(new HareError("cannot run tell"));
      return Promise.resolve({ code, stdout: "", stderr: "no\n" });
    },
    argv: ["tell", "all"],
    print: () => Promise.resolve(),
    limitMs: 1000,
    log: loggerOf("test"),
  }, new AbortController().signal);
  return given.map((text) => /0x6b00000000000001:(\w+)/.exec(text)?.[1] ?? text);
}

Deno.test("followBroadcasts() gives each broadcast from now on once, in the order of numbers", async () => {
  const states = [
    [entry(1), entry(2)],
    [entry(2), entry(4), entry(3)],
    [entry(3), entry(4)],
    [],
    [entry(5)],
  ];
  assertEquals(await follow(states), ["0x3", "0x4", "0x5"]);
  assertEquals(await follow([[], [entry(1)]]), ["0x1"]);
});

Deno.test("followBroadcasts() goes on after what fails or makes no sense, and says so", async () => {
  await using log = await captureLog();
  const states = [[], [entry(1), entry(2, "rubbish"), entry(3), entry(4)]];
  const codeFor = (text: string) => text.includes(":0x1") ? 7 : text.includes(":0x3") ? -1 : 0;
  assertEquals(await follow(states, codeFor), ["0x1", "0x3", "0x4"]);
  assertEquals(log.lines.map((line) => line.slice(0, 60)), [
    "error: tell failed for bq/000000001 with status 7: no",
    "error: a broadcast is passed over: key bq/000000002 has valu",
    "error: bq/000000003: cannot run tell",
  ]);
});

Deno.test("followBroadcasts() says that numbers went back, and goes on with what is put then", async () => {
  await using log = await captureLog();
  const at = (number: number, createIndex: number) => ({ ...entry(number), createIndex });
  const states = [
    [at(40, 400)],
    [at(41, 401)],
    [at(38, 380), at(39, 390)], // restored: heard, or removed, long ago
    [at(39, 390), at(40, 501)],
    [at(40, 501), at(41, 502)],
    [at(42, 503)],
  ];
  assertEquals(await follow(states), ["0x41", "0x40", "0x41", "0x42"]);
  assertEquals(log.lines, [
    "warning: the numbers of broadcasts went back from 41 to bq/000000040: KV was restored, or edited",
  ]);
});

Deno.test("followBroadcasts() passes over the folder that a web page made", async () => {
  const folder = { ...entry(1), key: "bq/", createIndex: 9 };
  assertEquals(await follow([[], [folder], [folder, entry(1)]]), ["0x1"]);
});
