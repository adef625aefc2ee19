import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, settle } from "../../tests/lib/fake_clock.ts";
import { leaderDeps } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { RC_PAUSED, RC_SWITCHOVER } from "../kv/keys.ts";
import { ORDER_LIMIT_MS } from "../kv/rc_orders.ts";
import { loggerOf } from "../lib/log.ts";
import { Orders } from "./orders.ts";

async function withOrders(
  test: (world: {
    model: ModelConsul;
    orders: Orders;
    clock: FakeClock;
    changes: () => number;
  }) => Promise<void>,
): Promise<void> {
  const model = new ModelConsul();
  let changes = 0;
  const clock = new FakeClock();
  const deps = leaderDeps(model, "mine", clock);
  const orders = new Orders({ ...deps, log: loggerOf("rc"), onChange: () => changes++ });
  const stop = new AbortController();
  const watching = orders.watch(stop.signal);
  await settle();
  try {
    await test({ model, orders, clock, changes: () => changes });
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

const ORDER = { from: "a", to: null };

Deno.test("Orders knows where leadership is to move, and ignores an order that makes no sense", () =>
  withOrders(async ({ model, orders, changes }) => {
    await using log = await captureLog();
    const before = changes();
    model.hold(RC_SWITCHOVER, JSON.stringify(ORDER), "giver");
    await settle();
    assertEquals([orders.switchover, orders.voidOrder, changes()], [ORDER, null, before + 1]);
    model.put(RC_SWITCHOVER, "to b, please");
    await settle();
    assertEquals(orders.switchover, null);
    assertEquals(log.matching(/an order is ignored: key hare\/rc\/switchover/).length, 1);
  }));

Deno.test("Orders ignores an order without a live session, says so once, and has it removed", () =>
  withOrders(async ({ model, orders }) => {
    await using log = await captureLog();
    model.put(RC_SWITCHOVER, JSON.stringify(ORDER));
    await settle();
    model.put(RC_PAUSED, "");
    await settle();
    assertEquals([orders.switchover, orders.voidOrder?.key], [null, RC_SWITCHOVER]);
    assertEquals(log.matching(/order .*switchover is ignored: no live session/).length, 1);
    model.delete(RC_SWITCHOVER);
    await settle();
    assertEquals(orders.voidOrder, null);
  }));

Deno.test("Orders ignores an order whose giver holds it too long, also where it is written again", () =>
  withOrders(async ({ model, orders, clock }) => {
    model.hold(RC_SWITCHOVER, JSON.stringify(ORDER), "giver");
    await settle();
    clock.step(3_600_000);
    await clock.advance(ORDER_LIMIT_MS - 1);
    assertEquals(orders.switchover, ORDER);
    clock.step(-7_200_000);
    model.put(RC_SWITCHOVER, JSON.stringify({ from: "a", to: "c" }));
    await settle();
    await clock.advance(1);
    assertEquals([orders.switchover, orders.voidOrder?.key], [null, RC_SWITCHOVER]);
    model.delete(RC_SWITCHOVER);
    await settle();
    model.hold(RC_SWITCHOVER, JSON.stringify(ORDER), "another");
    await settle();
    assertEquals(orders.switchover, ORDER);
  }));
