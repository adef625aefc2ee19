import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { answerOf, HARE } from "../../tests/preflight/reports.ts";
import { runOverSsh, SshError } from "../host/ssh.ts";
import { HareError, TimeLimitError } from "../lib/errors.ts";
import type { Output, Run } from "../lib/process.ts";
import { writeAnswer } from "./answer.ts";
import { type AskDeps, askHosts, type HostToAsk } from "./ask.ts";
import { judge } from "./judge.ts";
import type { Question } from "./question.ts";

const QUESTION: Question = {
  format: 2,
  iface: "eth1",
  globs: ["/dev/disk by 'name'*"],
  consul: "consul",
  units: [],
  failable: [],
  ports: [],
};

const hostOf = (name: string, run: Run): HostToAsk => ({ name, question: QUESTION, run });

const says = (code: number, stdout: string, stderr = ""): Run => () =>
  Promise.resolve({ code, stdout, stderr });

const fails = (error: Error): Run => () => Promise.reject(error);

/** Never answers; ends only when told. */
const hangs: Run = (_, { signal } = {}) =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

const well = says(0, writeAnswer(answerOf()));

function ask(hosts: readonly HostToAsk[], deps: Partial<AskDeps> = {}) {
  const { signal } = new AbortController();
  return askHosts(hosts, { clock: new FakeClock(), signal, ...deps });
}

/** The one problem of a host that does so: its name, message and remedy. */
async function problemOf(does: Run, deps: Partial<AskDeps> = {}) {
  const problems = judge({ hareVersion: HARE }, await ask([hostOf("alice@vm1", does)], deps));
  assertEquals(problems.length, 1);
  return problems.map(({ name, message, remedy }) => [name, message, remedy])[0];
}

const INSTALL = "hare install --host alice@vm1";
const UPGRADE = "hare install --upgrade --host alice@vm1";
const BY_HAND = "try to log in there by hand: ssh alice@vm1";

/** What a host does, and the problem that is. */
const CASES: readonly (readonly [what: string, does: Run, problem: readonly string[]])[] = [
  [
    "refuses the login",
    fails(new SshError("login-refused", "Permission denied (publickey).", "ssh-copy-id")),
    ["reachable", "Permission denied (publickey).", "ssh-copy-id"],
  ],
  [
    "fails without a hint",
    fails(new HareError("cannot run ssh")),
    ["reachable", "cannot run ssh", BY_HAND],
  ],
  ["hangs", hangs, ["reachable", "no answer within 0.02 s", BY_HAND]],
  [
    "hangs, and heeds no signal",
    () => new Promise(() => {}),
    ["reachable", "no answer within 0.02 s", BY_HAND],
  ],
  [
    "is given up by its own driver",
    fails(new TimeLimitError("ssh did not end within 30 s and was killed")),
    [
      "reachable",
      "no answer within 0.02 s: ssh did not end within 30 s and was killed",
      BY_HAND,
    ],
  ],
  [
    "has no hare",
    says(127, "", "env: '/usr/bin/hare': No such file or directory\n"),
    ["hare-version", "hare is not installed: there is no /usr/bin/hare", INSTALL],
  ],
  [
    "has a hare that is no program",
    says(126, "", "env: '/usr/bin/hare': Permission denied\n"),
    [
      "hare-version",
      "hare cannot be run: env: '/usr/bin/hare': Permission denied",
      UPGRADE,
    ],
  ],
  [
    "has a hare before preflight",
    says(64, "", "hare: unknown command 'preflight'\n  see: hare --help\n"),
    [
      "hare-version",
      "another hare is installed, which does not understand this one: " +
      "hare: unknown command 'preflight'",
      UPGRADE,
    ],
  ],
  [
    "has a hare that answers in another form",
    says(0, JSON.stringify({ format: 3, hare: "0.2.0 (commit def5678)" })),
    [
      "hare-version",
      "hare 0.2.0 (commit def5678) is installed, which does not understand this one",
      UPGRADE,
    ],
  ],
  [
    "has another build of hare",
    says(0, writeAnswer(answerOf({ hare: "0.1.0 (commit def5678)" }))),
    [
      "hare-version",
      "hare 0.1.0 (commit def5678) is installed, and 0.1.0 (commit abc1234) runs here",
      UPGRADE,
    ],
  ],
  [
    "has a hare that crashes",
    says(139, "", "Segmentation fault\n"),
    ["hare-version", "hare preflight failed with exit status 139: Segmentation fault", UPGRADE],
  ],
  [
    "speaks rubbish",
    says(0, "Welcome to vm1!\n"),
    [
      "reachable",
      'what it says is no answer: no JSON but "Welcome to vm1!\\n"',
      "see what `ssh alice@vm1 /usr/bin/hare --version` prints",
    ],
  ],
  [
    "says nothing",
    says(0, ""),
    [
      "reachable",
      "what it says is no answer: it is empty",
      "see what `ssh alice@vm1 /usr/bin/hare --version` prints",
    ],
  ],
];

