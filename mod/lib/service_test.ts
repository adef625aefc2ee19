import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { HareError } from "./errors.ts";
import { loggerOf } from "./log.ts";
import { runAsService, type Service, type ServiceWorld } from "./service.ts";

/** A unit of systemd that tells so much, and what it is told. */
function unit(variables: Readonly<Record<string, string>> = { NOTIFY_SOCKET: "/run/notify" }) {
  const told: string[] = [];
  const clock = new FakeClock();
  const stop = new AbortController();
  const world: ServiceWorld = {
    env: (name) => variables[name],
    clock,
    signal: stop.signal,
    log: loggerOf("test"),
    pid: 42,
    send: (path, text) => void told.push(`${path}: ${text}`),
  };
  return { told, clock, stop, world };
}

/** A daemon that runs until it is told to stop. */
const untilStopped = (_: Service, signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));

Deno.test("runAsService() tells systemd what the daemon says of itself, and that it stops", async () => {
  const { told, stop, world } = unit();
  const running = runAsService(world, (service, signal) => {
    service.waits("there is no\nConsul");
    service.isReady("follows vm2");
    return untilStopped(service, signal);
  });
  stop.abort();
  await running;
  assertEquals(told, [
    "/run/notify: STATUS=waits: there is no Consul",
    "/run/notify: READY=1\nSTATUS=follows vm2",
    "/run/notify: STOPPING=1",
  ]);
});

Deno.test("runAsService() lets no value begin another message, or reach a terminal raw", async () => {
  const { told, world } = unit();
  await runAsService(world, (service) => {
    service.waits("for\nREADY=1\r\u2028STOPPING=1");
    service.isReady("node \x1b[2J\x9b\x00\u202e");
    return Promise.resolve();
  });
  assertEquals(told, [
    "/run/notify: STATUS=waits: for READY=1 STOPPING=1",
    "/run/notify: READY=1\nSTATUS=node \\u001b[2J\\u009b\\u0000\\u202e",
  ]);
});

Deno.test("runAsService() tells later what systemd had no room for", async () => {
  await using _log = await captureLog();
  const { told, stop, world } = unit();
  let isFull = true;
  const send = (path: string, text: string) => {
    if (isFull) throw new HareError("cannot send a datagram");
    world.send?.(path, text);
  };
  const running = runAsService({ ...world, send }, (service, signal) => {
    service.waits("there is no Consul");
    service.isReady("follows vm2");
    isFull = false;
    return untilStopped(service, signal);
  });
  stop.abort();
  await running;
  assertEquals(told, ["/run/notify: STATUS=follows vm2\nREADY=1\nSTOPPING=1"]);
});

Deno.test("runAsService() tells nothing where nobody listens", async () => {
  const { told, world } = unit({ WATCHDOG_USEC: "3000000" });
  await runAsService(world, (service) => Promise.resolve(service.isReady("")));
  assertEquals(told, []);
});

Deno.test("runAsService() shows the watchdog three times in its limit that the loop turns", async () => {
  const { told, clock, stop, world } = unit({
    NOTIFY_SOCKET: "s",
    WATCHDOG_USEC: "30000000",
    WATCHDOG_PID: "42",
  });
  const running = runAsService(world, untilStopped);
  assertEquals(told.splice(0), ["s: WATCHDOG=1"]);
  await clock.advance(30_000);
  assertEquals(told.splice(0), Array(3).fill("s: WATCHDOG=1"));
  stop.abort();
  await running;
  assertEquals([told, clock.sleeping], [["s: STOPPING=1"], 0]);
});

Deno.test("runAsService() leaves a watchdog alone that is meant for another process", async () => {
  const { told, clock, stop, world } = unit({
    NOTIFY_SOCKET: "s",
    WATCHDOG_USEC: "30000000",
    WATCHDOG_PID: "41",
  });
  const running = runAsService(world, untilStopped);
  assertEquals([told, clock.sleeping], [[], 0]);
  stop.abort();
  await running;
});

Deno.test("runAsService() fails as the daemon does", async () => {
  const { clock, world } = unit({ NOTIFY_SOCKET: "s", WATCHDOG_USEC: "30000000" });
  const why = new HareError("cannot listen");
  assertEquals(await assertRejects(() => runAsService(world, () => Promise.reject(why))), why);
  assertEquals(clock.sleeping, 0);
});

Deno.test("runAsService() goes on where systemd cannot be told", async () => {
  await using log = await captureLog();
  const send = () => {
    throw new HareError("cannot send a datagram to s");
  };
  await runAsService({ ...unit().world, send }, (service) => {
    service.isReady("");
    return Promise.resolve();
  });
  assertEquals(log.lines, ["warning: systemd cannot be told: cannot send a datagram to s"]);
});
