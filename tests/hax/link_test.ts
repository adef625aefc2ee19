/**
 * hax whole, between a real Consul and the library that plays Mero: who asks is let in, what is
 * said is recorded, what is broadcast arrives.
 */

import type { Consul } from "../../mod/consul/mod.ts";
import { HaLink } from "../../mod/halink/mod.ts";
import type { OpenLink } from "../../mod/hax/link_keeper.ts";
import { formatBroadcast, type HaState } from "../../mod/kv/broadcast.ts";
import { enqueue } from "../../mod/kv/enqueue.ts";
import { BQ_PREFIX, bqSeenKey, EQ_PREFIX, stateKey } from "../../mod/kv/keys.ts";
import { formatFid, makeFid } from "../../mod/lib/fid.ts";
import { buildForTests, FakeMotr } from "../halink/fake_motr.ts";
import { assertEquals } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import {
  checkOf,
  CONFD,
  elect,
  eventually,
  importConfiguration,
  IOS,
  recorded,
  registerServices,
  type RunningHax,
  startHax,
  startProcess,
} from "./node.ts";

const NODE = "ssc-vm1";
const EAGAIN = -11;
/** Mero's numbers of a process's events. */
const STARTING = 0, STARTED = 1, STOPPED = 3;

const library = (await buildForTests("hax with the HA link", ["motr"])).get("motr");

interface World {
  readonly consul: Consul;
  readonly motr: FakeMotr;
  readonly start: () => RunningHax;
  readonly agent: Awaited<ReturnType<typeof startConsul>>;
}

/** A node with its configuration and services, where nobody leads yet. */
function testNode(
  name: string,
  address: string,
  test: (world: World) => Promise<void>,
): void {
  if (library === undefined) return;
  const openLink: OpenLink = (identity, events) =>
    HaLink.open({
      ...{ library, identity, events },
      startWorker: () => new Worker(new URL("../../main.ts", import.meta.url), { type: "module" }),
    });
  Deno.test(name, async () => {
    await using agent = await startConsul({ address, node: NODE });
    const { consul } = agent;
    await importConfiguration(consul);
    await registerServices(consul, address);
    using motr = new FakeMotr(library);
    await test({ consul, motr, agent, start: () => startHax(consul, address, { openLink }) });
    motr.assertContractHeld();
  });
}

async function broadcast(consul: Consul, ...notes: readonly (readonly [number, HaState])[]) {
  await enqueue(
    consul,
    BQ_PREFIX,
    notes.map(([key, state]) => formatBroadcast({ fid: makeFid("drive", key), state })),
  );
}

const linkIs = (hax: RunningHax, state: string) =>
  eventually(
    `the link to be ${state}`,
    async () => ((await hax.get("/health")).body as { link: string }).link,
    state,
    60_000,
  );

testNode(
  "a process is let in and linked, and its life is recorded",
  "127.80.4.1",
  async (world) => {
    const { consul, motr, start } = world;
    await elect(consul, NODE);
    await using hax = start();
    await linkIs(hax, "up");
    await using confd = startProcess();
    const { link, ...asked } = await motr.ask(9, confd.pid);
    assertEquals([asked.rc, asked.confds, asked.quorum, asked.rmKey, asked.endpoints], [
      ...[0, 2, 2, 10] as const,
      "10.0.0.2@tcp:12345:2:2 10.0.0.1@tcp:12345:2:2",
    ]);
    await motr.events(link, 9, STARTING, { pid: confd.pid });
    await motr.events(link, 9, STARTED, { pid: confd.pid });
    await eventually("its start", () => recorded(consul, CONFD), `STARTED ${confd.pid} 1`);
    await eventually("its check", () => checkOf(consul, CONFD), "passing");
    assertEquals(
      (await hax.get("/health/9")).body,
      `the process with pid ${confd.pid} has started`,
    );

    await motr.end(link);
    assertEquals(
      (await hax.get("/health/9")).body,
      `the process with pid ${confd.pid} has started; it has no link with hax`,
    );
    await motr.endAll();
    await hax.stop();
  },
);

testNode(
  "a confd that starts in place of a dead one lets a leader be elected",
  "127.80.4.2",
  async (world) => {
    const { consul, motr, start } = world;
    await using first = startProcess();
    await using second = startProcess();
    await using hax = start();
    await hax.ready();
    await hax.report(CONFD, "starting", first.pid);
    await hax.report(CONFD, "started", first.pid);
    await first.kill();
    await eventually("confd's check", () => checkOf(consul, CONFD), "critical");
    assertEquals((await motr.ask(9, second.pid)).rc, EAGAIN, "nobody leads");
    await eventually("confd's check", () => checkOf(consul, CONFD), "warning");
    assertEquals(
      (await hax.get("/health/9")).body,
      `pid ${second.pid} starts in place of pid ${first.pid}`,
    );
    const asked = motr.ask(9, second.pid);
    await elect(consul, NODE);
    await linkIs(hax, "up");
    const { rc, link } = (await asked).rc === 0 ? await asked : await motr.ask(9, second.pid);
    assertEquals(rc, 0);
    await motr.events(link, 9, STARTING, { pid: second.pid });
    await eventually("its start", () => recorded(consul, CONFD), `STARTING ${second.pid} 2`);
    await motr.endAll();
    await hax.stop();
  },
);