for (const [what, does, problem] of CASES) {
  Deno.test(`askHosts() reports a host that ${what}`, async () => {
    assertEquals(await problemOf(does, { limitMs: 20 }), problem);
  });
}

Deno.test("askHosts() reports what is wrong in an answer", async () => {
  const [name, message] = await problemOf(says(0, '{"facts": 1}')) ?? [];
  assertEquals(name, "reachable");
  assert(message?.startsWith("what it says is no answer: ") && message.includes("hare"), message);
});

Deno.test("askHosts() asks hare there, in the system's time zone, the question as its input", async () => {
  const asked: unknown[] = [];
  const host = hostOf("vm1", (argv, options) => {
    asked.push(argv, options?.stdin, options?.limitMs);
    return well(argv, options);
  });
  await ask([host]);
  await ask([host], { program: "/opt/hare", limitMs: 5_000 });
  const question = JSON.stringify(QUESTION);
  assertEquals(asked, [
    ["env", "-u", "TZ", "/usr/bin/hare", "preflight", "--json"],
    question,
    30_000,
    ["env", "-u", "TZ", "/opt/hare", "preflight", "--json"],
    question,
    5_000,
  ]);
});

Deno.test("askHosts() maps what ssh itself says", async () => {
  const ssh: Run = () =>
    Promise.resolve({
      code: 255,
      stdout: "",
      stderr: "ssh: connect to host vm1 port 22: No route to host\n",
    });
  assertEquals(await problemOf(runOverSsh("vm1", { run: ssh })), [
    "reachable",
    "ssh: connect to host vm1 port 22: No route to host",
    "check that the host is up and that sshd answers there",
  ]);
});

Deno.test("askHosts() reports in the order of the hosts, whatever each does", async () => {
  const hosts = [
    hostOf("hangs", hangs),
    hostOf("well", well),
    hostOf("refuses", fails(new SshError("unreachable", "no", "hint"))),
    hostOf("rubbish", says(0, "hello")),
    hostOf("too", well),
  ];
  const reports = await ask(hosts, { limitMs: 20 });
  assertEquals(
    reports.map(({ host, outcome }) => [host, outcome.kind]),
    [
      ["hangs", "failed"],
      ["well", "answered"],
      ["refuses", "failed"],
      ["rubbish", "failed"],
      ["too", "answered"],
    ],
  );
});

Deno.test("askHosts() asks as many at once as it may, and no more", async () => {
  let underWay = 0;
  let most = 0;
  const slow: Run = async (argv, options) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 0));
    underWay -= 1;
    return await well(argv, options);
  };
  const hosts = Array.from({ length: 20 }, (_, i) => hostOf(`vm${i}`, slow));
  await ask(hosts, { parallel: 7 });
  assertEquals(most, 7);
});

Deno.test("askHosts() measures clocks as NTP does", async () => {
  const clock = new FakeClock(1_000_000);
  // 100 ms on the way there, 400 ms of work, 300 ms on the way back; its clock is 5 s ahead.
  const ahead: Run = async (): Promise<Output> => {
    await clock.advance(100);
    const receivedMs = clock.now() + 5_000;
    await clock.advance(400);
    const sentMs = clock.now() + 5_000;
    await clock.advance(300);
    const stdout = writeAnswer(answerOf({ clock: { receivedMs, sentMs } }));
    return { code: 0, stdout, stderr: "" };
  };
  const [report] = await ask([hostOf("vm1", ahead)], { clock });
  assert(report?.outcome.kind === "answered");
  assertEquals(report.outcome.clock, { aheadMs: 4_900, uncertaintyMs: 200 });
});

Deno.test("askHosts() compares the clocks as they are now, also when one was set meanwhile", async () => {
  for (const step of STEPS_MS) {
    const clock = new FakeClock(1_000_000);
    const answered: Run = async (): Promise<Output> => {
      clock.step(step);
      await clock.advance(400);
      const there = { receivedMs: clock.now() - 200, sentMs: clock.now() };
      return { code: 0, stdout: writeAnswer(answerOf({ clock: there })), stderr: "" };
    };
    const [report] = await ask([hostOf("vm1", answered)], { clock });
    assert(report?.outcome.kind === "answered");
    assertEquals(report.outcome.clock, { aheadMs: 100, uncertaintyMs: 100 }, `step of ${step} ms`);
  }
});

Deno.test("askHosts() ends with its signal", async () => {
  const controller = new AbortController();
  const asking = ask([hostOf("vm1", hangs)], { signal: controller.signal });
  controller.abort(new HareError("interrupted"));
  await assertRejects(() => asking, HareError, "interrupted");
});

Deno.test("askHosts() passes on what is a fault of the program", async () => {
  const act = () => ask([hostOf("vm1", fails(new TypeError("a fault")))]);
  await assertRejects(act, TypeError, "a fault");
});
