/**
 * The HTTP servers of the binary, hax's and that of the RC's metrics, against web pages, idle and
 * half-open connections, and malformed requests. There is no Consul: they answer all the same.
 *
 * @module
 */

import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { HARE } from "../lib/hare.ts";

/** A server of the binary. */
interface Server {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** A path that is read. */
  readonly path: string;
  readonly args: (directory: string) => readonly string[];
}

const SERVERS: readonly Server[] = [
  {
    name: "hare hax",
    address: "127.80.45.1",
    port: 8008,
    path: "/entrypoint",
    args: (directory) => [
      ...["hax", "--no-halink", "--listen", "127.80.45.1"],
      ...["--socket", `${directory}/hax.sock`],
    ],
  },
  {
    name: "hare rc",
    address: "127.80.45.2",
    port: 8009,
    path: "/metrics",
    args: (directory) => [
      ...["rc", "--metrics", "127.80.45.2", "--lock", `${directory}/lock`],
      ...["--rules", directory],
    ],
  },
];

/** More than a page, or a program that forgets to hang up, opens. */
const IDLE = 1_000;

async function start(server: Server) {
  const { address, port, args, path } = server;
  const directory = await Deno.makeTempDir();
  const child = new Deno.Command(HARE, {
    args: [...args(directory)],
    env: { CONSUL_HTTP_ADDR: `${address}:8500` },
    ...{ stdout: "null", stderr: "piped" },
  }).spawn();
  const log = new Response(child.stderr).text();
  const connect = async (text: string) => {
    const connection = await Deno.connect({ hostname: address, port });
    await connection.write(new TextEncoder().encode(text));
    return connection;
  };
  /** The status line and the body of the answer to a request. */
  const send = async (method: string, headers: readonly string[], body = "") => {
    const lines = [`${method} ${path} HTTP/1.1`, ...headers, `content-length: ${body.length}`];
    const connection = await connect([...lines, "", body].join("\r\n"));
    const text = await new Response(connection.readable).text();
    return { status: Number(text.split(" ")[1]), text };
  };
  await waitFor(`${server.name} to answer`, async () => {
    try {
      return { ready: true, value: await send("GET", [`host: ${address}`]) };
    } catch (error) {
      return { ready: false, why: String(error) };
    }
  }, { limitMs: 60_000, intervalMs: 50 });
  return {
    connect,
    send,
    /** Ends it as systemd does; how it ended, after how many milliseconds, and its log. */
    stop: async () => {
      const before = performance.now();
      child.kill("SIGTERM");
      const { code } = await child.status;
      return { code, ms: performance.now() - before, log: await log };
    },
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      await log;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** What a browser sends for a page of another origin without asking the server first. */
const OF_PAGES: readonly (readonly [what: string, method: string, ...headers: string[]])[] = [
  ["a form", "POST", "content-type: application/x-www-form-urlencoded"],
  ["a form with files", "POST", "content-type: multipart/form-data; boundary=x"],
  ["a form of text", "POST", "content-type: text/plain"],
  [
    "a fetch without CORS",
    "POST",
    "content-type: text/plain;charset=UTF-8",
    "sec-fetch-mode: no-cors",
  ],
  ["a beacon", "POST", "sec-fetch-dest: empty"],
  ["an image", "GET", "accept: image/avif,*/*", "sec-fetch-dest: image"],
  ["a script", "GET", "sec-fetch-dest: script"],
  ["a HEAD", "HEAD"],
];

for (const server of SERVERS) {
  const { name, address } = server;
  const host = `host: ${address}:${server.port}`;

  Deno.test(`${name} refuses what web pages send, and answers others`, async () => {
    await using running = await start(server);
    const { send } = running;
    const evil = "origin: https://evil.example";
    for (const [what, method, ...headers] of OF_PAGES) {
      const page = await send(method, [host, evil, "sec-fetch-site: cross-site", ...headers], "{}");
      assertEquals(page.status, 403, what);
      assertEquals((await send(method, [host, evil, ...headers], "{}")).status, 403, what);
      const same = await send(method, [host, "sec-fetch-site: same-site", ...headers], "{}");
      assertEquals(same.status, 403, `${what}, from another port`);
      const rebound = await send(method, [`host: evil.example:${server.port}`, ...headers], "{}");
      assertEquals(rebound.status, 421, `${what}, by a name of its own`);
      if (method === "POST") assertEquals((await send(method, [host, ...headers])).status, 415);
    }
    for (const malformed of ["host: a b", "host: [", "host: ", `${host}\r\n${host}`]) {
      const { status, text } = await send("GET", [malformed]);
      assertEquals([status, /\bat .*\.(js|ts)\b/.test(text)], [400, false], malformed);
    }
    assert(![403, 415, 421].includes((await send("GET", [host])).status));
    const { code, log } = await running.stop();
    assertEquals([code, /bug of hare|fault of/.test(log)], [0, false], log);
  });

  Deno.test(`${name} answers beside ${IDLE} idle connections, and ends at once`, async () => {
    await using running = await start(server);
    const { send, connect } = running;
    const idle: Deno.Conn[] = [];
    for (let i = 0; i < IDLE; i++) {
      idle.push(await connect(i % 2 === 0 ? "" : `GET ${server.path} HTTP/1.1\r\n${host}\r\n`));
      if (i % 250 === 0) assertStringIncludes((await send("GET", [host])).text, "HTTP/1.1 ");
    }
    assertStringIncludes((await send("GET", [host])).text, "HTTP/1.1 ");
    const { code, ms } = await running.stop();
    assertEquals(code, 0);
    assert(ms < 4_000, `it took ${ms} ms`);
    for (const connection of idle) connection.close();
  });
}