testNode(
  "what is broadcast is told to each process once, in order, whatever hax does",
  "127.80.4.3",
  async (world) => {
    const { consul, motr, start } = world;
    await elect(consul, NODE);
    {
      await using hax = start();
      await linkIs(hax, "up");
      const [nine, twelve] = await Promise.all([motr.ask(9), motr.ask(12)]);
      await broadcast(consul, [1, "failed"], [2, "repair"], [1, "repaired"]);
      const told = () =>
        Promise.resolve([nine, twelve].map(({ link }) => {
          const { notes, lastKey, lastState } = motr.told(link);
          return [notes, lastKey, lastState];
        }));
      await eventually("the broadcasts", told, [[3, 1, 5], [3, 1, 5]]);
      assertEquals(motr.told(nine.link).checksum, motr.told(twelve.link).checksum);

      const missed = { fid: makeFid("drive", 4), state: "failed" as const };
      await consul.kv.put(stateKey(missed.fid), formatBroadcast(missed));
      const response = await fetch(hax.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "null",
      });
      await response.body?.cancel();
      const all = [[4, 4, 2], [4, 4, 2]];
      await eventually("what has left the queue unseen, at a watch's notice", told, all);
      await consul.kv.delete(stateKey(missed.fid));
      await motr.endAll();
      await hax.stop();
    }
    const position = (await consul.kv.get(bqSeenKey(NODE)))?.value;
    await broadcast(consul, [3, "failed"]);
    {
      await using hax = start();
      await linkIs(hax, "up");
      const nine = await motr.ask(9);
      const told = () =>
        Promise.resolve([motr.told(nine.link).notes, motr.told(nine.link).lastKey]);
      await eventually("what came meanwhile, and no more", told, [1, 3]);
      await motr.endAll();
      await hax.stop();
    }
    const last = (await consul.kv.list(BQ_PREFIX)).at(-1)?.key.replace(BQ_PREFIX, "");
    assertEquals((await consul.kv.get(bqSeenKey(NODE)))?.value, String(Number(last)));
    assertEquals(Number(position) < Number(last), true);
  },
);

testNode(
  "while Consul cannot be asked nobody is let in, and right after its return everybody",
  "127.80.4.4",
  async (world) => {
    const { consul, motr, start, agent } = world;
    await elect(consul, NODE);
    await using hax = start();
    await linkIs(hax, "up");
    await using ios = startProcess();
    const { link } = await motr.ask(12, ios.pid);
    await agent.pause();
    await eventually("EAGAIN", async () => (await motr.ask(9)).rc, EAGAIN, 60_000);
    await motr.events(link, 12, STARTING, { pid: ios.pid });
    await motr.events(link, 12, STARTED, { pid: ios.pid });
    assertEquals((await motr.ask(9)).rc, EAGAIN);
    agent.resume();
    await eventually("the entrypoint", async () => (await motr.ask(9)).rc, 0, 60_000);
    await eventually(
      "what was said meanwhile",
      () => recorded(consul, IOS),
      `STARTED ${ios.pid} 1`,
    );
    await motr.endAll();
    await hax.stop();
  },
);

testNode(
  "errors and services that start are put on the event queue",
  "127.80.4.5",
  async (world) => {
    const { consul, motr, start } = world;
    await elect(consul, NODE);
    await using hax = start();
    await linkIs(hax, "up");
    const { link } = await motr.ask(9);
    await motr.rubbish(link, 10, 7n); // be io: whatever is in it, it is an error of an object
    const types = async () =>
      (await consul.kv.list(EQ_PREFIX)).map(({ value }) => value.split(" ")[0]);
    await eventually("the error", types, ["io-error"]);
    await motr.service(link, 10, STARTED);
    await eventually("the start", types, ["io-error", "service"]);
    await motr.endAll();
    await hax.stop();
  },
);

testNode("the link of a process that was killed is let go", "127.80.4.6", async (world) => {
  const { consul, motr, start } = world;
  await elect(consul, NODE);
  await using hax = start();
  await linkIs(hax, "up");
  await using ios = startProcess();
  const [own, { link }] = await Promise.all([motr.ask(6, Deno.pid), motr.ask(12, ios.pid)]);
  for (const event of [STARTING, STARTED]) await motr.events(link, 12, event, { pid: ios.pid });
  await ios.kill();
  await eventually("its death", () => recorded(consul, IOS), `STOPPED ${ios.pid} 1`);
  const told = () => {
    const { lastKey, lastState } = motr.told(own.link);
    return Promise.resolve([lastKey, lastState]);
  };
  await eventually("hax's own process to be told", told, [Number(IOS.key), 2]);
  await motr.events(link, 12, STOPPED, { pid: ios.pid }); // late: it changes nothing
  assertEquals((await hax.get(`/health/${formatFid(IOS)}`)).status, 503);
  await motr.endAll();
  await hax.stop();
});
