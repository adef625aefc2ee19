import { makeMachine } from "../../tests/facts/machine.ts";
import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { FakeClock, STEPS_MS } from "../../tests/lib/fake_clock.ts";
import { HareError } from "../lib/errors.ts";
import { type Output, type Run, runHere } from "../lib/process.ts";
import { systemClock } from "../lib/clock.ts";
import { readAnswer, writeAnswer } from "./answer.ts";
import { inspect, type InspectDeps } from "./inspect.ts";
import type { Question } from "./question.ts";

const QUESTION: Question = {
  format: 2,
  globs: ["/dev/sd*"],
  consul: "/opt/consul",
  units: ["hare-hax", "m0d@any"],
  failable: ["hare-*.service", "m0d@*.service"],
  ports: [
    { address: "data", port: 8301, unit: "hare-consul-agent" },
    { address: "127.0.0.1", port: 8008, unit: "hare-hax" },
  ],
};

const UNITS = `Id=hare-hax.service
LoadState=loaded
ActiveState=active

Id=m0d@any.service
LoadState=not-found
ActiveState=inactive

Id=hare-rc.service
LoadState=loaded
ActiveState=activating
SubState=start-pre
NRestarts=7

Id=m0d@0x7200000000000001:0x9.service
LoadState=loaded
ActiveState=failed

Id=hare-hax.service
LoadState=loaded
ActiveState=active
`;

const MACHINE = makeMachine({
  hostname: "ssc-vm1",
  memory: 2 ** 30,
  interfaces: { eth0: "192.0.2.1", eth1: "10.0.0.1" },
  entries: {
    "/dev/sda": { device: { size: 1024, blksize: 512 } },
    "/var/mero/m0d-1": "other",
    "/var/mero/m0d-1/db": { file: { size: 1, blksize: 512 } },
    "/var/mero/m0d-2": "other",
    "/var/mero/lost": { file: { size: 1, blksize: 512 } },
  },
});

/** Programs by name; those that are not there are the machine's. */
function running(programs: Readonly<Record<string, Partial<Output> | Run>> = {}): Run {
  const all: Readonly<Record<string, Partial<Output> | Run>> = {
    systemctl: { stdout: UNITS },
    "/usr/bin/hare": { stdout: "libmotr.so.2\n" },
    "/opt/consul": { stdout: "Consul v1.20.6\nRevision abc\n" },
    ...programs,
  };
  return (argv, options) => {
    const found = Object.entries(all).find(([name]) => name === argv[0])?.[1];
    if (found === undefined) return MACHINE.run(argv, options);
    if (typeof found === "function") return found(argv, options);
    return Promise.resolve({ code: 0, stdout: "", stderr: "", ...found });
  };
}

function inspected(parts: Partial<InspectDeps> = {}, question = QUESTION) {
  return inspect(question, {
    run: running(),
    system: MACHINE.system,
    version: "0.1.0 (commit abc1234)",
    clock: new FakeClock(1_000),
    files: { readTextFile: () => Promise.reject(new Deno.errors.NotFound()) },
    listen: () => {},
    ...parts,
  });
}

Deno.test("inspect() answers the whole question", async () => {
  const { timeZone, ...answer } = await inspected();
  assertEquals(answer, {
    format: 2,
    hare: "0.1.0 (commit abc1234)",
    consul: { value: "1.20.6" },
    facts: {
      value: {
        hostname: "ssc-vm1",
        processorcount: 4,
        memorysize_mb: 1024,
        ipaddress: "192.0.2.1",
        macaddress: "52:54:00:00:00:01",
      },
    },
    disks: { value: { "/dev/sd*": [{ path: "/dev/sda", size: 1024, blksize: 512 }] } },
    units: {
      value: {
        asked: [
          { name: "hare-hax", load: "loaded", active: "active" },
          { name: "m0d@any", load: "not-found", active: "inactive" },
        ],
        failed: ["hare-rc.service", "m0d@0x7200000000000001:0x9.service"],
      },
    },
    haxLibrary: { value: "libmotr.so.2" },
    busyPorts: [],
    clock: { receivedMs: 1_000, sentMs: 1_000 },
  });
  assertEquals(timeZone.name, Intl.DateTimeFormat().resolvedOptions().timeZone);
  assertEquals(timeZone.offsetMinutes, 0 - new Date(1_000).getTimezoneOffset());
});

Deno.test("inspect() asks systemd once, with names and patterns behind --", async () => {
  const asked: (readonly string[])[] = [];
  const systemctl: Run = (argv) => {
    if (argv[2]?.startsWith("--property=Id")) asked.push(argv);
    return Promise.resolve({ code: 0, stdout: UNITS, stderr: "" });
  };
  await inspected({ run: running({ systemctl }) });
  assertEquals(asked, [[
    "systemctl",
    "show",
    "--property=Id,LoadState,ActiveState,SubState,NRestarts",
    "--",
    "hare-hax",
    "m0d@any",
    "hare-*.service",
    "m0d@*.service",
  ]]);
});

Deno.test("inspect() tells what systemd says when it does not answer", async () => {
  const stderr =
    "System has not been booted with systemd.\nFailed to connect to bus: Host is down\n";
  const { units } = await inspected({ run: running({ systemctl: { code: 1, stderr } }) });
  assertEquals(units, {
    problems: ["systemd does not tell about its units: Failed to connect to bus: Host is down"],
  });
});

