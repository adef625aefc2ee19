import { assertEquals } from "../../tests/lib/assert.ts";
import { HARE, reportOf } from "../../tests/preflight/reports.ts";
import type { Answer, FoundUnit } from "./answer.ts";
import type { Answered, HostReport } from "./ask.ts";
import type { CheckName } from "./checks.ts";
import { judge } from "./judge.ts";

const judged = (...reports: readonly HostReport[]) => judge({ hareVersion: HARE }, reports);

const consulAgent = (active: string): FoundUnit => ({
  name: "hare-consul-agent",
  load: "loaded",
  active,
});

const unit = (name: string, load: string): Partial<Answer> => ({
  units: { value: { asked: [{ name, load, active: "inactive" }], failed: [] } },
});

const BUSY: Partial<Answer> = {
  busyPorts: [{ address: "10.0.0.1", port: 8301, unit: "hare-consul-agent", why: "in use" }],
};

const busyWhile = (active: string): Partial<Answer> => ({
  ...BUSY,
  units: { value: { asked: [consulAgent(active)], failed: [] } },
});

/** What of a host is as it is, and the problems: each its name, message and remedy. */
type Case = readonly [
  what: string,
  parts: Partial<Answer>,
  problems: readonly (readonly [name: CheckName, message: string, remedy: string])[],
];

const PORT_PROBLEM = [
  "ports",
  "10.0.0.1:8301, a port of hare-consul-agent, cannot be listened on: in use",
  "see who listens there with `ss -ltnp 'sport = 8301'`",
] as const;

const CASES: readonly Case[] = [
  ["a host that is well", {}, []],
  ["another build of hare", { hare: "0.1.0 (commit def5678)" }, [[
    "hare-version",
    "hare 0.1.0 (commit def5678) is installed, and 0.1.0 (commit abc1234) runs here",
    "hare install --upgrade --host vm1",
  ]]],
  ["a missing Consul", { consul: { problems: ["cannot run consul: not found"] } }, [
    [
      "consul",
      "cannot run consul: not found",
      "install Consul 1.9 or newer in /usr/bin or /usr/local/bin",
    ],
  ]],
  ["an old Consul", { consul: { value: "1.8.19" } }, [
    [
      "consul",
      "Consul 1.8.19 is too old",
      "install Consul 1.9 or newer in /usr/bin or /usr/local/bin",
    ],
  ]],
  ["the oldest Consul that will do", { consul: { value: "1.9.0" } }, []],
  ["a Consul of the enterprise", { consul: { value: "2.0.1+ent" } }, []],
  ["a unit of Hare that is missing", unit("hare-hax", "not-found"), [
    ["units", "unit hare-hax is not installed", "hare install --host vm1"],
  ]],
  ["a template of Mero that is missing", unit("m0d@any", "not-found"), [
    ["units", "unit m0d@ is not installed", "install Mero there"],
  ]],
  ["a masked unit", unit("mero-kernel", "masked"), [
    ["units", "unit mero-kernel is masked", "systemctl unmask mero-kernel"],
  ]],
  ["a unit that cannot be read", unit("mero-kernel", "bad-setting"), [
    ["units", "unit mero-kernel is bad-setting", "see `systemctl status mero-kernel`"],
  ]],
  ["a host without systemd", { units: { problems: ["Host is down"] } }, [[
    "units",
    "Host is down",
    "a host of the cluster is run by systemd: look at `systemctl status`",
  ]]],
  ["a hax without its library", { haxLibrary: { problems: ["there is no libmotr.so"] } }, [[
    "hax",
    "there is no libmotr.so",
    "install Mero's library there, or name it in /etc/hare/hax-env: " +
    "HARE_HAX_OPTIONS=--libmotr PATH, or --no-halink to do without",
  ]]],
  ["a hax that does without", { haxLibrary: { value: "" } }, []],
  ["failed units", { units: { value: { asked: [], failed: ["hare-rc.service"] } } }, [[
    "failed-units",
    "unit hare-rc.service has failed",
    "see why with `journalctl -u hare-rc.service`; --reset-failed forgets it",
  ]]],
  ["a port that somebody has", BUSY, [PORT_PROBLEM]],
  ["a port that its own unit has", busyWhile("active"), []],
  ["a port while its unit starts", busyWhile("activating"), []],
  ["a port while its unit has failed", busyWhile("failed"), [PORT_PROBLEM]],
  ["a glob without disks", { disks: { problems: ["nothing matches /dev/sd*"] } }, [[
    "disks",
    "nothing matches /dev/sd*",
    "see what is there with `lsblk`, and mend the glob in the description",
  ]]],
  ["missing facts", { facts: { problems: ["no interface eth9", "no processors"] } }, [
    ["facts", "no interface eth9", "see what `hare facts` says there"],
    ["facts", "no processors", "see what `hare facts` says there"],
  ]],
];

