import { assertEquals } from "../../tests/lib/assert.ts";
import { type Entrance, guard } from "./http_guard.ts";
import { parseRequestHead } from "./http_head.ts";

const LOOPBACK: Entrance = { transport: "tcp", localAddress: "127.0.0.1", names: ["node1"] };

/** The status of the refusal; `null` if the request is accepted. */
function status(
  method: string,
  headers: Readonly<Record<string, string>>,
  entrance: Entrance = LOOPBACK,
): number | null {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = parseRequestHead([`${method} / HTTP/1.1`, ...lines].join("\r\n"));
  if ("status" in head) throw new Error(head.reason);
  return guard(head, entrance)?.status ?? null;
}

const JSON_TYPE = { "content-type": "application/json" };

Deno.test("guard() lets curl, Prometheus and Consul's watches pass", () => {
  for (const host of ["127.0.0.1:8008", "localhost:8008", "LOCALHOST", "node1:8008", "NODE1"]) {
    assertEquals(status("GET", { host }), null, host);
    assertEquals(status("HEAD", { host }), null, host);
    assertEquals(status("POST", { host, ...JSON_TYPE }), null, host);
  }
  const type = "Application/JSON; charset=utf-8";
  assertEquals(status("POST", { host: "localhost", "content-type": type }), null);
  const typed = { host: "localhost", "sec-fetch-site": "none", "sec-fetch-mode": "navigate" };
  assertEquals(status("GET", typed), null, "an address that somebody typed into a browser");
  const own = { host: "127.0.0.1:8008", origin: "http://127.0.0.1:8008", ...JSON_TYPE };
  assertEquals(status("POST", { ...own, "sec-fetch-site": "same-origin" }), null);
});

Deno.test("guard() answers for its own addresses and names alone: a name can resolve to any", () => {
  const other: Entrance = { transport: "tcp", localAddress: "10.0.0.1", names: [] };
  const mapped: Entrance = { transport: "tcp", localAddress: "::ffff:127.0.0.1", names: [] };
  const v6: Entrance = { transport: "tcp", localAddress: "::1", names: [] };
  for (
    const [host, entrance, expected] of [
      ["rebound.example", LOOPBACK, 421],
      ["127.0.0.1.example", LOOPBACK, 421],
      ["127.0.0.2", LOOPBACK, 421],
      ["node2", LOOPBACK, 421],
      ["localhost", other, 421],
      ["10.0.0.1:8008", other, null],
      ["127.0.0.1", mapped, null],
      ["localhost", mapped, null],
      ["[::1]:8008", v6, null],
      ["localhost", v6, null],
      ["anything", { transport: "unix" }, null],
    ] as const
  ) assertEquals(status("GET", { host }, entrance), expected, host);
});

const HOST = { host: "127.0.0.1:8008" };
/** The requests that a browser sends for a page of another origin without a preflight request. */
const SIMPLE: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ["form, urlencoded", "POST", { "content-type": "application/x-www-form-urlencoded" }],
  ["form, multipart", "POST", { "content-type": "multipart/form-data; boundary=x" }],
  ["form, text", "POST", { "content-type": "text/plain" }],
  ["fetch, no-cors", "POST", { "content-type": "text/plain;charset=UTF-8" }],
  ["beacon", "POST", {}],
  ["image", "GET", { accept: "image/*" }],
  ["script", "GET", {}],
  ["fetch, HEAD", "HEAD", {}],
];

Deno.test("guard() refuses every simple request of another origin", () => {
  for (const [what, method, headers] of SIMPLE) {
    for (
      const page of [
        { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
        { origin: "null" },
        { origin: "http://127.0.0.1:3000" },
        { origin: "https://127.0.0.1:8008" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
        { "sec-fetch-site": "rubbish" },
      ]
    ) {
      assertEquals(status(method, { ...HOST, ...headers, ...page }), 403, what);
      const json = { ...HOST, ...JSON_TYPE, ...page };
      assertEquals(status(method, json), 403, `${what}, as JSON`);
    }
  }
});

Deno.test("guard() refuses what changes something and is not JSON, wherever it comes from", () => {
  const types = SIMPLE.flatMap(([, method, headers]) => method === "POST" ? [headers] : []);
  const others = ["application/jsonp", "text/json", "application/json, text/plain", "json"]
    .map((type) => ({ "content-type": type }));
  for (const headers of [...types, ...others]) {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      for (const entrance of [LOOPBACK, { transport: "unix" }] as const) {
        assertEquals(status(method, { ...HOST, ...headers }, entrance), 415);
      }
    }
  }
});
