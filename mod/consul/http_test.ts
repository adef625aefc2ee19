import * as z from "zod";
import { assert, assertEquals, assertRejects, assertThrows } from "../../tests/lib/assert.ts";
import { type Behaviour, serveBadly } from "../../tests/lib/bad_server.ts";
import { HareError } from "../lib/errors.ts";
import { Consul } from "./consul.ts";
import { ConsulError, type ConsulErrorKind } from "./errors.ts";
import { MAX_IN_LANE } from "./exchanges.ts";
import { Http } from "./http.ts";
import type { Request } from "./request.ts";

const REQUEST: Request = { method: "GET", path: "/v1/kv/leader" };
const TOKEN = "c0ffee00-dead-beef-0000-0123456789ab";

interface Case {
  readonly behaviour: Behaviour;
  readonly kind: ConsulErrorKind;
  readonly retryable: boolean;
  readonly status?: number;
  /** What the message says after the request's name. */
  readonly says: string;
}

const CASES: Readonly<Record<string, Case>> = {
  "500": {
    behaviour: { status: 500, answer: "No cluster leader" },
    kind: "server",
    retryable: true,
    status: 500,
    says: "Consul answered 500: No cluster leader",
  },
  "500 for good": {
    behaviour: { status: 500, answer: "rpc error: request is too large" },
    kind: "client",
    retryable: false,
    status: 500,
    says: "Consul answered 500: rpc error: request is too large",
  },
  "403": {
    behaviour: { status: 403, answer: "Permission denied: anonymous token" },
    kind: "forbidden",
    retryable: false,
    status: 403,
    says: "Consul answered 403: Permission denied: anonymous token",
  },
  "401": {
    behaviour: { status: 401, answer: "" },
    kind: "forbidden",
    retryable: false,
    status: 401,
    says: "Consul answered 401: no text",
  },
  "429": {
    behaviour: { status: 429, answer: "rate limit exceeded" },
    kind: "client",
    retryable: true,
    status: 429,
    says: "Consul answered 429: rate limit exceeded",
  },
  "429 for its connections": {
    behaviour: { status: 429, answer: "Your IP is issuing too many concurrent connections" },
    kind: "client",
    retryable: true,
    status: 429,
    says: "Consul answered 429: too many connections of this address",
  },
  "400": {
    behaviour: { status: 400, answer: "Missing key name" },
    kind: "client",
    retryable: false,
    status: 400,
    says: "Consul answered 400: Missing key name",
  },
  "redirect": {
    behaviour: { status: 301, answer: "", headers: { location: "http://127.0.0.1:1/" } },
    kind: "client",
    retryable: false,
    status: 301,
    says: "Consul answered 301: no text",
  },
  "close without answer": {
    behaviour: "close",
    kind: "unreachable",
    retryable: true,
    says: "cannot reach Consul: connection closed before message completed",
  },
  "another protocol": {
    behaviour: { raw: "SSH-2.0-OpenSSH_9.2\r\n\r\n" },
    kind: "unreachable",
    retryable: true,
    says: "cannot reach Consul: invalid HTTP version parsed",
  },
  "half an answer": {
    behaviour: { half: '"127.0.0.1:8300"' },
    kind: "malformed",
    retryable: true,
    says: "the answer broke off: error reading a body from connection",
  },
  "truncated JSON": {
    behaviour: { answer: '"127.0.0' },
    kind: "malformed",
    retryable: true,
    says: 'not an answer of Consul: no JSON: "127.0.0',
  },
  "wrong JSON": {
    behaviour: { answer: '{"leader": true}' },
    kind: "malformed",
    retryable: false,
    says: "not an answer of Consul: the answer: Invalid input: expected string, received object",
  },
};

for (const [name, { behaviour, kind, retryable, status, says }] of Object.entries(CASES)) {
  Deno.test(`call() names the fault when Consul answers with ${name}`, async () => {
    await using server = serveBadly(() => behaviour);
    const http = new Http({ address: server.address, token: TOKEN });
    const error = await assertRejects(
      async () => (await http.call(REQUEST)).json(z.string()),
      ConsulError,
    );
    assertEquals(error.message, `GET ${server.address}/v1/kv/leader: ${says}`);
    assertEquals([error.kind, error.retryable, error.status], [kind, retryable, status]);
  });
}

Deno.test("call() says that nobody listens", async () => {
  const { address } = await unusedAddress();
  const error = await assertRejects(() => new Http({ address }).call(REQUEST), ConsulError);
  assertEquals(
    error.message,
    `GET ${address}/v1/kv/leader: cannot reach Consul: Connection refused (os error 111)`,
  );
  assertEquals([error.kind, error.retryable], ["unreachable", true]);
});

for (const behaviour of ["hang", { drip: '"127.0.0.1:8300"', everyMs: 20 }] as const) {
  const name = behaviour === "hang" ? "hangs" : "drips";
  Deno.test(`call() ends at its time limit when Consul ${name}`, async () => {
    await using server = serveBadly(() => behaviour);
    const started = performance.now();
    const error = await assertRejects(
      () => new Http({ address: server.address }).call(REQUEST, { timeoutMs: 50 }),
      ConsulError,
    );
    assertEquals(
      error.message,
      `GET ${server.address}/v1/kv/leader: Consul did not answer within 0.05 s`,
    );
    assertEquals([error.kind, error.retryable], ["timeout", true]);
    assert(performance.now() - started < 5_000);
  });
}

