/**
 * Real Motr on test hosts, under systemd, as an administrator brings it up: `hare install`, and
 * `hare bootstrap --target motr` from the built binary.
 *
 * @module
 */

import { TARGETS } from "../../cfgen/mod.ts";
import type { EntrypointJson } from "../../mod/entrypoint/render.ts";
import { HAX_UNIT } from "../../mod/host/places.ts";
import { PROFILE } from "../../mod/kv/profile.ts";
import { dirname } from "../../mod/lib/std/path.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import {
  activeOn,
  bootstrapWell,
  CDF,
  cdfOf,
  changesIn,
  operation,
  prepare,
  withoutLog,
} from "../bootstrap/cluster.ts";
import { statusOf, type Units, waitUntilWell } from "../bootstrap/wellness.ts";
import type { TestHost, TestHosts } from "../hosts/mod.ts";
import { testOnHosts } from "../hosts/testing.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import {
  assertAllStarted,
  clientCommand,
  MIB,
  MOTR,
  processesOf,
  SIZE_MIB,
  WHY_NO_MOTR,
} from "./motr.ts";
import { BIN, putMotr } from "./on_hosts.ts";

const { units: { mkfs, server } } = TARGETS.motr;

const BOOTSTRAP = ["--target", "motr"];
const OBJECT = 3_000_000;
const WRITTEN = "/root/client/written";
const READ = "/root/client/read";

/** A test of Motr on so many hosts, which are ready to be brought up from the first. */
function testMotrOnHosts(
  name: string,
  count: number,
  test: (hosts: TestHosts, first: TestHost, t: Deno.TestContext) => Promise<void>,
): void {
  testOnHosts(name, count, async (hosts, t) => {
    await putMotr(hosts.all, MOTR);
    const first = await prepare(hosts, count);
    // A unit of data, one of parity and a spare.
    await first.write(CDF, cdfOf(count, 0).replace("parity_units: 0", "parity_units: 1"));
    await test(hosts, first, t);
  }, { why: WHY_NO_MOTR });
}

/** Has a client on a host write a new file into the object; the file's sum. */
async function write(host: TestHost): Promise<string> {
  await host.output(["mkdir", "-p", dirname(WRITTEN)]);
  await host.output(["dd", "if=/dev/urandom", `of=${WRITTEN}`, `bs=${MIB}`, `count=${SIZE_MIB}`]);
  await client(host, "m0cp", WRITTEN);
  return await sumOf(host, WRITTEN);
}

/** Has a client on a host read the object; the sum of what it got. */
async function read(host: TestHost): Promise<string> {
  await host.output(["mkdir", "-p", dirname(READ)]);
  await host.output(["rm", "-f", READ]);
  await client(host, "m0cat", READ);
  return await sumOf(host, READ);
}

async function client(host: TestHost, program: "m0cp" | "m0cat", path: string): Promise<void> {
  const argv = clientCommand(program, { path, object: OBJECT }, {
    bin: BIN,
    status: await statusOf(host),
    node: host.name,
    profile: (await host.output(["consul", "kv", "get", PROFILE])).trim(),
  });
  // It leaves its trace where it runs.
  await host.output(["sh", "-c", 'cd "$(dirname "$0")" && exec "$@"', path, ...argv]);
}

async function sumOf(host: TestHost, path: string): Promise<string> {
  return (await host.output(["sh", "-c", 'sha256sum <"$1"', "sh", path])).trim();
}

/** Kills a server, which systemd starts again. */
async function kill(host: TestHost, fid: string): Promise<void> {
  await host.output(["systemctl", "kill", "--signal=KILL", `${server(fid)}.service`]);
}

async function logOf(host: TestHost, unit: string): Promise<readonly string[]> {
  const argv = ["journalctl", "--unit", unit, "--output=cat", "--no-pager"] as const;
  return (await host.output(argv)).split("\n");
}

/** What a host's hax has recorded of a process in the KV, in order. */
async function recordedOf(host: TestHost, fid: string): Promise<readonly string[]> {
  return (await logOf(host, HAX_UNIT)).flatMap((line) => {
    const [, of, state, generation] = / hax: (\S+): .*: (\w+), generation (\d+)$/.exec(line) ?? [];
    return of === fid ? [`${state} ${generation}`] : [];
  });
}

async function generationOf(host: TestHost, fid: string): Promise<number> {
  return Number((await recordedOf(host, fid)).at(-1)?.split(" ")[1]);
}

async function entrypointOf(host: TestHost): Promise<EntrypointJson> {
  return JSON.parse(await host.output(["hare", "entrypoint", "--json"]));
}

/** How often a host's hax has had a process linked. */
async function linksOf(host: TestHost, fid: string): Promise<number> {
  const linked = `hax link: ${fid} is linked`;
  return (await logOf(host, HAX_UNIT)).filter((line) => line.endsWith(linked)).length;
}

