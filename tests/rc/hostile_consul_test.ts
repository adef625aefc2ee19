/**
 * `hare rc` with a real Consul that holds what anybody may put there, and a coordinator whose term
 * fails of a fault in the program. (`hostile_data_test.ts` tries many more data on a model.)
 *
 * @module
 */

import * as fc from "fast-check";
import { EPOCH, eqKey, LEADER, parseEpochKey, RC_PAUSED } from "../../mod/kv/keys.ts";
import { parseBroadcast } from "../../mod/kv/broadcast.ts";
import { formatFid, makeFid } from "../../mod/lib/fid.ts";
import { encodeBase64 } from "../../mod/lib/std/encoding.ts";
import { RcMetrics } from "../../mod/rc/mod.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { captureLog } from "../lib/capture_log.ts";
import { startConsul } from "../lib/consul.ts";
import { hare } from "../lib/hare.ts";
import { type Junk, junk, makeRules, rulesPlaces } from "./hostile_data.ts";
import {
  eventually,
  importConfiguration,
  leaderNow,
  registerConfd,
  startHere,
  startProcess,
} from "./nodes.ts";
import { listing } from "./queue_world.ts";

const ADDRESS = "127.79.1.1";
const ROUNDS = Deno.env.get("HARE_TEST_LONG") === "1" ? 60 : 3;
const PER_ROUND = 40;
const COMMA = 0x2c;
const VALID = [3, 50, 51, 170, 300, 399];

/** A timeout of 100,000 valid events is worked off, too, but takes its time. */
function isQuick({ bytes }: Junk): boolean {
  return bytes.filter((byte) => byte === COMMA).length < 500;
}

/** Puts it as any client can, by one of Consul's two ways; what Consul does not take is not there. */
async function put({ key, bytes }: Junk): Promise<void> {
  const isLarge = bytes.length > 300_000;
  const path = key.split("/").map(encodeURIComponent).join("/");
  const body = isLarge
    ? new Uint8Array(bytes)
    : JSON.stringify([{ KV: { Verb: "set", Key: key, Value: encodeBase64(bytes) } }]);
  const url = `http://${ADDRESS}:8500/v1/${isLarge ? `kv/${path}` : "txn"}`;
  const response = await fetch(url, { method: "PUT", body, redirect: "manual" });
  await response.body?.cancel();
}

/** Commands that show what is in KV; what they cannot read must not keep them from showing the rest. */
const COMMANDS = [
  ["rc", "status"],
  ["rc", "status", "--json"],
  ["rc", "log"],
  ["event", "list"],
  ["event", "list", "--json"],
  ["event", "history"],
  ["timeout", "list"],
  ["timeout", "list", "--json"],
  ["status"],
  ["status", "--json"],
  ["entrypoint"],
  ["check-service", "--hax"],
] as const;

async function looksOn(args: readonly string[]): Promise<void> {
  const env = { CONSUL_HTTP_ADDR: `${ADDRESS}:8500` };
  const { code, stderr } = await hare(args, { env });
  const said = `hare ${args.join(" ")}: ${code}: ${stderr}`;
  assert(!/fault of hare|\n {4}at /.test(stderr), said);
  assert(
    args[0] === "status" || args[0] === "entrypoint" || args[0] === "check-service" || code === 0,
    said,
  );
}

Deno.test("hare rc leads on before any data in a real Consul, and handles every valid event", async () => {
  await using agent = await startConsul({ address: ADDRESS, node: "node0" });
  const { kv } = agent.consul;
  await importConfiguration([agent]);
  await registerConfd(agent, 0);
  const place = await Deno.makeTempDir();
  try {
    await using rc = startProcess(ADDRESS, "--rules", `${place}/rules`);
    await leaderNow(agent.consul);
    const led = (await kv.get(LEADER))?.lockIndex;
    for (let round = 0; round < ROUNDS; round++) {
      for await (const { name } of Deno.readDir(place)) {
        await Deno.remove(`${place}/${name}`, { recursive: true });
      }
      const options = { numRuns: 1, seed: round };
      for (const rules of fc.sample(rulesPlaces, options)) await makeRules(`${place}/rules`, rules);
      await kv.put(RC_PAUSED, "by a test");
      for (const one of fc.sample(junk, { numRuns: PER_ROUND, seed: round }).filter(isQuick)) {
        await put(one);
      }
      const fids = VALID.map((number) => makeFid("pool", 1000 * round + number));
      for (const [i, fid] of fids.entries()) {
        await kv.put(eqKey(VALID[i] ?? 0), `repair {"fid": "${formatFid(fid)}"}`);
      }
      await kv.delete(RC_PAUSED);
      await eventually(`the queue of round ${round}`, async (signal) => {
        const keys = await kv.keys("eq/", { signal });
        return keys.filter((key) => parseEpochKey("eq/", key) !== null);
      }, []);
      const told = (await kv.list("bq/")).flatMap((entry) => {
        const index = entry.createIndex;
        const isOurs = /^\{"fid":"0x6f00000000000001:/.test(entry.value);
        return isOurs ? [{ index, key: entry.key, fid: parseBroadcast(entry).fid }] : [];
      }).toSorted((a, b) => a.index - b.index || (a.key < b.key ? -1 : 1)).map(({ fid }) => fid);
      const expected = fids.map(formatFid);
      assertEquals(told.map(formatFid).filter((fid) => expected.includes(fid)), expected);
      for (const args of COMMANDS) await looksOn(args);
    }
    assertEquals((await kv.get(LEADER))?.lockIndex, led);
    assertEquals(rc.lines.filter((line) => /term has failed|leads no longer/.test(line)), []);
    assertEquals(await rc.stop(), 0);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});

/** Fails, as a fault of the program would, when it counts the first event. */
class FaultyMetrics extends RcMetrics {
  #failed = false;

  override event(...args: Parameters<RcMetrics["event"]>): void {
    if (this.#failed) return super.event(...args);
    this.#failed = true;
    throw new TypeError("a fault of the program");
  }
}

Deno.test("a coordinator whose term fails gives leadership up for a while, and leads again", async () => {
  await using log = await captureLog();
  await using agent = await startConsul({ address: ADDRESS, node: "node0" });
  const { kv } = agent.consul;
  await importConfiguration([agent]);
  await registerConfd(agent, 0);
  await using _rc = startHere(ADDRESS, { rules: [listing], metrics: new FaultyMetrics() });
  await leaderNow(agent.consul);
  await kv.put(EPOCH, "2");
  await kv.put(eqKey(1), "n1");
  const hasSaid = (pattern: RegExp) => () => Promise.resolve(log.matching(pattern).length > 0);
  await eventually("the failure", hasSaid(/the term has failed: TypeError: a fault of/), true);
  await eventually("the rest", hasSaid(/node0 leaves leadership to others for/), true);
  await kv.put(eqKey(2), "n2");
  await eventually("the next event", async () => (await kv.get("list"))?.value, "n1 n2");
});
