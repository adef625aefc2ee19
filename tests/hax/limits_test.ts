/**
 * What hax's HTTP side does with bodies that are too large, too slow, cut off, or too many: on a
 * real socket.
 */

import { makeHandler } from "../../mod/hax/handler.ts";
import { BODY_LIMITS, type BodyLimits, BodyReader } from "../../mod/hax/json_body.ts";
import { formatFid } from "../../mod/lib/fid.ts";
import { HttpServer } from "../../mod/lib/http_server.ts";
import { loggerOf } from "../../mod/lib/log.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { FakeHax, OWN } from "./fake_hax.ts";

const JSON_TYPE = { "content-type": "application/json" };
const HOST = "127.80.2.1";

/** hax's handler behind a server of its own. */
function serve(limits: Partial<BodyLimits> = {}) {
  const hax = new FakeHax();
  const handler = makeHandler(hax, { bodies: new BodyReader({ ...BODY_LIMITS, ...limits }) });
  const server = new HttpServer({ hostname: HOST, port: 0 }, handler, loggerOf("test"));
  const { port } = server.address;
  return {
    hax,
    url: `http://${HOST}:${port}`,
    port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** An exchange on a bare connection: what is sent, in pieces, and the answer's status line. */
async function exchange(port: number, ...pieces: readonly string[]): Promise<string> {
  using connection = await Deno.connect({ hostname: HOST, port });
  for (const piece of pieces) await connection.write(new TextEncoder().encode(piece));
  const buffer = new Uint8Array(4096);
  const n = await connection.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, n ?? 0)).split("\r\n")[0] ?? "";
}

function head(length: number, path = "/"): string {
  return `POST ${path} HTTP/1.1\r\nhost: ${HOST}\r\ncontent-type: application/json\r\n` +
    `content-length: ${length}\r\n\r\n`;
}

/** A body of this many bytes that is right as far as it goes. */
function padded(bytes: number): string {
  return "[]".padEnd(bytes);
}

async function post(url: string, body: BodyInit): Promise<[status: number, text: string]> {
  const response = await fetch(url, { method: "POST", headers: JSON_TYPE, body });
  return [response.status, await response.text()];
}

Deno.test("hax takes 1 MiB and not a byte more", async () => {
  await using server = serve();
  const limit = 1024 * 1024;
  assertEquals((await post(server.url, padded(limit)))[0], 200);
  assertEquals(server.hax.told.splice(0).length, 1);
  const [tooLarge, text] = await post(server.url, padded(limit + 1));
  assertEquals(tooLarge, 413);
  assertStringIncludes(text, "more than 1048576 bytes");
  assertEquals(
    (await post(server.url, new Blob(["[]"]).stream()))[0],
    411,
    "its length is not told",
  );
  assertEquals(server.hax.told, []);
  assertEquals((await post(server.url, "[]"))[0], 200, "it goes on");
});

Deno.test("hax does not wait for a body that comes too slowly", async () => {
  await using server = serve({ maxMs: 50 });
  assertEquals(await exchange(server.port, head(100), "[", "1,"), "HTTP/1.1 408 ");
  assertEquals(server.hax.told, []);
});

Deno.test("hax reads a bounded number of bodies at once, and answers everything else", async () => {
  await using server = serve({ maxAtOnce: 2, maxMs: 60_000 });
  const slow = await Promise.all([1, 2].map(async () => {
    const connection = await Deno.connect({ hostname: HOST, port: server.port });
    await connection.write(new TextEncoder().encode(head(2)));
    return connection;
  }));
  await waitFor("both bodies to be waited for", async () => {
    const [status, text] = await post(server.url, "[]");
    return status === 503 && text.includes("2 bodies are being read")
      ? { ready: true, value: undefined }
      : { ready: false, why: `it is ${status}: ${text}` };
  }, { limitMs: 10_000, intervalMs: 5 });
  const refused = await fetch(server.url, { method: "POST", headers: JSON_TYPE, body: "[]" });
  await refused.body?.cancel();
  assertEquals([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  const health = await fetch(`${server.url}/health`);
  assertEquals([health.status, (await health.json()).level], [200, "passing"]);
  for (const connection of slow) connection.close();
  await waitFor("room for another body", async () => {
    const [status] = await post(server.url, "[]");
    return status === 200
      ? { ready: true, value: undefined }
      : { ready: false, why: `it is ${status}` };
  }, { limitMs: 10_000, intervalMs: 5 });
});

Deno.test("hax outlives bodies that break off, and requests that are none", async () => {
  await using server = serve();
  const report = `/processes/${formatFid(OWN)}`;
  for (let i = 0; i < 20; i++) {
    for (
      const text of [head(100, report) + '{"event"', head(100), "\r\n\0\r\n", "GET / HTTP/9.9"]
    ) {
      using connection = await Deno.connect({ hostname: HOST, port: server.port });
      await connection.write(new TextEncoder().encode(text));
    }
  }
  assertEquals((await post(server.url, "[]"))[0], 200);
  assertEquals(server.hax.told.length, 1);
});

Deno.test("hax answers HEAD without a body", async () => {
  await using server = serve();
  for (const path of ["/", "/health", "/health/9"]) {
    const response = await fetch(server.url + path, { method: "HEAD" });
    assertEquals([response.status, await response.text()], [200, ""]);
  }
});
