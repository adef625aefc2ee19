import { assertEquals, assertStringIncludes, assertThrows } from "../../tests/lib/assert.ts";
import { HttpServer } from "./http_server.ts";
import { loggerOf } from "./log.ts";
import { waitFor } from "./wait_for.ts";

const HOST = "127.80.41.1";
const log = loggerOf("test");

Deno.test("HttpServer.shutdown() ends with the answers that are being given", async () => {
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const server = new HttpServer({ hostname: HOST, port: 0 }, async () => {
    asked.resolve();
    await release.promise;
    return new Response("at last");
  }, log);
  const answer = fetch(`http://${HOST}:${server.address.port}`);
  await asked.promise;
  const ended = server.shutdown();
  release.resolve();
  assertEquals(await (await answer).text(), "at last");
  await ended;
});

Deno.test("HttpServer throws where another listens", async () => {
  await using server = new HttpServer({ hostname: HOST, port: 0 }, () => new Response(), log);
  assertThrows(
    () => new HttpServer(server.address, () => new Response(), log),
    Deno.errors.AddrInUse,
  );
});

/** A server in a program of its own, which may open 100 files; it ends with its standard input. */
const PROGRAM = `
import { HttpServer } from ${JSON.stringify(import.meta.resolve("./http_server.ts"))};
const log = { error: (text) => console.error(text), debug: () => {} };
const server = new HttpServer({ hostname: "${HOST}", port: 0 }, () => new Response("hello"), log);
console.log(server.address.port);
for await (const _ of Deno.stdin.readable);
await server.shutdown();
`;

/** How a connection fails that is not taken, or is reset while it is made or written to. */
const REFUSALS = [
  Deno.errors.ConnectionRefused,
  Deno.errors.ConnectionReset,
  Deno.errors.NotConnected,
  Deno.errors.BrokenPipe,
];

/** Opens connections, each with half a head, until no more are taken. */
async function flood(port: number): Promise<readonly Deno.TcpConn[]> {
  const connections: Deno.TcpConn[] = [];
  try {
    while (connections.length < 200) {
      const connection = await Deno.connect({ hostname: HOST, port });
      connections.push(connection);
      await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: "));
    }
  } catch (error) {
    if (!REFUSALS.some((refusal) => error instanceof refusal)) throw error;
  }
  return connections;
}

Deno.test("HttpServer lets go of all who have taken the last file descriptor, and goes on", async () => {
  await using child = new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 100; exec "$0" eval --no-check "$1"', Deno.execPath(), PROGRAM],
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const said = new Response(child.stderr).text();
  const stdout = child.stdout.getReader();
  const port = Number(new TextDecoder().decode((await stdout.read()).value));
  const half = await flood(port);
  await waitFor("it to answer again", async () => {
    try {
      return { ready: true, value: await (await fetch(`http://${HOST}:${port}`)).text() };
    } catch (error) {
      return { ready: false, why: String(error) };
    }
  }, { limitMs: 60_000, intervalMs: 50 });
  for (const connection of half) {
    await connection.read(new Uint8Array(1)).catch(() => null); // ends, as the other end is closed
    connection.close();
  }
  await child.stdin.close();
  assertEquals((await child.status).code, 0);
  assertStringIncludes(await said, "starts anew");
  await stdout.cancel();
});
