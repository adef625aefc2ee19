import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { type Behaviour, serveBadly } from "../../tests/lib/bad_server.ts";
import { Consul } from "./consul.ts";
import { ConsulError } from "./errors.ts";

const FINE: Behaviour = { answer: "" };
const TOKEN = "c0ffee00-dead-beef-0000-0123456789ab";

Deno.test("Heartbeat.beat() asks what passCheck() asks, on a connection of its own", async () => {
  await using server = serveBadly(() => FINE);
  const { agent } = new Consul({ address: server.address, token: TOKEN });
  using heart = agent.heartbeat("service:it", "it lives & runs");
  for (let i = 0; i < 100; i++) await heart.beat();
  assertEquals([server.requests.length, server.connections()], [100, 1]);
  await agent.passCheck("service:it", "it lives & runs");
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
  Deno.test(`Heartbeat.beat() fails as a call does, and goes on, when Consul ${what}`, async () => {
    const world: { now: Behaviour } = { now: FINE };
    await using server = serveBadly(() => world.now);
    using heart = new Consul({ address: server.address }).agent.heartbeat("service:it", "it lives");
    await heart.beat();
    world.now = behaviour;
    const error = await assertRejects(() => heart.beat({ timeoutMs: 200 }), ConsulError);
    assertEquals(error.kind, kind);
    world.now = FINE;
    await heart.beat();
    await heart.beat();
  });
}

Deno.test("Heartbeat.beat() outlives its connection", async () => {
  await using server = serveBadly(() => FINE);
  using heart = new Consul({ address: server.address }).agent.heartbeat("service:it", "it lives");
  for (let i = 0; i < 3; i++) {
    await heart.beat();
    server.cut();
    await heart.beat();
  }
});

Deno.test("Heartbeat.beat() throws the caller's own reason when the caller cancels", async () => {
  await using server = serveBadly(() => "hang");
  using heart = new Consul({ address: server.address }).agent.heartbeat("service:it", "it lives");
  const stop = new AbortController();
  const beating = heart.beat({ signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => beating, Error, "enough");
});

Deno.test("Heartbeat.beat() says that nobody listens", async () => {
  const server = serveBadly(() => FINE);
  await server[Symbol.asyncDispose]();
  using heart = new Consul({ address: server.address }).agent.heartbeat("service:it", "it lives");
  const error = await assertRejects(() => heart.beat(), ConsulError);
  assertEquals(error.kind, "unreachable");
});