Deno.test("call() throws the caller's own reason when the caller cancels", async () => {
  await using server = serveBadly(() => "hang");
  const http = new Http({ address: server.address });
  const controller = new AbortController();
  const reason = new TypeError("changed my mind"); // the class of fetch's own errors
  const call = http.call(REQUEST, { signal: controller.signal });
  controller.abort(reason);
  assert(await assertRejects(() => call, TypeError) === reason);
  // And without a request when it was cancelled before.
  const asked = server.requests.length;
  const before = () => http.call(REQUEST, { signal: controller.signal });
  assert(await assertRejects(before, TypeError) === reason);
  assertEquals(server.requests.length, asked);
});

Deno.test("call() sends token, query and body where Consul looks for them", async () => {
  await using server = serveBadly(() => ({ answer: "true", headers: { "x-consul-index": "7" } }));
  const http = new Http({ address: `${server.address}/proxy/`, token: TOKEN, basicAuth: "ä:b" });
  const answer = await http.call({
    method: "PUT",
    path: "/v1/kv/a%20b",
    query: { cas: "0", stale: false, wait: undefined, recurse: true, note: "a&b c" },
    body: "välue",
  });
  assertEquals([answer.status, answer.index, answer.json(z.boolean())], [200, 7, true]);
  const [seen] = server.requests;
  assertEquals(seen?.path, "/proxy/v1/kv/a%20b");
  assertEquals([...seen?.query ?? []], [["cas", "0"], ["recurse", ""], ["note", "a&b c"]]);
  assertEquals(seen?.body, "välue");
  assertEquals(seen?.headers.get("x-consul-token"), TOKEN);
  assertEquals(seen?.headers.get("authorization"), "Basic w6Q6Yg==");
});

Deno.test("call() takes an expected status for an answer", async () => {
  await using server = serveBadly(() => ({ status: 404, answer: "" }));
  const http = new Http({ address: server.address });
  assertEquals((await http.call({ ...REQUEST, expect: [404] })).status, 404);
  await assertRejects(() => http.call(REQUEST), ConsulError);
});

Deno.test("call() does not follow a redirect with the token", async () => {
  await using thief = serveBadly(() => ({ answer: "true" }));
  await using server = serveBadly(() => ({
    status: 307,
    answer: "",
    headers: { location: `${thief.address}/v1/kv/leader` },
  }));
  const http = new Http({ address: server.address, token: TOKEN });
  const error = await assertRejects(() => http.call(REQUEST), ConsulError);
  assertEquals(thief.requests.length, 0);
  assertEquals(error.hint, "redirects are not followed: set CONSUL_HTTP_ADDR to the agent itself");
});

Deno.test("no error of call() tells the token, whatever Consul echoes", async () => {
  const echo: Behaviour[] = [
    { status: 500, answer: `rpc error with token ${TOKEN}` },
    { status: 403, answer: `ACL not found: ${TOKEN}` },
    { answer: `no JSON ${TOKEN}` },
    { answer: `{"${TOKEN}": 1}` },
    { half: TOKEN.repeat(3) },
    "close",
  ];
  for (const behaviour of echo) {
    await using server = serveBadly(() => behaviour);
    const http = new Http({ address: server.address, token: TOKEN, basicAuth: `hare:${TOKEN}` });
    const error = await assertRejects(
      async () => (await http.call(REQUEST)).json(z.record(z.string(), z.string())),
      ConsulError,
    );
    for (const text of [everythingIn(error), Deno.inspect(http)]) {
      assert(!text.includes(TOKEN) && !text.includes(btoa(`hare:${TOKEN}`)), text);
    }
  }
});

Deno.test("Http refuses a token that cannot be sent, without telling it", () => {
  for (const token of [`${TOKEN}\n`, "two words", "tökén", ""]) {
    const make = () => new Http({ address: "http://127.0.0.1:1", token });
    const error = assertThrows(make, HareError, "Consul's token has characters that no token has");
    assert(token === "" || !everythingIn(error).includes(token));
  }
});

Deno.test("call() uses one connection for 1,000 requests, one after another", async () => {
  await using server = serveBadly(() => ({ answer: "true" }));
  const http = new Http({ address: server.address });
  for (let i = 0; i < 1000; i++) await http.call(REQUEST);
  assertEquals([server.requests.length, server.connections()], [1000, 1]);
});

Deno.test("call() leaves nothing on a signal that lives on", async () => {
  await using server = serveBadly(() => ({ answer: "true" }));
  const http = new Http({ address: server.address });
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners -= 1;
    removeEventListener.apply(signal, args);
  };
  for (let i = 0; i < 10; i++) await http.call(REQUEST, { signal });
  assertEquals(listeners, 0);
});

/** All that a printer could get out of an error. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return Deno.inspect(error, { depth: 10 });
  return [
    ...Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name))),
    Deno.inspect(error, { depth: 10 }),
    error.cause === undefined ? "" : everythingIn(error.cause),
  ].join("\n");
}

/** The address of a server that has ended. */
async function unusedAddress(): Promise<{ address: string }> {
  await using server = serveBadly(() => "close");
  return { address: server.address };
}

Deno.test("call() opens few connections to an agent that answers nothing, however often it is made", async () => {
  await using server = serveBadly(() => "hang");
  const consul = new Consul({ address: server.address });
  for (let i = 0; i < 50; i++) {
    const options = { timeoutMs: 5 };
    for (
      const call of [
        () => consul.kv.get("leader", options),
        () => consul.kv.list("eq/", { ...options, stale: true }),
        () => consul.agent.self(options),
      ]
    ) {
      const error = await assertRejects(call, ConsulError);
      assertEquals(error.kind, "timeout");
    }
  }
  const opened = server.connections();
  // Of three kinds, and of the question whether there is a leader.
  assert(opened > 10 && opened <= 4 * MAX_IN_LANE, `${opened} connections`);
});
