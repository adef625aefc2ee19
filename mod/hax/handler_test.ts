import fc from "fast-check";
import { FakeHax, OWN } from "../../tests/hax/fake_hax.ts";
import { assertEquals, assertStringIncludes } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { formatFid } from "../lib/fid.ts";
import type { Peer } from "../lib/http_server.ts";
import { makeHandler } from "./handler.ts";

const PATH = `/processes/${formatFid(OWN)}`;
const REPORT = JSON.stringify({ event: "started", type: "M0D", pid: 7 });

/** One hax on HTTP, without a network. */
function world(token: string | null = null) {
  const hax = new FakeHax();
  const handler = makeHandler(hax, { token });
  const call = async (
    path: string,
    { peer = "unix", ...init }: RequestInit & { peer?: string } = {},
  ) => {
    const request = new Request(`http://hax${path}`, init);
    const from = peer === "unix" ? { transport: peer } : { transport: "tcp", hostname: peer };
    const response = await handler(request, from as Peer);
    const text = await response.text();
    return {
      status: response.status,
      text,
      allow: response.headers.get("allow"),
      authenticate: response.headers.get("www-authenticate"),
      retryAfter: response.headers.get("retry-after"),
    };
  };
  const post = (path: string, body: BodyInit, peer?: string) =>
    call(path, { method: "POST", body, ...(peer === undefined ? {} : { peer }) });
  return { hax, call, post };
}

Deno.test("hax says that it is alive", async () => {
  const { call } = world();
  const { status, text } = await call("/");
  assertEquals([status, text], [200, '{"message":"I am alive"}']);
});

Deno.test("hax tells its own health, with the status that Consul's check understands", async () => {
  const { hax, call } = world();
  const well = await call("/health");
  assertEquals([well.status, JSON.parse(well.text).level], [200, "passing"]);
  hax.waits = "key hare/imported is not in Consul's KV yet";
  const waiting = await call("/health");
  assertEquals(waiting.status, 429);
  assertStringIncludes(waiting.text, "hare/imported");
});

Deno.test("hax tells a process's health, whatever the form of its fid", async () => {
  const { hax, call } = world();
  for (const id of [formatFid(OWN), encodeURIComponent(formatFid(OWN)), "9"]) {
    const { status, text } = await call(`/health/${id}`);
    assertEquals([status, text], [200, "it runs\n"]);
  }
  hax.process = { level: "critical", why: "it is gone" };
  assertEquals((await call("/health/9")).status, 503);
  for (const id of ["10", "0x7200000000000001:0x90", "rubbish", "%ff", "9/9", ""]) {
    assertEquals((await call(`/health/${id}`)).status, 404, id);
  }
});

Deno.test("hax tells the entrypoint, or why there is none", async () => {
  const { hax, call } = world();
  const none = await call("/entrypoint");
  assertEquals([none.status, none.text], [503, '{"error":"no leader is elected"}']);
  const confd = { node: "ssc-vm1", fid: OWN, address: "10.0.0.1@tcp:12345:2:1" };
  hax.answer = { known: true, entrypoint: { principalRm: confd, confds: [confd], quorum: 1 } };
  const answer = await call("/entrypoint");
  const json = { ...confd, fid: "0x7200000000000001:0x9" };
  assertEquals([answer.status, JSON.parse(answer.text)], [
    200,
    { principalRm: json, confds: [json], quorum: 1 },
  ]);
});

Deno.test("hax takes reports over its socket, hints from this machine, queries from all", async () => {
  const { hax, call, post } = world();
  assertEquals((await post(PATH, REPORT, "unix")).status, 202);
  assertEquals(hax.told.splice(0), [[OWN, JSON.parse(REPORT)]]);
  for (const peer of ["127.0.0.1", "::1"]) {
    assertEquals((await post(PATH, REPORT, peer)).status, 403, peer);
    assertEquals((await post("/", "[]", peer)).status, 200, peer);
  }
  assertEquals(hax.told.splice(0).length, 2);
  for (const path of [PATH, "/"]) {
    assertEquals((await post(path, "[]", "10.0.0.1")).status, 403, path);
  }
  assertEquals(hax.told, []);
  assertEquals((await call("/health", { peer: "10.0.0.1" })).status, 200);
});

Deno.test("hax with a token is told something by whoever knows it, and keeps it to itself", async () => {
  const token = "0123456789abcdef";
  const { hax, call } = world(token);
  await using log = await captureLog();
  const post = (authorization: string) =>
    call("/", { method: "POST", body: "[]", peer: "10.0.0.1", headers: { authorization } });
  assertEquals((await post(`Bearer ${token}`)).status, 200);
  assertEquals(hax.told.splice(0).length, 1);
  const refused = await post(`Bearer x${token}`);
  assertEquals([refused.status, refused.authenticate], [401, "Bearer"]);
  assertEquals(hax.told, []);
  const { text } = await call("/metrics");
  assertStringIncludes(text, 'requests_total{path="/",status="401"} 1\n');
  const said = JSON.stringify([refused.text, text, log.lines]);
  assertStringIncludes(said, "this needs hax's token");
  assertEquals(said.includes(token), false);
});

