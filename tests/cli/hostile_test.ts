/**
 * No command shows raw what is in a real Consul; see `hostile.ts`. What needs no Consul is in
 * `mod/cli/hostile_test.ts`.
 */

import { Consul } from "../../mod/consul/mod.ts";
import { formatHistory } from "../../mod/kv/history.ts";
import {
  historyKey,
  LEADER,
  processKey,
  RC_PAUSED,
  RC_REPORT,
  serviceKey,
} from "../../mod/kv/keys.ts";
import { formatPools, POOLS } from "../../mod/kv/pools.ts";
import { formatProcessState } from "../../mod/kv/process_state.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { encodeBase64 } from "../../mod/lib/std/encoding.ts";
import { runHere } from "../../mod/lib/process.ts";
import { assert } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { HARE } from "../lib/hare.ts";
import { importConfiguration } from "../rc/nodes.ts";
import { assertSafe, COMMANDS, HOSTILE, hostileWorld, runAll, RUNS } from "./hostile.ts";

/** Consul's catalog holds no NUL. */
const IN_CATALOG = HOSTILE.replaceAll("\x00", "");

/** By a transaction: in a path Consul refuses characters that cannot be printed. */
async function putAnyKey({ address }: Consul, key: string, value: string): Promise<void> {
  const KV = { Verb: "set", Key: key, Value: encodeBase64(new TextEncoder().encode(value)) };
  const response = await fetch(`${address}/v1/txn`, {
    method: "PUT",
    body: JSON.stringify([{ KV }]),
  });
  assert(response.ok, await response.text());
}

/** A cluster whose every name and text is hostile. */
async function fill(consul: Consul, node: string): Promise<void> {
  const { kv } = consul;
  const json = JSON.stringify({ text: HOSTILE });
  const event = `${HOSTILE} ${json}`;
  const rejected = { event, reason: HOSTILE, time: HOSTILE };
  const time = "2026-11-24T03:10:00.000Z";
  for (
    const [key, value] of [
      [LEADER, HOSTILE],
      [RC_PAUSED, JSON.stringify({ by: HOSTILE, since: HOSTILE, why: HOSTILE })],
      [
        RC_REPORT,
        JSON.stringify({
          node: HOSTILE,
          term: 0,
          since: time,
          oldest: null,
          lastError: { time: HOSTILE, what: HOSTILE },
        }),
      ],
      ["eq/000000017", event],
      [`eq/${HOSTILE}`, event],
      ["bq/000000003", event],
      ["eq-rejected/000000018", JSON.stringify(rejected)],
      [`eq-rejected/${HOSTILE}`, HOSTILE],
      ["timeout/203011240310.05", HOSTILE],
      [`timeout/${HOSTILE}`, HOSTILE],
      [HOSTILE, HOSTILE],
      [
        historyKey(new Date(time), 1),
        formatHistory({
          ...{ kind: "event", term: 1, node: HOSTILE, key: HOSTILE, event, time, ms: 1 },
          ...{ result: "rejected", outcome: HOSTILE },
        }),
      ],
      [
        historyKey(new Date(time), 2),
        formatHistory({
          ...{ kind: "term", term: 1, node: HOSTILE, began: time, ended: time, how: HOSTILE },
        }),
      ],
      [
        POOLS,
        formatPools([{
          ...{ fid: makeFid("pool", 99), name: HOSTILE, data: 2, parity: 1, spare: 0 },
          ...{ tolerance: [0, 0, 0, 1, 1] as const, drives: new Map([[8, 2]]) },
        }]),
      ],
    ] as const
  ) {
    await putAnyKey(consul, key, value);
  }
  for (
    const [fidk, types] of [[6, "ha rms"], [7, "rms confd"], [8, "rms ios"], [9, "rms"]] as const
  ) {
    await kv.put(serviceKey(node, fidk, "types"), types);
    await kv.put(serviceKey(node, fidk, "ep"), HOSTILE);
    const record = { state: "STARTED", type: "M0D", pid: 1, generation: 1 } as const;
    await kv.put(processKey(makeFid("process", fidk)), formatProcessState(record));
    const checks = [{ ttl: "10m", status: "passing" as const }];
    const name = ["hax", "confd", "ios", "ios"][fidk - 6] ?? "ios";
    await consul.agent.registerService({ id: String(fidk), name, checks });
    await consul.agent.updateCheck(`service:${fidk}`, "critical", IN_CATALOG);
  }
}

Deno.test("no command shows what is in Consul raw", async () => {
  await using agent = await startConsul({ address: "127.80.9.1", node: "node0" });
  const { consul } = agent;
  await fill(consul, "node0");
  await runAll("consul", () => hostileWorld({ consul: () => consul }));
  // Again, as some commands have removed some of it; and so that a coordinator can lead.
  await fill(consul, "node0");
  await importConfiguration([agent]);
  await consul.kv.delete(RC_PAUSED);
  await consul.agent.updateCheck("service:7", "passing", IN_CATALOG);
  const env = { CONSUL_HTTP_ADDR: "127.80.9.1:8500" };
  const daemons = COMMANDS.flatMap(([path]) =>
    (RUNS[path] ?? []).filter(({ isDaemon }) => isDaemon).map(({ args = [] }) => ({ path, args }))
  );
  assert(daemons.length > 0);
  const seen = await Promise.all(
    daemons.flatMap(({ path, args }) =>
      [[], ["--log-json"]].map(async (more) => {
        const argv = [...path.split(" "), ...args, ...more];
        const { stdout, stderr } = await runHere(["timeout", "4", HARE, ...argv], { env });
        assertSafe(stdout, `hare ${argv.join(" ")}`);
        assertSafe(stderr, `hare ${argv.join(" ")}`);
        return stdout + stderr;
      })
    ),
  );
  assert(seen.some((text) => text.includes("FORGED")), "no daemon shows anything");
});
