/**
 * The binary's HTTP side and whatever may come out of a socket: nothing ends it, and what it was
 * told in vain is counted.
 */

import fc from "fast-check";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { HARE } from "../lib/hare.ts";

const PORT = 8008;
const TOKEN = "a-token-that-nobody-shall-read";

/** A hax that listens at `hostname` and waits for a Consul that is not there. */
async function startHax(hostname: string) {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/token`, TOKEN, { mode: 0o600 });
  const child = new Deno.Command(HARE, {
    args: ["--verbose", "hax", "--listen", hostname, "--no-halink"],
    env: { CONSUL_HTTP_ADDR: `${hostname}:8500`, HARE_HAX_TOKEN_FILE: `${dir}/token` },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = new Response(child.stderr).text();
  const get = async (path: string) => {
    const response = await fetch(`http://${hostname}:${PORT}${path}`);
    return { status: response.status, text: await response.text() };
  };
  await waitFor("hax to answer", async () => {
    try {
      return { ready: true, value: await get("/") };
    } catch (error) {
      return { ready: false, why: String(error) };
    }
  }, { limitMs: 60_000, intervalMs: 50 });
  return {
    get,
    pid: child.pid,
    /** Ends it as systemd would; its exit status and log. */
    stop: async () => {
      child.kill("SIGTERM");
      return { code: (await child.status).code, log: await log };
    },
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Sends `bytes`, says that there is no more, and reads what comes back. */
async function send(hostname: string, bytes: Uint8Array): Promise<string> {
  using connection = await Deno.connect({ hostname, port: PORT });
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    await connection.closeWrite();
    return await new Response(connection.readable).text();
  } catch (error) {
    // It may hang up as soon as it has seen enough.
    if (error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe) {
      return "";
    }
    if (error instanceof Deno.errors.NotConnected) return "";
    throw error;
  }
}

const utf8 = (text: string) => new TextEncoder().encode(text);

const request = fc.record({
  method: fc.oneof(fc.constantFrom("POST", "GET", "PUT", "HEAD"), fc.string({ maxLength: 5 })),
  path: fc.oneof(
    fc.constantFrom("/", "/health/9", "/processes/9", "/metrics", "/entrypoint"),
    fc.string().map((text) => `/${text}`),
  ),
  version: fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", ""),
  headers: fc.array(
    fc.oneof(
      fc.constantFrom(
        "content-length: 10",
        "content-length: -1",
        "content-length: 99999999999999999999",
        "transfer-encoding: chunked",
        "transfer-encoding: gzip",
        "expect: 100-continue",
        "upgrade: websocket",
        "connection: upgrade",
        "authorization: Bearer \u0000",
        "content-type: application/json",
        "origin: https://evil.example",
      ),
      fc.string(),
    ),
    { maxLength: 5 },
  ),
  body: fc.oneof(
    fc.json(),
    fc.string(),
    fc.constantFrom("5\r\n[1,2\r\n0\r\n\r\n", "ffffffff\r\nx"),
  ),
}).map(({ method, path, version, headers, body }) =>
  utf8([`${method} ${path} ${version}`, "host: 127.80.6.1", ...headers, "", body].join("\r\n"))
);

Deno.test("the binary outlives rubbish on its socket, and counts what it refuses", async () => {
  const address = "127.80.6.1";
  await using hax = await startHax(address);
  const rubbish = fc.oneof(request, request, fc.uint8Array({ maxLength: 500 }));
  await fc.assert(
    fc.asyncProperty(rubbish, async (bytes) => {
      const answer = await send(address, new Uint8Array(bytes));
      assert(!/^HTTP\/1.1 500/.test(answer), answer);
      assertEquals((await hax.get("/")).status, 200);
    }),
    { numRuns: 300 },
  );
  const big = utf8("[]".padEnd(1024 * 1024 + 1));
  for (
    const [body, status] of [["rubbish", 400], [big, 413], ["{}", 400], ["null", 200]] as const
  ) {
    const response = await fetch(`http://${address}:${PORT}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    await response.body?.cancel();
    assertEquals(response.status, status);
  }
  const { text } = await hax.get("/metrics");
  assertStringIncludes(text, 'hare_hax_http_requests_total{path="/",status="413"} 1\n');
  assert(/requests_total\{path="\/",status="400"\} [1-9]/.test(text), text);
  const { code, log } = await hax.stop();
  assertEquals(code, 0);
  assert(!log.includes("a fault of the program"), log);
  assertEquals((log + text).includes(TOKEN), false);
});

Deno.test("the binary answers others while many send their bodies slowly, and ends those", async () => {
  const address = "127.80.6.2";
  await using hax = await startHax(address);
  const slow = await Promise.all(Array.from({ length: 40 }, async () => {
    const connection = await Deno.connect({ hostname: address, port: PORT });
    const head = ["POST / HTTP/1.1", `host: ${address}`, "content-type: application/json"];
    await connection.write(utf8([...head, "content-length: 9", "", "["].join("\r\n")));
    return connection;
  }));
  const answers = slow.map(async (connection) => {
    const buffer = new Uint8Array(4096);
    const n = await connection.read(buffer) ?? 0;
    connection.close();
    return new TextDecoder().decode(buffer.subarray(0, n));
  });
  assertEquals((await hax.get("/health")).status, 429, "it waits for Consul");
  const all = await Promise.all(answers);
  const withStatus = (status: number) => all.filter((a) => a.startsWith(`HTTP/1.1 ${status} `));
  assertEquals([withStatus(408).length, withStatus(503).length], [16, 24]);
  assertEquals(withStatus(503).filter((a) => !/\r\nretry-after: 1\r\n/i.test(a)), []);
  const { text } = await hax.get("/metrics");
  assertStringIncludes(text, 'hare_hax_http_requests_total{path="/",status="408"} 16\n');
  assertStringIncludes(text, 'hare_hax_http_requests_total{path="/",status="503"} 24\n');
});