for (const [what, parts, problems] of CASES) {
  Deno.test(`judge() tells about ${what}`, () => {
    assertEquals(
      judged(reportOf("vm1", parts)),
      problems.map(([name, message, remedy]) => ({ name, host: "vm1", message, remedy })),
    );
  });
}

const CLOCKS: readonly (readonly [Answered["clock"], message: string | undefined])[] = [
  [{ aheadMs: 0, uncertaintyMs: 100 }, undefined],
  [{ aheadMs: 2000, uncertaintyMs: 0 }, undefined],
  [{ aheadMs: 2001, uncertaintyMs: 0 }, "ahead of this host's by 2.0 s, give or take 0.0 s"],
  [{ aheadMs: -3000, uncertaintyMs: 400 }, "behind this host's by 3.0 s, give or take 0.4 s"],
  [{ aheadMs: -3000, uncertaintyMs: 1000 }, undefined],
  [
    { aheadMs: 3_600_000, uncertaintyMs: 20 },
    "ahead of this host's by 3600.0 s, give or take 0.0 s",
  ],
];

for (const [clock, message] of CLOCKS) {
  const { aheadMs, uncertaintyMs } = clock;
  Deno.test(`judge() on a clock ${aheadMs} ms ahead ± ${uncertaintyMs} ms`, () => {
    const problems = judged(reportOf("vm1", {}, clock));
    assertEquals(
      problems.map(({ name, message }) => `${name}: ${message}`),
      message === undefined ? [] : [`clock: its clock is ${message}`],
    );
  });
}

Deno.test("judge() takes the limit of clocks from the expectation", () => {
  const reports = [reportOf("vm1", {}, { aheadMs: 60, uncertaintyMs: 0 })];
  assertEquals(judge({ hareVersion: HARE, clockLimitMs: 50 }, reports).length, 1);
});

Deno.test("judge() wants one time zone, that of most hosts", () => {
  const berlin = { timeZone: { name: "Europe/Berlin", offsetMinutes: 120 } };
  const kathmandu = { timeZone: { name: "Asia/Kathmandu", offsetMinutes: 345 } };
  const newYork = { timeZone: { name: "America/New_York", offsetMinutes: -240 } };
  const reports = [
    reportOf("a", kathmandu),
    reportOf("b", berlin),
    reportOf("c", berlin),
    reportOf("d", newYork),
  ];
  const most = "and that of most hosts is Europe/Berlin (UTC+02:00)";
  const remedy = "timedatectl set-timezone Europe/Berlin";
  assertEquals(judged(...reports), [
    {
      name: "timezone",
      host: "a",
      message: `its time zone is Asia/Kathmandu (UTC+05:45), ${most}`,
      remedy,
    },
    {
      name: "timezone",
      host: "d",
      message: `its time zone is America/New_York (UTC-04:00), ${most}`,
      remedy,
    },
  ]);
});

Deno.test("judge() passes on why a host has not answered, and then says no more of it", () => {
  const failed = {
    kind: "failed",
    name: "reachable",
    message: "Connection refused",
    remedy: "check that the host is up",
  } as const;
  assertEquals(judged({ host: "vm1", outcome: failed }), [{
    name: "reachable",
    host: "vm1",
    message: "Connection refused",
    remedy: "check that the host is up",
  }]);
});

Deno.test("judge() tells everything, by host and then by check", () => {
  const bad: Partial<Answer> = {
    facts: { problems: ["f"] },
    disks: { problems: ["d"] },
    consul: { problems: ["c"] },
    hare: "9",
  };
  const problems = judged(reportOf("vm2", bad), reportOf("vm1"), reportOf("vm0", bad));
  assertEquals(
    problems.map(({ host, name }) => `${host} ${name}`),
    ["vm2", "vm0"].flatMap((host) =>
      ["hare-version", "consul", "disks", "facts"].map((name) => `${host} ${name}`)
    ),
  );
});

Deno.test("judge() has nothing to say of no hosts", () => {
  assertEquals(judged(), []);
});
