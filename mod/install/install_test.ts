import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { framedRun } from "../../tests/lib/framed_run.ts";
import { SystemdHost } from "../host/systemd.ts";
import { HareError } from "../lib/errors.ts";
import type { Output } from "../lib/process.ts";
import { install, uninstall } from "./install.ts";
import { payloadOf } from "./payload.ts";

const SUM = "a".repeat(64);
const VERSION = "hare 0.1.0 (commit abc1234)";
const payload = await payloadOf({
  version: VERSION,
  sha256: SUM,
  open: () => Promise.resolve(new Blob(["program"]).stream()),
});

/** What a host answers to the script of that name, or to the program. */
type Answers = Readonly<Record<string, Partial<Output> | Error>>;

/** A host that has nothing of Hare's, but for what is told, and the words that it was given. */
function hostOf(name: string, answers: Answers = {}) {
  const asked: string[] = [];
  const bare: Answers = {
    "hare-read": { code: 44 },
    "hare-look": { stdout: `no\nno\n${"nothing\n".repeat(20)}` },
    "/usr/bin/hare": { stdout: `${VERSION}\n` },
    systemctl: { stdout: "ActiveState=inactive\n" },
  };
  const run = framedRun((argv) => {
    const [first, , , script] = argv;
    const what = first === "sh" ? script ?? "" : first;
    asked.push([what, ...argv.slice(first === "sh" ? 4 : 1)].join(" "));
    const answer = { ...bare, ...answers }[what] ?? {};
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve({ code: 0, stdout: "", stderr: "", ...answer });
  });
  return { host: new SystemdHost({ name, run }), asked };
}

const common = { signal: new AbortController().signal, dryRun: false };
const options = { ...common, upgrade: false };

Deno.test("install() tells what it has done on each host", async () => {
  const [a, b] = [hostOf("a"), hostOf("b", { systemctl: { stdout: "ActiveState=active\n" } })];
  const outcomes = await install([a.host, b.host], payload, options);
  assertEquals(outcomes.map(({ host, kept, problems }) => [host, kept, problems]), [
    ["a", [], []],
    ["b", [], []],
  ]);
  assertEquals(outcomes[0]?.changes.slice(0, 3), [
    "wrote /var/lib/hare/install.json",
    "wrote /usr/lib/sysusers.d/hare.conf",
    "made user hare",
  ]);
  assertEquals(outcomes[0]?.advice, []);
  assertEquals(
    outcomes[1]?.advice[1],
    "hare-rc still runs what was there before: systemctl restart hare-rc",
  );
  assert(a.asked.some((words) => words.startsWith(`hare-put /usr/bin/hare 755 ${SUM}`)));
});

Deno.test("install() in a dry run does nothing but look", async () => {
  const { host, asked } = hostOf("a");
  const [outcome] = await install([host], payload, { ...options, dryRun: true });
  assertEquals(outcome?.changes.at(-2), "write /usr/lib/systemd/system/hare-hax.service");
  assertEquals(asked.map((words) => words.split(" ")[0]), ["hare-read", "hare-look"]);
});

Deno.test("install() does nothing on any host while one has a problem", async () => {
  const [a, b, c, d] = [
    hostOf("a"),
    hostOf("b", { "hare-read": new HareError("no route to host") }),
    hostOf("c", { "hare-look": { stdout: `no\nno\n${"other\n".repeat(20)}` } }),
    hostOf("d", { "hare-read": { code: 1, stderr: "Input/output error" } }),
  ];
  const outcomes = await install([a.host, b.host, c.host, d.host], payload, options);
  assertEquals(outcomes.map(({ changes }) => changes.length), [0, 0, 0, 0]);
  assertEquals(outcomes.map(({ problems }) => problems[0]?.message), [
    undefined,
    "b: no route to host",
    "c: there is a /var/lib/hare that hare install has not made",
    "d: read /var/lib/hare/install.json failed with exit status 1: Input/output error",
  ]);
  assertEquals(outcomes[0]?.kept, ["all as it was, because another host has a problem"]);
  const dry = { ...options, dryRun: true };
  const [planned] = await install([a.host, b.host], payload, dry);
  assertEquals(planned, (await install([a.host], payload, dry))[0]);
  for (const { asked } of [a, b, c, d]) {
    assert(!asked.some((words) => words.startsWith("hare-put")));
  }
});

Deno.test("install() tells what was done before it failed, and does the other hosts", async () => {
  const full = { code: 1, stderr: "No space left on device" };
  const [a, b] = [hostOf("a"), hostOf("b", { "hare-install": full })];
  const [first, second] = await install([a.host, b.host], payload, options);
  assertEquals([first?.problems, second?.changes.length], [[], 4]);
  assertEquals(second?.problems.map(({ message }) => message), [
    "b: set up directory /var/lib/hare failed with exit status 1: No space left on device",
  ]);
});

Deno.test("install() finds out a program that does not run there, or is another", async () => {
  const [a, b] = [
    hostOf("a", { "/usr/bin/hare": { code: 126, stderr: "Exec format error" } }),
    hostOf("b", { "/usr/bin/hare": { stdout: "hare 9\n" } }),
  ];
  const outcomes = await install([a.host, b.host], payload, options);
  assertEquals(outcomes.map(({ problems }) => problems.map(({ message }) => message)), [
    ["a: /usr/bin/hare --version failed with exit status 126: Exec format error"],
    ["b: /usr/bin/hare says that it is hare 9"],
  ]);
});

Deno.test("install() leaves this host not with another build than the others", async () => {
  const lines = `no\nno\nfile 755 root:root ${"b".repeat(64)}\n`;
  const [a, here] = [hostOf("a"), hostOf("here", { "hare-look": { stdout: lines } })];
  const outcomes = await install([a.host], payload, { ...options, bystander: here.host });
  assertEquals(outcomes.map(({ host, problems }) => [host, problems[0]?.message]), [
    ["a", undefined],
    ["here", "here: another build of hare is installed"],
  ]);
  const same = hostOf("here");
  const [only, ...more] = await install([a.host], payload, { ...options, bystander: same.host });
  assertEquals([only?.host, only?.problems, more], ["a", [], []]);
});

Deno.test("uninstall() refuses while a unit runs", async () => {
  const manifest = JSON.stringify({
    ...{ format: 1, hare: VERSION, user: true, directories: [] },
    files: { "/usr/bin/hare": SUM },
  });
  const { host } = hostOf("a", {
    "hare-read": { stdout: manifest },
    systemctl: { stdout: "ActiveState=activating\n" },
  });
  const [outcome] = await uninstall([host], common);
  assertEquals([outcome?.changes, outcome?.problems.length], [[], 3]);
  assertEquals(outcome?.problems[1]?.message, "a: hare-rc runs");
});

Deno.test("install() ends with its signal", async () => {
  const stop = new AbortController();
  const why = new HareError("interrupted by SIGINT");
  const { host } = hostOf("a", { "hare-read": why });
  stop.abort(why);
  const act = () => install([host], payload, { ...options, signal: stop.signal });
  assertEquals(await assertRejects(act), why);
});