Deno.test("inspect() does not take an answer about some units for one about all", async () => {
  const { units } = await inspected({ run: running({ systemctl: { stdout: "Id=a\n" } }) });
  assertEquals(units, { problems: ["systemd does not tell about its units: exit status 0"] });
});

Deno.test("inspect() tries the ports where the units will listen", async () => {
  const question: Question = { ...QUESTION, iface: "eth1" };
  const tried: (readonly [string, number])[] = [];
  const listen = (address: string, port: number) => {
    tried.push([address, port]);
    throw new Deno.errors.AddrInUse();
  };
  const { busyPorts } = await inspected({ listen }, question);
  assertEquals(tried, [["10.0.0.1", 8301], ["127.0.0.1", 8008]]);
  assertEquals(busyPorts, [
    { address: "10.0.0.1", port: 8301, unit: "hare-consul-agent", why: "in use" },
    { address: "127.0.0.1", port: 8008, unit: "hare-hax", why: "in use" },
  ]);
});

Deno.test("inspect() finds a port that is really taken", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const ports = [{ address: "127.0.0.1", port, unit: "hare-hax" }] as const;
  const question: Question = { ...QUESTION, ports };
  const taken = await inspected({ listen: undefined }, question);
  assertEquals(taken.busyPorts, [{ ...ports[0], why: "in use" }]);
  listener.close();
  assertEquals((await inspected({ listen: undefined }, question)).busyPorts, []);
});

Deno.test("inspect() passes over the ports of an address that there is not", async () => {
  const tried: number[] = [];
  const listen = (_: string, port: number) => void tried.push(port);
  const { facts } = await inspected({ listen }, { ...QUESTION, iface: "eth9" });
  assert("problems" in facts);
  assertEquals(tried, [8008]);
});

Deno.test("inspect() separates problems of disks from those of other facts", async () => {
  const { facts, disks } = await inspected({}, { ...QUESTION, globs: ["/dev/nvme*"] });
  assert("value" in facts);
  assertEquals(disks, { problems: ["nothing matches /dev/nvme*"] });
});

Deno.test("inspect() tells what is wrong with Consul", async () => {
  const missing: Run = () =>
    Promise.reject(new HareError("cannot run /opt/consul", { hint: "install it" }));
  for (
    const [consul, problem] of [
      [missing, "cannot run /opt/consul (install it)"],
      [{ code: 1, stderr: "no such flag\n" }, "/opt/consul is no Consul that works: no such flag"],
      [{ stdout: "hello\n" }, "/opt/consul is no Consul that works: hello"],
    ] as const
  ) {
    const answer = await inspected({ run: running({ "/opt/consul": consul }) });
    assertEquals(answer.consul, { problems: [problem] });
  }
});

Deno.test("inspect() does not wait for what hangs", async () => {
  const stubborn: Run = () => new Promise(() => {});
  let sleeping: ReturnType<Run> | undefined;
  const sleeper: Run = (_, options) => sleeping = runHere(["sleep", "60"], options);
  const run = running({ lsblk: stubborn, "/opt/consul": stubborn, systemctl: sleeper });
  const { facts, disks, consul, units } = await inspected({ run, limitMs: 50 });
  assert("value" in facts);
  assertEquals([disks, consul, units], [
    { problems: ["within 0.05 s there was no answer about the disks"] },
    { problems: ["within 0.05 s there was no answer about Consul"] },
    { problems: ["within 0.05 s there was no answer about the units"] },
  ]);
  await assertRejects(async () => await sleeping); // it is killed, which nobody has waited for
});

Deno.test("readAnswer() reads what writeAnswer() wrote, on this machine", async () => {
  const answer = await inspect({ ...QUESTION, ports: [] }, {
    run: runHere,
    version: "0.1.0",
    clock: systemClock,
  });
  assertEquals(readAnswer(writeAnswer(answer)), { kind: "answer", answer });
});

Deno.test("inspect() tells how long it took, also when its clock is set meanwhile", async () => {
  for (const step of STEPS_MS) {
    const clock = new FakeClock(5_000_000);
    const consul: Run = async () => {
      clock.step(step);
      await clock.advance(400);
      return { code: 0, stdout: "Consul v1.20.6\n", stderr: "" };
    };
    const { clock: times } = await inspected({ clock, run: running({ "/opt/consul": consul }) });
    assertEquals(times, { receivedMs: 5_000_000 + step, sentMs: 5_000_400 + step });
  }
});

/** What else it had begun to ask about is not waited for: no test may come after these. */
const LEAVES_REST = { sanitizeOps: false, sanitizeResources: false };

Deno.test("inspect() ends with its signal", LEAVES_REST, async () => {
  const controller = new AbortController();
  const run = running({ lsblk: () => new Promise(() => {}) });
  const inspecting = inspected({ run, signal: controller.signal });
  controller.abort(new HareError("interrupted"));
  await assertRejects(() => inspecting, HareError, "interrupted");
});

Deno.test("inspect() passes on what is a fault of the program", LEAVES_REST, async () => {
  const systemctl: Run = () => Promise.reject(new TypeError("a fault"));
  await assertRejects(() => inspected({ run: running({ systemctl }) }), TypeError, "a fault");
});
