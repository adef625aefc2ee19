/**
 * One node of `halink.ts`: a hax with the HA link, and its processes, played by the test library.
 * A program of its own, as the library allows one interface in each: `halink_node.ts N ADDRESS
 * LIBRARY`, told on standard input what to do.
 *
 * @module
 */

import { Consul } from "../../mod/consul/mod.ts";
import { HaLink } from "../../mod/halink/mod.ts";
import { ProcFiles } from "../../mod/lib/proc_file.ts";
import { startOfIn } from "../../mod/hax/presence.ts";
import { serveHax } from "../../mod/hax/server.ts";
import { HA_STATES, type HaState } from "../../mod/kv/broadcast.ts";
import { PROCESSES_PREFIX, processKey } from "../../mod/kv/keys.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { type Fid, makeFid } from "../../mod/lib/fid.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { FakeMotr } from "../halink/fake_motr.ts";
import { linesOf, print, rssMb, threadCount } from "./measure.ts";

/** Processes of a node, besides hax and its confd. */
export const PROCESSES = 20;
/** Broadcasts that each process is told. */
export const BROADCASTS = 1_000;
/** Connects and disconnects of which nothing may stay, after the first. */
export const CONNECTS = [1_000, 10_000] as const;
const FIRST_CONNECTS = 1_000;
/** V8 gives back what it took for the moment some seconds after. */
const REST_MS = 30_000;
/** Asks for the entrypoint of each hax while the broadcasts wait. */
const ASKS = 300;
const [STARTING, STARTED] = [0, 1];

/** Keys of hax, of the confd and of the first of the other processes, on node `n`. */
export function keysOf(
  n: number,
): { readonly hax: number; readonly confd: number; readonly first: number } {
  return { hax: 6 + 1000 * n, confd: 9 + 1000 * n, first: 12 + 1000 * n };
}

/** One broadcast, by its number. */
export function broadcastOf(i: number): { readonly fid: Fid; readonly state: HaState } {
  return { fid: makeFid("drive", 1 + i % 100), state: HA_STATES[1 + i % 6] ?? "online" };
}

/** What a node has measured. */
export interface Figures {
  readonly asks: readonly number[];
  readonly changes: readonly number[];
  readonly burst: number;
  readonly areExact: boolean;
  /** What it has grown by at rest after each of {@linkcode CONNECTS}, counted together. */
  readonly growth: readonly { readonly mb: number; readonly threads: number }[];
}

if (import.meta.main) {
  const [n, address = "", library = ""] = Deno.args;
  await runNode(Number(n), address, library);
}