testMotrOnHosts("real Motr on one host", 1, async (hosts, first, t) => {
  await bootstrapWell(first, BOOTSTRAP);
  const units = await activeOn(hosts.all);
  await waitUntilWell(hosts.all, units);
  const sum = await write(first);

  await t.step(
    "servers link with the next hax when theirs is restarted, and nobody else sees",
    async () => {
      const status = await statusOf(first);
      const fids = (["confd", "ios"] as const).flatMap((role) =>
        processesOf(status, role).map(({ fid }) => fid)
      );
      const recorded = () => Promise.all(fids.map((fid) => recordedOf(first, fid)));
      const before = await recorded();
      for (const _ of ["once", "again"]) {
        const links = await Promise.all(fids.map((fid) => linksOf(first, fid)));
        await first.output(["systemctl", "restart", `${HAX_UNIT}.service`]);
        await waitFor("the servers to be linked", async () => {
          const now = await Promise.all(fids.map((fid) => linksOf(first, fid)));
          return now.every((count, i) => count > (links[i] ?? 0))
            ? { ready: true, value: undefined }
            : { ready: false, why: `${fids} were linked ${links} times, and are ${now}` };
        }, { limitMs: 120_000 });
      }
      assertEquals(await recorded(), before);
      await waitUntilWell(hosts.all, units);
      assertEquals(await read(first), sum);
    },
  );

  await t.step("its only confd dies, and no one can lead until another is there", async () => {
    const [confd] = processesOf(await statusOf(first), "confd");
    const fid = confd?.fid ?? "";
    const generation = await generationOf(first, fid);
    await kill(first, fid);
    await waitFor("another confd", async () => ({
      ready: await generationOf(first, fid) > generation,
      value: undefined,
      why: "there is none",
    }), { limitMs: 120_000 });
    await waitUntilWell(hosts.all, units);
    assertEquals(await read(first), sum);
  });
});

testMotrOnHosts("real Motr on three hosts", 3, async (hosts, first, t) => {
  const { all } = hosts;
  const [, second, third] = all as [TestHost, TestHost, TestHost];
  let units: Units = {};
  let sum = "";

  await t.step("comes up with one command, and keeps what a client writes", async () => {
    await bootstrapWell(first, BOOTSTRAP);
    units = await activeOn(all);
    await waitUntilWell(all, units);
    assertAllStarted(await statusOf(first));
    sum = await write(second);
    assertEquals(await read(third), sum);
  });

  await t.step("an io server that is killed is told of, and is started again", async () => {
    const { fid = "" } = processesOf(await statusOf(first), "ios")[1] ?? {};
    const generation = await generationOf(second, fid);
    await first.output(["systemd-run", "--unit=watch", "hare", "watch-service", "ios"]);
    const said = async () => (await logOf(first, "watch")).filter((line) => line.includes(fid));
    await waitFor("the service to be watched", async () => ({
      ready: (await said()).length === 1,
      value: undefined,
      why: "nothing is said",
    }), { limitMs: 60_000 });
    await kill(second, fid);
    await waitFor("the service to be critical, then passing", async () => {
      const [, ...changes] = (await said()).map((line) => JSON.parse(line));
      assertEquals(changes, [[{ fid, status: "offline" }], [{ fid, status: "online" }]]);
      return { ready: true, value: undefined };
    }, { limitMs: 120_000 });
    await waitUntilWell(all, units);
    assertEquals((await recordedOf(second, fid)).slice(-3), [
      `STOPPED ${generation}`,
      `STARTING ${generation + 1}`,
      `STARTED ${generation + 1}`,
    ]);
    for (const host of all) {
      const told = (await logOf(host, HAX_UNIT)).filter((line) => line.includes(" tells that "));
      const failed = told.findIndex((line) => line.includes(`${fid} is failed`));
      assert(failed !== -1, `${host.name} has not told that it failed`);
      assert(
        told.slice(failed).some((line) => line.includes(`${fid} is online`)),
        `${host.name} has not told that it is back`,
      );
    }
    assertEquals(await read(third), sum);
  });

  await t.step("a host that boots again comes back by itself", async () => {
    const { principalRm: { node } } = await entrypointOf(first);
    const other = node === third.name ? second : third;
    await other.reboot();
    await waitUntilWell(all, units);
    assertEquals(await read(other), sum);
  });

  await t.step("after a shutdown it comes up with what was written", async () => {
    const { code, stderr } = await operation(first, ["shutdown"]);
    assertEquals([code, withoutLog(stderr)], [0, ""]);
    const changes = changesIn(await bootstrapWell(first, BOOTSTRAP));
    assertEquals(changes.filter((change) => change.includes(mkfs(""))), []);
    await waitUntilWell(all, units);
    assertEquals(await read(first), sum);
  });

  await t.step("a confd that is killed loses the leadership, and is started again", async () => {
    const { principalRm: { node } } = await entrypointOf(first);
    const confd = processesOf(await statusOf(first), "confd").find((one) => one.node === node);
    await kill(hosts.host(node), confd?.fid ?? "");
    const { confds, quorum } = await waitFor("another host to lead", async () => {
      const entrypoint = await entrypointOf(first);
      return entrypoint.principalRm.node !== node
        ? { ready: true, value: entrypoint }
        : { ready: false, why: `${node} still leads` };
    }, { limitMs: 60_000 });
    assertEquals([confds.length, quorum], [3, 2]);
    assertEquals(await read(third), sum);
    await waitUntilWell(all, units);
  });
});
