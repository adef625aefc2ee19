import * as fc from "fast-check";
import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { serveBadly } from "../../tests/lib/bad_server.ts";
import { HareError } from "../lib/errors.ts";
import { Consul } from "./consul.ts";
import { ConsulError } from "./errors.ts";
import { MAX_TXN_OPS, splitTxnOps, txn } from "./txn.ts";

Deno.test("txn() refuses more operations than every Consul takes, and sends nothing", async () => {
  const consul = new Consul({ address: "http://127.0.0.1:1" });
  const ops = Array.from({ length: 65 }, (_, i) => txn.set(`a/${i}`, ""));
  const error = await assertRejects(() => consul.txn(ops), HareError);
  assertEquals(error.message, "a Consul transaction has at most 64 operations, not 65");
});

Deno.test("txn() tells a refused token from a lost race", async () => {
  let what = "failed to check session";
  await using server = serveBadly(() => ({
    status: 409,
    answer: JSON.stringify({ Results: null, Errors: [{ OpIndex: 1, What: what }] }),
  }));
  const consul = new Consul({ address: server.address });
  const ops = [txn.checkSession("leader", "some-session"), txn.set("eq/1", "x")];
  assertEquals(await consul.txn(ops), { ok: false, errors: [{ index: 1, what }] });
  what = "Permission denied: token with AccessorID '1' lacks permission 'key:write' on \"eq/1\"";
  const error = await assertRejects(() => consul.txn(ops), ConsulError);
  assertEquals([error.kind, error.retryable], ["forbidden", false]);
  assertEquals(
    error.message,
    `PUT ${server.address}/v1/txn: Consul refused set of key eq/1: ${what}`,
  );
});

Deno.test("splitTxnOps() keeps all operations in order, in lists that Consul takes", () => {
  const op = fc.tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(120_000))
    .map(([key, size]) => txn.set(key, "ü".repeat(size)));
  fc.assert(
    fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
      const parts = splitTxnOps(ops);
      assertEquals(parts.flat(), ops);
      for (const part of parts) {
        assert(part.length > 0 && part.length <= MAX_TXN_OPS);
        const body = JSON.stringify(part.map((op) => ({
          KV: { ...op, value: "=".repeat(Math.ceil((op.value?.length ?? 0) * 2 / 3) * 4) },
        })));
        assert(body.length <= 512 * 1024 || part.length === 1, `${body.length}`);
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("splitTxnOps() splits by number at 64", () => {
  const ops = Array.from({ length: 129 }, (_, i) => txn.set(`a/${i}`, ""));
  assertEquals(splitTxnOps(ops).map((part) => part.length), [64, 64, 1]);
  assertEquals(splitTxnOps([]), []);
});
