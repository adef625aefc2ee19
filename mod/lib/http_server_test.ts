import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { HareError } from "./errors.ts";
import { HttpServer, LIMITS } from "./http_server.ts";
import { loggerOf } from "./log.ts";
import { isListenedAt } from "./unix_socket.ts";
import { waitFor } from "./wait_for.ts";

const HOST = "127.80.41.1";
const ANYWHERE = { hostname: HOST, port: 0 };
const log = loggerOf("test");

/** Opens a connection and sends the beginning of a request. */
async function connect(server: HttpServer, text: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect(server.address);
  await connection.write(new TextEncoder().encode(text));
  return connection;
}

/** All data of a connection until its end. */
async function rest(connection: Deno.Conn): Promise<string> {
  return await new Response(connection.readable).text();
}

Deno.test("HttpServer.shutdown() ends with the answers that are being given", async () => {
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const server = new HttpServer(ANYWHERE, async () => {
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
  await using server = new HttpServer(ANYWHERE, () => new Response(), log);
  assertThrows(
    () => new HttpServer(server.address, () => new Response(), log),
    Deno.errors.AddrInUse,
  );
});

Deno.test("HttpServer.shutdown() does not wait for who has sent no request, or takes no answer", async () => {
  const limits = { ...LIMITS, closeMs: 200 };
  const answer = () => new Response("x".repeat(32 * 1024 * 1024));
  const server = new HttpServer(ANYWHERE, answer, log, { limits });
  const head = `GET / HTTP/1.1\r\nhost: ${HOST}\r\n`;
  const stuck = await Promise.all(
    ["", "GET /metr", head, `${head}\r\n`].map((text) => connect(server, text)),
  );
  // One connection of each kind is in this state: the slow reader has the beginning of its answer.
  await stuck[3]?.read(new Uint8Array(1));
  const before = performance.now();
  await server.shutdown();
  assert(performance.now() - before < LIMITS.closeMs);
  for (const connection of stuck) connection.close();
});

Deno.test("HttpServer closes connections that send no whole request in time", async () => {
  const limits = { ...LIMITS, headMs: 50 };
  await using server = new HttpServer(ANYWHERE, () => new Response(), log, { limits });
  for (const text of ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nhost: a\r\nx: "]) {
    assertEquals(await rest(await connect(server, text)), "");
  }
});

Deno.test("HttpServer gives up connections that take too long to take their answer", async () => {
  const limits = { ...LIMITS, answerMs: 50, maxConnections: 1 };
  const big = "x".repeat(32 * 1024 * 1024);
  const answer = (request: Request) => new Response(request.url.endsWith("/big") ? big : "hello");
  await using server = new HttpServer(ANYWHERE, answer, log, { limits });
  const connection = await connect(server, `GET /big HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`);
  await waitFor("room for another connection", async () => {
    const got = await fetch(`http://${HOST}:${server.address.port}`).then((a) => a.text(), String);
    return { ready: got === "hello", value: undefined, why: got };
  }, { limitMs: 10_000, intervalMs: 10 });
  connection.close();
});

Deno.test("HttpServer answers while 1,000 clients hold idle connections, and keeps few of them open", async () => {
  const limits = { ...LIMITS, headMs: 60_000, maxConnections: 20 };
  await using server = new HttpServer(ANYWHERE, () => new Response("hello"), log, { limits });
  const url = `http://${HOST}:${server.address.port}`;
  const idle: Deno.TcpConn[] = [];
  for (let i = 0; i < 1_000; i++) {
    idle.push(await connect(server, i % 2 === 0 ? "" : "GET / HT"));
    if (i % 100 === 0) assertEquals(await (await fetch(url)).text(), "hello");
  }
  assertEquals(await (await fetch(url)).text(), "hello");
  const ended = idle.slice(0, 900).map((connection) =>
    connection.read(new Uint8Array(1)).catch(() => null)
  );
  assertEquals(await Promise.all(ended), Array(900).fill(null));
  for (const connection of idle) connection.close();
});

Deno.test("HttpServer answers what is no proper request with a reason, never with a stack", async () => {
  const refused: number[] = [];
  await using server = new HttpServer(ANYWHERE, () => new Response("hello"), log, {
    names: ["hax"],
    onRefused: ({ status }) => void refused.push(status),
  });
  const cases: readonly (readonly [status: number, text: string])[] = [
    [400, "GET / HTTP/1.1\r\nhost: a b\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nhost: [\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nhost: hax\r\nhost: hax\r\n\r\n"],
    [421, "GET / HTTP/1.1\r\nhost: rebound.example\r\n\r\n"],
    [400, "GET http://[/ HTTP/1.1\r\nhost: hax\r\n\r\n"],
    [400, "\x16\x03\x01\x02\0\r\n\r\n"],
    [431, `GET / HTTP/1.1\r\nhost: hax\r\nx: ${"y".repeat(20_000)}\r\n\r\n`],
    [431, `GET / HTTP/1.1\r\nhost: hax\r\n${"x: y\r\n".repeat(200)}\r\n`],
    [411, "POST / HTTP/1.1\r\nhost: hax\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
  ];
  for (const [status, text] of cases) {
    const answer = await rest(await connect(server, text));
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    assertEquals([head.split("\r\n")[0], Object.keys(JSON.parse(body))], [
      `HTTP/1.1 ${status} `,
      ["error"],
    ], text);
  }
  assertEquals(refused, cases.map(([status]) => status));
});

Deno.test("HttpServer answers a fault of its handler with 500, and logs it", async () => {
  await using logged = await captureLog();
  await using server = new HttpServer(ANYWHERE, () => {
    throw new RangeError("oops");
  }, log);
  const answer = await fetch(`http://${HOST}:${server.address.port}`);
  assertEquals([answer.status, await answer.text()], [500, ""]);
  await server.shutdown();
  assertEquals(logged.matching(/bug of hare: RangeError: oops/).length, 1);
});

Deno.test("HttpServer serves a request a connection, and says so", async () => {
  await using server = new HttpServer(ANYWHERE, (request) => new Response(request.url), log);
  const request = `GET /a HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`;
  const answer = await rest(await connect(server, request + request));
  assertEquals(answer.match(/^connection: close\r$/gm)?.length, 1);
  assertEquals(answer.match(/HTTP\/1\.1/g)?.length, 1);
});

Deno.test("HttpServer asks for a body that is sent only when it is wanted", async () => {
  const echo = async (request: Request) => new Response(await request.text());
  await using server = new HttpServer(ANYWHERE, echo, log);
  const lines = ["POST / HTTP/1.1", `host: ${HOST}`, "content-type: application/json"];
  const head = [...lines, "content-length: 2", "expect: 100-continue", "", ""].join("\r\n");
  const connection = await connect(server, head);
  const buffer = new Uint8Array(100);
  const n = await connection.read(buffer) ?? 0;
  assertEquals(new TextDecoder().decode(buffer.subarray(0, n)), "HTTP/1.1 100 Continue\r\n\r\n");
  await connection.write(new TextEncoder().encode("{}"));
  assertStringIncludes(await rest(connection), "\r\n\r\n{}");
});

/** Asks a server at a Unix socket. */
async function askAt(path: string): Promise<string> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return await (await fetch("http://localhost/", { client })).text();
}

Deno.test("HttpServer listens at a Unix socket with its mode, and takes it along", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/hax.sock`;
  const at = { path, mode: 0o660 };
  assertEquals(await isListenedAt(path), false);
  {
    await using _server = new HttpServer(at, (_, peer) => Response.json(peer), log);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o660);
    assertEquals(await askAt(path), '{"transport":"unix"}');
    assertEquals(await isListenedAt(path), true);
  }
  assertEquals((await Array.fromAsync(Deno.readDir(directory))).length, 0);
  Deno.listen({ transport: "unix", path }).close(); // as a killed program leaves it
  assertEquals(await isListenedAt(path), false);
  {
    await using _server = new HttpServer(at, () => new Response("hello"), log);
    assertEquals(await askAt(path), "hello");
  }
  await Deno.writeTextFile(path, "mine");
  assertThrows(() => new HttpServer(at, () => new Response(), log), HareError, "is no socket");
  assertEquals(await Deno.readTextFile(path), "mine");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("HttpServer listens at a Unix socket whose path is too long for the kernel", async () => {
  const directory = await Deno.makeTempDir();
  const deep = `${directory}/${"deep/".repeat(30)}`;
  await Deno.mkdir(deep, { recursive: true });
  const path = `${deep}hax.sock`;
  const before = Deno.cwd();
  await using _server = new HttpServer({ path, mode: 0o660 }, () => new Response("hello"), log);
  assertEquals([await isListenedAt(path), Deno.cwd()], [true, before]);
  await Deno.symlink(deep, `${directory}/short`);
  assertEquals(await askAt(`${directory}/short/hax.sock`), "hello");
  await _server.shutdown();
  await Deno.remove(directory, { recursive: true });
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
  assertStringIncludes(await said, "cannot accept connections");
  await stdout.cancel();
});
