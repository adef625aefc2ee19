/**
 * Counters and queues on a real agent, with many callers at once: each gets numbers of its own and
 * none is left out.
 *
 * @module
 */

import { runProgram } from "../../mod/cli/program.ts";
import { enqueue } from "../../mod/kv/enqueue.ts";
import { next, nextEpoch, nextFid } from "../../mod/kv/counters.ts";
import { KvValueError } from "../../mod/kv/errors.ts";
import { EPOCH, EQ_PREFIX, eqKey, LAST_FIDK, parseEpochKey } from "../../mod/kv/keys.ts";
import { HareError } from "../../mod/lib/errors.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { fakeWorld } from "../lib/world.ts";

const CALLERS = 200;
const numbers = Array.from({ length: CALLERS }, (_, i) => i + 1);

function together<T>(call: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: CALLERS }, call));
}

Deno.test("counters and queues", async (t) => {
  await using agent = await startConsul({
    address: "127.78.2.7",
    // The default is 200, and a pool of connections may open some ahead of need.
    hcl: ["limits { http_max_conns_per_client = 1000 }"],
  });
  const { consul } = agent;
  const { kv } = consul;
  const valueOf = async (key: string) => (await kv.get(key))?.value;

  await t.step("next(): 200 callers get 200 numbers without a gap, also beyond 2^53", async () => {
    const first = 2n ** 64n;
    await kv.put("count", String(first));
    const got = await together(() => next(consul, "count"));
    assertEquals(got.toSorted(), numbers.map((n) => first + BigInt(n)));
    assertEquals(await valueOf("count"), String(first + BigInt(CALLERS)));
  });

  await t.step("nextEpoch(): 200 callers get 200 numbers without a gap", async () => {
    await kv.put(EPOCH, "1");
    const got = await together(() => nextEpoch(consul));
    assertEquals(got.toSorted((a, b) => a - b), numbers.map((n) => n + 1));
  });

  await t.step("nextFid(): 200 callers get 200 fids, 16 apart", async () => {
    await kv.put(LAST_FIDK, "10");
    const got = await together(() => nextFid(consul, "process"));
    assertEquals(
      got.toSorted((a, b) => Number(a.key - b.key)),
      numbers.map((n) => makeFid("process", 10 + 16 * n)),
    );
  });

  await t.step(
    "next(): what is absent or no number is an error, and nothing is written",
    async () => {
      await assertRejects(() => next(consul, "absent"), HareError, "key absent is absent");
      assertEquals(await kv.get("absent"), null);
      for (const value of ["", "x", "1.5", "0x10", "1 2", "NaN"]) {
        await kv.put("wrong", value);
        const before = await kv.get("wrong");
        await assertRejects(() => next(consul, "wrong"), KvValueError, "it is no whole number");
        assertEquals(await kv.get("wrong"), before);
      }
    },
  );

  await t.step("nextFid() refuses a key that a fid cannot have", async () => {
    await kv.put(LAST_FIDK, String(2n ** 64n - 16n));
    await assertRejects(() => nextFid(consul, "process"), HareError, "has come to its end");
  });

  await t.step("nextFid(): a counter that was set back hands out no key in use", async () => {
    await kv.put(LAST_FIDK, "16");
    await kv.put("node/ssc-vm1/service/70/types", "rms ios");
    assertEquals((await nextFid(consul, "process")).key, 86n);
    assertEquals((await nextFid(consul, "process")).key, 102n);
    await kv.put("hare/profile", "0x7000000000000001:0x70");
    await kv.put("hare/pools", '[{"fid":"0x6f00000000000001:0x71"},');
    assertEquals((await nextFid(consul, "drive")).key, 129n);
    for (const key of ["node/ssc-vm1/service/70/types", "hare/profile", "hare/pools"]) {
      await kv.delete(key);
    }
  });

  await t.step("enqueue(): 200 producers' entries have 400 numbers without a gap", async () => {
    await kv.put(EPOCH, "0");
    const got = await Promise.all(
      numbers.map((n) => enqueue(consul, EQ_PREFIX, [`a${n}`, `b${n}`])),
    );
    const entries = await kv.list(EQ_PREFIX);
    assertEquals(
      entries.map(({ key }) => parseEpochKey(EQ_PREFIX, key)),
      Array.from({ length: 2 * CALLERS }, (_, i) => i + 1),
    );
    // Order of commits is order of numbers, and each producer's entries stand side by side.
    const commits = entries.map(({ modifyIndex }) => modifyIndex);
    assertEquals(commits, commits.toSorted((a, b) => a - b));
    for (const [i, epochs] of got.entries()) {
      const values = epochs.map((epoch) => entries.find(({ key }) => key === eqKey(epoch))?.value);
      assertEquals(values, [`a${i + 1}`, `b${i + 1}`]);
    }
    await kv.deleteTree(EQ_PREFIX);
  });

  await t.step(
    "enqueue(): what exceeds a transaction, in number or size, is split in order",
    async () => {
      await kv.put(EPOCH, "0");
      const small = numbers.map(String);
      const large = numbers.slice(0, 9).map((n) => String(n).repeat(150_000));
      const epochs = await enqueue(consul, EQ_PREFIX, [...small, ...large]);
      const values = (await kv.list(EQ_PREFIX)).map(({ value }) => value);
      assertEquals(values, [...small, ...large]);
      assertEquals(epochs, [...values.keys()].map((i) => i + 1));
      assertEquals(await enqueue(consul, EQ_PREFIX, []), []);
      await kv.deleteTree(EQ_PREFIX);
    },
  );

  await t.step("enqueue(): an entry typed by hand under a number to come is kept", async () => {
    await kv.put(EPOCH, "4");
    await kv.put(eqKey(5), "typed");
    await kv.put("eq/6", "typed, unpadded");
    assertEquals(await enqueue(consul, EQ_PREFIX, ["a", "b"]), [6, 7]);
    assertEquals(
      (await kv.list(EQ_PREFIX)).map(({ key, value }) => `${key} ${value}`),
      ["eq/000000005 typed", "eq/000000006 a", "eq/000000007 b", "eq/6 typed, unpadded"],
    );
    await kv.deleteTree(EQ_PREFIX);
  });

  await t.step("enqueue(): the counter begins where it is absent", async () => {
    await kv.delete(EPOCH);
    assertEquals(await enqueue(consul, EQ_PREFIX, ["a"]), [1]);
    assertEquals(await valueOf(EPOCH), "1");
  });

  await t.step("enqueue(): a counter that is lost, or no number, repeats no number", async () => {
    await kv.put("bq-seen/node1", "41");
    await kv.delete(EPOCH);
    assertEquals(await enqueue(consul, EQ_PREFIX, ["a"]), [42]);
    await kv.put(EPOCH, "x");
    assertEquals(await enqueue(consul, EQ_PREFIX, ["a"]), [43]);
    await kv.deleteTree(EQ_PREFIX);
    await kv.delete("bq-seen/node1");
  });

  await t.step("the commands print what the page of commands says", async () => {
    const run = async (...args: string[]) => {
      const world = fakeWorld({ consul: () => consul });
      const status = await runProgram(args, world);
      return { status, out: world.out(), err: world.err() };
    };
    const printed = async (...args: string[]) => {
      const { status, out, err } = await run(...args);
      assertEquals([status, err], [0, ""]);
      return out;
    };
    await kv.put(EPOCH, "1");
    await kv.put(LAST_FIDK, "10");
    assertEquals(await printed("epoch"), "000000002\n");
    assertEquals(await printed("next", "epoch"), "3\n");
    assertEquals(await printed("next", "epoch", "9007199254740993"), "9007199254740996\n");
    assertEquals(await printed("fid", "process"), "0x7200000000000001:0x1a\n");
    assertEquals(await printed("fid", "r"), "0x7200000000000001:0x2a\n");
    assertEquals(await printed("fid", "0x72"), "0x7200000000000001:0x3a\n");
    assertEquals(await printed("fid", "S"), "0x5300000000000001:0x4a\n");
    assertEquals(await printed("fid", "s"), "0x7300000000000001:0x5a\n");
    await kv.put("wrong", "x");
    for (
      const [status, message, ...args] of [
        [1, "key absent is absent from Consul's KV", "next", "absent"],
        [1, 'key wrong has value "x": it is no whole number', "next", "wrong"],
        [64, "It must be a whole number", "next", "epoch", "1.5"],
        [64, "missing required argument 'key'", "next"],
        [64, "Write one of root, node, process", "fid", "nonsense"],
        [64, "Write one of root, node, process", "fid", "0x99"],
        [64, "too many arguments", "epoch", "5"],
      ] as const
    ) {
      const result = await run(...args);
      assertEquals([result.status, result.out], [status, ""]);
      assertStringIncludes(result.err, message);
    }
    assertEquals(await valueOf("wrong"), "x");
  });
});
