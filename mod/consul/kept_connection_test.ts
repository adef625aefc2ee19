import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { type Behaviour, serveBadly } from "../../tests/lib/bad_server.ts";
import { Consul } from "./consul.ts";
import { ConsulError } from "./errors.ts";
import type { CallOptions } from "./request.ts";

const FINE: Behaviour = { answer: "" };
/** Updates a check, again and again. */
function updatesAt(address: string) {
  const { agent } = new Consul({ address });
  const connection = agent.keepConnection();
  return {
    update: (options: CallOptions = {}) =>
      agent.updateCheck("service:it", "passing", "it lives", { ...options, connection }),
    [Symbol.dispose]: () => connection?.[Symbol.dispose](),
  };
}
const TOKEN = "c0ffee00-dead-beef-0000-0123456789ab";

Deno.test("updateCheck() asks the same on a kept connection as without one", async () => {
  await using server = serveBadly(() => FINE);
  const { agent } = new Consul({ address: server.address, token: TOKEN });
  using connection = agent.keepConnection();
  const says = ["service:it", "passing", "it lives & runs"] as const;
  for (let i = 0; i < 100; i++) await agent.updateCheck(...says, { connection });
  assertEquals([server.requests.length, server.connections()], [100, 1]);
  await agent.updateCheck(...says);
  const [first, last] = [server.requests[0], server.requests.at(-1)].map((request) => {
    const { method, path, query, headers, body } = request ?? {};
    return { method, path, query, body, token: headers?.get("x-consul-token") };
  });
  assertEquals(first, last);
  assertEquals(first?.token, TOKEN);
});

const faults: Readonly<Record<string, readonly [Behaviour, ConsulError["kind"]]>> = {
  "answers 500": [{ status: 500, answer: "No cluster leader" }, "server"],
  "does not know the check": [{ status: 404, answer: 'Unknown check ID "service:it"' }, "client"],
  "closes the connection": ["close", "unreachable"],
  "answers with half a text": [{ half: "no more than this" }, "malformed"],
  "does not answer": ["hang", "timeout"],
};
for (const [what, [behaviour, kind]] of Object.entries(faults)) {
  Deno.test(`updateCheck() on a kept connection fails as a call does, and goes on, when Consul ${what}`, async () => {
    const world: { now: Behaviour } = { now: FINE };
    await using server = serveBadly(() => world.now);
    using check = updatesAt(server.address);
    await check.update();
    world.now = behaviour;
    const error = await assertRejects(() => check.update({ timeoutMs: 1000 }), ConsulError);
    assertEquals(error.kind, kind);
    world.now = FINE;
    server.cut();
    await check.update();
    await check.update();
  });
}

Deno.test("updateCheck() on a kept connection outlives its connection", async () => {
  await using server = serveBadly(() => FINE);
  using check = updatesAt(server.address);
  for (let i = 0; i < 3; i++) {
    await check.update();
    server.cut();
    await check.update();
  }
});

Deno.test("updateCheck() on a kept connection throws the caller's own reason when the caller cancels", async () => {
  await using server = serveBadly(() => "hang");
  using check = updatesAt(server.address);
  const stop = new AbortController();
  const updating = check.update({ signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => updating, Error, "enough");
});

Deno.test("updateCheck() on a kept connection says that nobody listens", async () => {
  const server = serveBadly(() => FINE);
  await server[Symbol.asyncDispose]();
  using check = updatesAt(server.address);
  const error = await assertRejects(() => check.update(), ConsulError);
  assertEquals(error.kind, "unreachable");
});
