/**
 * The lock of operators on a real agent.
 *
 * @module
 */

import { LOCK } from "../../mod/kv/keys.ts";
import { LockHeldError, takeOperatorLock } from "../../mod/kv/operator_lock.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { assert, assertEquals, assertRejects } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { eventually } from "../rc/nodes.ts";

Deno.test("the operators' lock", async (t) => {
  await using agent = await startConsul({ address: "127.78.2.9", node: "ssc-vm1" });
  const { consul } = agent;
  const stop = new AbortController();
  const lost: Error[] = [];
  const take = (host: string) =>
    takeOperatorLock(consul, {
      host,
      command: "hare bootstrap",
      clock: systemClock,
      signal: stop.signal,
      onLost: (error) => lost.push(error),
    });
  const sessionOfLock = async () => (await consul.kv.get(LOCK))?.session ?? null;

  await t.step("keeps operators of other hosts away until it is given back", async () => {
    {
      await using _held = await take("ssc-vm1");
      await assertRejects(
        () => take("ssc-vm2"),
        LockHeldError,
        "somebody else operates on this cluster: hare bootstrap on ssc-vm1, since ",
      );
      assertEquals((await consul.session.list()).length, 1);
    }
    assertEquals(await consul.kv.get(LOCK), null);
    await using _held = await take("ssc-vm2");
  });

  await t.step("does not end with a node's health", async () => {
    await using _held = await take("ssc-vm1");
    const session = await consul.session.info(await sessionOfLock() ?? "");
    assertEquals([session?.nodeChecks, session?.behavior], [[], "delete"]);
  });

  await t.step("is taken over from a program of the same host, which has died", async () => {
    const died = await take("ssc-vm1");
    const before = await sessionOfLock();
    await using _held = await take("ssc-vm1");
    const after = await sessionOfLock();
    assert(after !== null && after !== before);
    await died[Symbol.asyncDispose]();
    assertEquals(await sessionOfLock(), after);
  });

  await t.step("is not taken from another host, whatever the key's value says", async () => {
    await using _held = await take("ssc-vm1");
    await consul.kv.put(LOCK, '{"host": "ssc-vm2", "command": "hare start", "since": "now"}');
    const session = await sessionOfLock();
    const error = await assertRejects(() => take("ssc-vm2"), LockHeldError);
    assert(error.message.endsWith(": hare bootstrap on ssc-vm1"), error.message);
    assertEquals(await sessionOfLock(), session);
  });
  assertEquals(lost, []);

  await t.step("tells its holder that it is lost when somebody removes the key", async () => {
    await using _held = await take("ssc-vm1");
    await consul.kv.delete(LOCK);
    await eventually("it is told", () => Promise.resolve(lost.map(({ message }) => message)), [
      "the lock of this cluster was lost meanwhile: somebody has removed key hare/lock",
    ]);
  });
});
