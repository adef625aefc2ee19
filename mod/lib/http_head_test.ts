import fc from "fast-check";
import { assertEquals } from "../../tests/lib/assert.ts";
import { parseRequestHead } from "./http_head.ts";

/** The parsed head of these lines, or the status of the refusal. */
function read(...lines: readonly string[]) {
  const head = parseRequestHead(lines.join("\r\n"));
  return "status" in head ? head.status : head;
}

Deno.test("parseRequestHead() reads what clients send", () => {
  const head = read(
    "POST /processes/0x1:0x2?a=b HTTP/1.1",
    "Host: LocalHost:8008",
    "content-length: 7",
    "X-Empty:",
    "accept:  text/plain \t",
    "accept: */*",
  );
  if (typeof head === "number") throw new Error(`${head}`);
  assertEquals([head.method, head.url.href, head.host, head.contentLength], [
    "POST",
    "http://localhost:8008/processes/0x1:0x2?a=b",
    "localhost",
    7,
  ]);
  assertEquals([...head.headers], [
    ["accept", "text/plain, */*"],
    ["content-length", "7"],
    ["host", "LocalHost:8008"],
    ["x-empty", ""],
  ]);
});

Deno.test("parseRequestHead() reads hosts of every form", () => {
  const hostOf = (host: string) => {
    const head = read("GET / HTTP/1.1", `host: ${host}`);
    return typeof head === "number" ? head : head.host;
  };
  for (
    const [host, expected] of [
      ["127.0.0.1:8008", "127.0.0.1"],
      ["[::1]:8008", "::1"],
      ["[FE80::1]", "fe80::1"],
      ["node_1.example.com", "node_1.example.com"],
      ["", 400],
      ["a b", 400],
      ["[", 400],
      ["::1", 400],
      ["a:b", 400],
      ["a:999999", 400],
      ["a:99999", 400],
      ["user@host", 400],
      ["a/b", 400],
      ["a\\b", 400],
      ["%00", 400],
      ["999.999.999.999.999", 400],
    ] as const
  ) assertEquals(hostOf(host), expected, host);
});

const HOST = "host: hax";
Deno.test("parseRequestHead() refuses what is malformed or could be read in two ways", () => {
  const cases: readonly (readonly [status: number, ...lines: string[]])[] = [
    [400, ""],
    [400, "GET /"],
    [400, "GET  / HTTP/1.1", HOST],
    [400, " GET / HTTP/1.1", HOST],
    [400, "get / HTTP/1.1", HOST],
    [400, "GET http://hax/ HTTP/1.1", HOST],
    [400, "GET * HTTP/1.1", HOST],
    [400, "GET hax:80 HTTP/1.1", HOST],
    [505, "GET / HTTP/2.0", HOST],
    [505, "PRI / HTTP/9.9", HOST],
    [501, "TRACE / HTTP/1.1", HOST],
    [501, "CONNECT / HTTP/1.1", HOST],
    [400, "GET / HTTP/1.1"],
    [400, "GET / HTTP/1.0"],
    [400, "GET / HTTP/1.1", HOST, HOST],
    [400, "GET / HTTP/1.1", HOST, "Host: other"],
    [400, "GET / HTTP/1.1", HOST, " folded: header"],
    [400, "GET / HTTP/1.1", HOST, "a: b\nc: d"],
    [400, "GET / HTTP/1.1", HOST, "a: b\rc: d"],
    [400, "GET / HTTP/1.1", HOST, "a: \0"],
    [400, "GET / HTTP/1.1", HOST, "a b: c"],
    [400, "GET / HTTP/1.1", HOST, "a : c"],
    [400, "GET / HTTP/1.1", HOST, ": c"],
    [400, "GET / HTTP/1.1", HOST, "no colon"],
    [400, "POST / HTTP/1.1", HOST, "content-length: 2", "content-length: 2"],
    [400, "POST / HTTP/1.1", HOST, "content-length: 2", "Content-Length: 3"],
    [400, "POST / HTTP/1.1", HOST, "content-length: -1"],
    [400, "POST / HTTP/1.1", HOST, "content-length: 0x2"],
    [400, "POST / HTTP/1.1", HOST, "content-length: 1e3"],
    [400, "POST / HTTP/1.1", HOST, "content-length: 9999999999999999"],
    [411, "POST / HTTP/1.1", HOST, "transfer-encoding: chunked"],
    [411, "POST / HTTP/1.1", HOST, "content-length: 2", "transfer-encoding: chunked"],
    [400, "POST / HTTP/1.1", HOST, "content-type: a/b", "content-type: application/json"],
    [431, "GET / HTTP/1.1", HOST, ...Array(100).fill("a: b")],
  ];
  for (const [status, ...lines] of cases) assertEquals(read(...lines), status, lines.join("|"));
});

Deno.test("parseRequestHead() reads or refuses any text, and never throws", () => {
  const part = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\r\n", ":", " ", "GET / HTTP/1.1", "host: hax", "content-length: 1", "[", "%"),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const head = parseRequestHead(parts.join(""));
      assertEquals("status" in head ? head.status >= 400 : head.contentLength >= 0, true);
    }),
    { numRuns: 2000 },
  );
});