Deno.test("hax says when to come again to whom it turns away", async () => {
  const { hax, call, post } = world();
  assertEquals((await call("/entrypoint")).retryAfter, "1");
  hax.reception = "not now";
  assertEquals((await post(PATH, REPORT)).retryAfter, "1");
  assertEquals((await call("/health")).retryAfter, null);
});

Deno.test("hax answers 503 to a report that it cannot take now, 404 to one of no concern", async () => {
  const { hax, post } = world();
  hax.reception = "not now";
  assertEquals((await post(PATH, REPORT)).status, 503);
  hax.reception = "not of this node";
  assertEquals((await post(PATH, REPORT)).status, 404);
  hax.reception = "not of its unit";
  assertEquals((await post(PATH, REPORT)).status, 403);
  assertEquals((await post("/processes/rubbish", REPORT)).status, 404);
});

Deno.test("hax takes notice of Consul's watches", async () => {
  const { hax, post } = world();
  assertEquals((await post("/", "[]")).status, 200);
  assertEquals((await post("/", "null")).status, 200);
  assertEquals(hax.told, [{ about: "services", names: [] }, { about: "keys", names: [] }]);
});

Deno.test("hax refuses other methods and other paths", async () => {
  const { call } = world();
  const methods = async (path: string, method: string) => {
    const { status, allow } = await call(path, { method });
    return [status, allow];
  };
  assertEquals(await methods("/", "PUT"), [405, "GET, HEAD, POST"]);
  assertEquals(await methods("/health", "POST"), [405, "GET, HEAD"]);
  assertEquals(await methods("/health/9", "DELETE"), [405, "GET, HEAD"]);
  assertEquals(await methods(PATH, "GET"), [405, "POST"]);
  assertEquals(await methods("/", "constructor"), [405, "GET, HEAD, POST"]);
  for (const path of ["/nothing", "/health/9/x", "//", "/processes", "/Health"]) {
    assertEquals((await methods(path, "GET"))[0], 404, path);
  }
});

Deno.test("hax counts its answers", async () => {
  const { call, post } = world();
  await call("/health/9");
  await post("/", "rubbish");
  await call("/where");
  const { text } = await call("/metrics");
  const name = "hare_hax_http_requests_total";
  assertStringIncludes(text, `\n${name}{path="/health/*",status="200"} 1\n`);
  assertStringIncludes(text, `\n${name}{path="/",status="400"} 1\n`);
  assertStringIncludes(text, `\n${name}{path="other",status="404"} 1\n`);
});

Deno.test("hax answers a fault of its own with 500 and goes on", async () => {
  const { hax, call } = world();
  hax.healthOf = () => {
    throw new RangeError("oops");
  };
  assertEquals((await call("/health/9")).status, 500);
  assertEquals((await call("/health")).status, 200);
});

const anyBody: fc.Arbitrary<BodyInit> = fc.oneof(
  fc.string(),
  fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
  fc.json(),
  fc.array(fc.record({
    Node: fc.oneof(fc.anything(), fc.record({ Node: fc.string() })),
    Service: fc.oneof(fc.anything(), fc.record({ ID: fc.string(), Service: fc.string() })),
    Checks: fc.oneof(fc.anything(), fc.constant([])),
  })).map(toJson),
  fc.record({
    event: fc.oneof(fc.anything(), fc.constantFrom("starting", "stopped")),
    type: fc.oneof(fc.anything(), fc.constantFrom("M0D", "M0MKFS")),
    pid: fc.oneof(fc.anything(), fc.integer()),
  }).map(toJson),
);

function toJson(value: unknown): string {
  const plain = (_: string, part: unknown) => typeof part === "bigint" ? String(part) : part;
  return JSON.stringify(value, plain) ?? "";
}

Deno.test("hax takes what is right and refuses the rest, whatever is posted", async () => {
  const path = fc.oneof(
    fc.constantFrom("/", PATH, "/health/9", "/entrypoint"),
    fc.webPath(),
    fc.string().map((text) => `/processes/${encodeURIComponent(text.toWellFormed())}`),
  );
  const { hax, post } = world();
  await fc.assert(
    fc.asyncProperty(path, anyBody, async (path, body) => {
      const { status } = await post(path, body);
      const taken = status === 200 || status === 202;
      assertEquals(hax.told.splice(0).length, taken ? 1 : 0);
      assertEquals(taken || [400, 404, 405].includes(status), true, `${status}`);
    }),
    { numRuns: 1000 },
  );
});