/** One hax and its processes. */
async function runNode(n: number, address: string, library: string): Promise<void> {
  const keys = keysOf(n);
  const consul = new Consul({ address: `http://${address}:8500` });
  using motr = new FakeMotr(library);
  const stop = new AbortController();
  const ended = serveHax({
    ...{
      consul,
      clock: systemClock,
      random: Math.random,
      startOf: startOfIn(new ProcFiles()),
      boot: "this boot",
    },
    isOfUnit: () => null,
    openLink: (identity, events) =>
      HaLink.open({
        ...{ library, identity, events },
        startWorker: () =>
          new Worker(new URL("../../main.ts", import.meta.url), { type: "module" }),
      }),
  }, { listen: { hostname: address, port: 8008 }, signal: stop.signal });
  const orders = linesOf(Deno.stdin.readable);
  const order = async (expected: string) => {
    const { value } = await orders.next();
    if (value !== expected) throw new Error(`${value} instead of ${expected}`);
  };
  const tell = (value: unknown) => print(JSON.stringify(value));

  await waitFor("the link", async () => {
    const { link } = await (await fetch(`http://${address}:8008/health`)).json();
    return link === "up" ? { ready: true, value: undefined } : { ready: false, why: link };
  }, { limitMs: 60_000 });
  const peers = Array.from({ length: PROCESSES }, (_, i) => keys.first + 3 * i);
  const links = await Promise.all(peers.map(async (key) => (await motr.ask(key, Deno.pid)).link));
  tell("linked");

  await order("broadcast");
  const asks: number[] = [];
  const until = performance.now() + 10_000;
  const areTold = () => links.every((link) => motr.told(link).notes >= BROADCASTS);
  while (asks.length < ASKS || !areTold() && performance.now() < until) {
    const { ms, link } = await motr.ask(keys.confd, Deno.pid);
    asks.push(ms);
    await motr.end(link);
    await systemClock.sleep(1);
  }
  const expected = expectedChecksum();
  const areExact = links.every((link) => {
    const { notes, checksum } = motr.told(link);
    return notes === BROADCASTS && checksum === expected;
  });

  const seen = watchRecords(consul, stop.signal);
  const changes: number[] = [];
  for (const [i, link] of links.entries()) {
    const key = peers[i] ?? 0;
    const begun = performance.now();
    await motr.events(link, key, STARTING, { pid: Deno.pid });
    await seen.has(key, "STARTING");
    changes.push(performance.now() - begun);
  }
  const begun = performance.now();
  await Promise.all(
    links.map((link, i) => motr.events(link, peers[i] ?? 0, STARTED, { pid: Deno.pid })),
  );
  await Promise.all(peers.map((key) => seen.has(key, "STARTED")));
  const burst = performance.now() - begun;

  const connect = async (count: number) => {
    for (let round = 0; round < count / 100; round++) {
      const all = await Promise.all(
        Array.from({ length: 100 }, () => motr.ask(keys.confd, Deno.pid)),
      );
      await Promise.all(all.map(({ link }) => motr.end(link)));
    }
    await systemClock.sleep(REST_MS);
    return { mb: await rssMb(Deno.pid), threads: await threadCount() };
  };
  const before = await connect(FIRST_CONNECTS); // what the first take is taken once
  const growth: { mb: number; threads: number }[] = [];
  for (const count of CONNECTS) {
    const { mb, threads } = await connect(count);
    growth.push({ mb: mb - before.mb, threads: threads - before.threads });
  }
  tell({ asks, changes, burst, areExact, growth } satisfies Figures);

  await order("away");
  await waitFor("EAGAIN", async () => {
    const { rc } = await motr.ask(keys.confd, Deno.pid);
    return rc === 0 ? { ready: false, why: "it is let in" } : { ready: true, value: undefined };
  }, { limitMs: 120_000 });
  tell("away");
  await order("back");
  const back = performance.now();
  await waitFor("the entrypoint", async () => {
    const { rc } = await motr.ask(keys.confd, Deno.pid);
    return rc === 0 ? { ready: true, value: undefined } : { ready: false, why: `${rc}` };
  }, { limitMs: 120_000, intervalMs: 5 });
  tell(performance.now() - back);
  await order("end");
  stop.abort();
  await ended;
  motr.assertContractHeld();
  consul[Symbol.dispose]();
  Deno.exit(0);
}

/** What the library's checksum of all broadcasts is, told once and in order. */
function expectedChecksum(): bigint {
  let sum = 0n;
  for (let i = 0; i < BROADCASTS; i++) {
    const { fid, state } = broadcastOf(i);
    sum = BigInt.asUintN(64, sum * 31n + fid.key * 8n + BigInt(HA_STATES.indexOf(state)));
  }
  return sum;
}

/** The records of processes as they come to the KV. */
function watchRecords(consul: Consul, signal: AbortSignal) {
  const states = new Map<string, string>();
  let wake = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const entries of consul.kv.watchPrefix(PROCESSES_PREFIX, { signal })) {
      for (const { key, value } of entries) states.set(key, JSON.parse(value).state);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })();
  watching.catch((error) => {
    if (!signal.aborted) throw error;
  });
  return {
    async has(key: number, state: string): Promise<void> {
      const at = processKey(makeFid("process", key));
      while (states.get(at) !== `M0_CONF_HA_PROCESS_${state}`) await wake.promise;
    },
  };
}
