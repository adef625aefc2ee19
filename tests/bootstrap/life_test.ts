/**
 * A cluster of test hosts and what becomes of it: what a dry run says of its bring-up, reboots, a
 * shutdown and a start, also with a host that is dead.
 *
 * @module
 */

import { HAX_UNIT } from "../../mod/host/places.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { type TestHost, type TestHosts, together } from "../hosts/mod.ts";
import { longTestOnHosts, testOnHosts } from "../hosts/testing.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import {
  activeOn,
  bootstrapWell,
  changesIn,
  operation,
  prepare,
  type Ran,
  withoutLog,
} from "./cluster.ts";
import { stateOf } from "./state.ts";
import { type Units, waitUntilWell } from "./wellness.ts";

/** Asks what a bring-up up to a phase would do, has it done, and compares. */
async function dryThenWet(
  { all }: TestHosts,
  first: TestHost,
  ...args: readonly string[]
): Promise<void> {
  const before = await stateOf(all);
  const planned = changesIn(await bootstrapWell(first, ["--dry-run", ...args]));
  assertEquals(await stateOf(all), before);
  const done = changesIn(await bootstrapWell(first, args));
  assert(done.length > 10, done.join("\n"));
  assertEquals(planned.toSorted(), done.toSorted());
}

/** Reboots a host; the others stay as they are, and it comes back as it was by itself. */
async function rebootsWell(hosts: TestHosts, host: TestHost, units: Units): Promise<void> {
  await host.reboot();
  await waitUntilWell(hosts.all, units);
}

testOnHosts("a cluster lives from a dry run to the day after a shutdown", 4, async (hosts, t) => {
  const { all } = hosts;
  const first = await prepare(hosts, 3);
  const [, second] = all as [TestHost, TestHost, TestHost, TestHost];
  let units: Units = {};

  await t.step("a dry run changes nothing, and lists what a run does then", async () => {
    await dryThenWet(hosts, first, "--until", "hax");
    await dryThenWet(hosts, first);
    units = await activeOn(all);
    await waitUntilWell(all, units);
  });

  await t.step("a hax that crashes takes no server along", async () => {
    const ask = () => second.output(["pgrep", "-f", "stand-in m0d"]);
    const before = await ask();
    await second.output(["systemctl", "kill", "--signal=KILL", HAX_UNIT]);
    await waitFor("hax to be started again", async () => {
      const count = await second.output(["systemctl", "show", "-P", "NRestarts", HAX_UNIT]);
      return { ready: count.trim() === "1", value: undefined, why: `${count.trim()} times` };
    }, { limitMs: 60_000 });
    await waitUntilWell(all, units);
    assertEquals(await ask(), before);
  });

  await t.step("a host that boots again comes back by itself", async () => {
    await rebootsWell(hosts, second, units);
  });

  await t.step("hare shutdown of all, and hare start", async () => {
    const stopped = await operation(first, ["shutdown"]);
    assertEquals([stopped.code, withoutLog(stopped.stderr)], [0, ""]);
    const started = await operation(first, ["start"]);
    assertEquals([started.code, withoutLog(started.stderr)], [0, ""]);
    await waitUntilWell(all, units);
  });
});

/** Stops or starts a cluster of which a host is dead; all but that is done, and told. */
async function withoutDead(first: TestHost, command: "shutdown" | "start"): Promise<Ran> {
  const ran = await operation(first, [command]);
  assertEquals(ran.code, 1);
  assertMatch(ran.stderr, /^hare: could not reach every host:\n {2}ssc-vm3: .+\n {2}hint: /m);
  const done = { shutdown: "stopped", start: "started" }[command];
  assertStringIncludes(ran.stderr, `hint: all else is ${done}`);
  return ran;
}

/** What became of the units of a host, and of those of the others. */
function unitOutcomes({ events }: Ran, name: string): Readonly<Record<string, readonly string[]>> {
  const told = events.flatMap((event) => event.event === "unit" ? [event] : []);
  const of = (some: typeof told) => [...new Set(some.map(({ outcome }) => outcome))].toSorted();
  return {
    [name]: of(told.filter(({ host }) => host === name)),
    others: of(told.filter(({ host }) => host !== name)),
  };
}

/** The living hosts run nothing of Hare's or of Mero's but its kernel module. */
async function assertStopped(hosts: readonly TestHost[]): Promise<void> {
  const units = Object.values(await activeOn(hosts)).flat();
  assertEquals(units.filter((unit) => unit !== "mero-kernel"), []);
}

longTestOnHosts("a host that is dead keeps no shutdown and no start", 5, async (hosts, t) => {
  const { all } = hosts;
  const first = await prepare(hosts, 3);
  const [, , third] = all as [TestHost, TestHost, TestHost];
  const living = all.filter((host) => host !== third);
  await bootstrapWell(first);
  const units = await activeOn(all);

  await t.step("one that was dead before", async () => {
    await third.crash();
    const ran = await withoutDead(first, "shutdown");
    const outcomes = unitOutcomes(ran, third.name);
    assertEquals(outcomes, { [third.name]: ["unknown"], others: ["stopped"] });
    await assertStopped(living);
    await withoutDead(first, "start");
    await third.boot();
    await waitUntilWell(all, units);
  });

  await t.step("one that dies meanwhile", async () => {
    let crash: Promise<void> = Promise.resolve();
    const ran = await operation(first, ["shutdown"], {
      onEvent: (event) => {
        if (event.event === "phase" && event.phase === "hax") crash = third.crash();
      },
    });
    await crash;
    assertEquals(ran.code, 1);
    assertMatch(ran.stderr, /^hare: could not stop hax:\n {2}ssc-vm3: /m);
    assertEquals(unitOutcomes(ran, third.name).others, ["stopped"]);
    await assertStopped(living);
    await withoutDead(first, "start");
    await third.boot();
    await waitUntilWell(all, units);
  });
});

longTestOnHosts("hare shutdown gives a server the time that its unit has", 1, async (hosts) => {
  const first = await prepare(hosts, 1);
  await bootstrapWell(first);
  await first.write(
    "/etc/systemd/system/m0d@0x7200000000000001:0xc.service.d/slow.conf",
    "[Service]\nExecStop=/bin/sleep 150\nTimeoutStopSec=5min\n",
  );
  await first.output(["systemctl", "daemon-reload"]);
  const began = performance.now();
  const { code, stderr } = await operation(first, ["shutdown"], { limitMs: 400_000 });
  assertEquals([code, withoutLog(stderr)], [0, ""]);
  assert(performance.now() - began > 150_000);
  await assertStopped([first]);
});

longTestOnHosts("every host boots again in turn, then all at once", 5, async (hosts, t) => {
  const { all } = hosts;
  const first = await prepare(hosts, 3);
  await bootstrapWell(first);
  const units = await activeOn(all);
  for (const host of all) {
    await t.step(`${host.name} is rebooted`, () => rebootsWell(hosts, host, units));
    await t.step(`${host.name} loses its power`, async () => {
      await host.crash();
      await host.boot();
      await waitUntilWell(all, units);
    });
  }
  await t.step("all lose their power", async () => {
    await together(all, (host) => host.crash());
    await together(all, (host) => host.boot());
    await waitUntilWell(all, units);
  });
});
