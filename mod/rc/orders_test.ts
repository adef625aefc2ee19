import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, settle } from "../../tests/lib/fake_clock.ts";
import { leaderDeps } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { RC_PAUSED, RC_SWITCHOVER } from "../kv/keys.ts";
import { loggerOf } from "../lib/log.ts";
import { Orders } from "./orders.ts";

async function withOrders(
  test: (world: { model: ModelConsul; orders: Orders; changes: () => number }) => Promise<void>,
): Promise<void> {
  const model = new ModelConsul();
  let changes = 0;
  const deps = leaderDeps(model, "mine", new FakeClock());
  const orders = new Orders({ ...deps, log: loggerOf("rc"), onChange: () => changes++ });
  const stop = new AbortController();
  const watching = orders.watch(stop.signal);
  await settle();
  try {
    await test({ model, orders, changes: () => changes });
  } finally {
    stop.abort();
    await watching;
  }
}

const never = new AbortController().signal;

Deno.test("Orders.untilResumed() waits while there is a pause, whatever its value", () =>
  withOrders(async ({ model, orders }) => {
    await orders.untilResumed(never);
    model.put(RC_PAUSED, "typed by hand");
    await settle();
    let resumed = 0;
    const waiting = [1, 2].map(() => orders.untilResumed(never).then(() => resumed++));
    await settle();
    assertEquals([orders.paused, resumed], [true, 0]);
    model.delete(RC_PAUSED);
    await Promise.all(waiting);
    assertEquals([orders.paused, resumed], [false, 2]);
  }));

Deno.test("Orders.untilResumed() throws the reason of its signal only when it would wait", () =>
  withOrders(async ({ model, orders }) => {
    const stop = new AbortController();
    stop.abort(new RangeError("enough"));
    await orders.untilResumed(stop.signal);
    model.put(RC_PAUSED, "");
    await settle();
    await assertRejects(() => orders.untilResumed(stop.signal), RangeError, "enough");
    const later = new AbortController();
    const waiting = orders.untilResumed(later.signal);
    later.abort(new RangeError("enough now"));
    await assertRejects(() => waiting, RangeError, "enough now");
  }));

Deno.test("Orders knows where leadership is to move, and heeds no order that makes no sense", () =>
  withOrders(async ({ model, orders, changes }) => {
    await using log = await captureLog();
    const before = changes();
    model.put(RC_SWITCHOVER, '{"from": "a", "to": null}');
    await settle();
    assertEquals([orders.switchover, changes()], [{ from: "a", to: null }, before + 1]);
    model.put(RC_SWITCHOVER, "to b, please");
    await settle();
    assertEquals(orders.switchover, null);
    assertEquals(log.matching(/an order is not heeded: key hare\/rc\/switchover/).length, 1);
  }));
