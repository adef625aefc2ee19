import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { parseHint, parseReport } from "./bodies.ts";
import { RequestRefused } from "./json_body.ts";

const service = {
  Node: { ID: "x", Node: "ssc-vm1", Address: "127.0.0.1" },
  Service: { ID: "9", Service: "confd", Port: 1 },
  Checks: [{ Node: "ssc-vm1", CheckID: "service:9", Status: "passing" }],
};
const entry = { Key: "bq/000000001", Value: "e30=", CreateIndex: 1, ModifyIndex: 1, Session: "" };

Deno.test("parseHint() reads the body of a service watch", () => {
  assertEquals(parseHint([service]), { about: "services", names: ["9"] });
  assertEquals(parseHint([]), { about: "services", names: [] });
});

Deno.test("parseHint() reads the body of a keyprefix watch", () => {
  assertEquals(parseHint([entry]), { about: "keys", names: ["bq/000000001"] });
  assertEquals(parseHint([{ ...entry, Value: null }]).names, ["bq/000000001"]);
  assertEquals(parseHint(null), { about: "keys", names: [] });
});

for (const body of [{}, 7, "text", [7], [service, entry], [entry, service], [{ Key: 1 }]]) {
  Deno.test(`parseHint() refuses ${JSON.stringify(body).slice(0, 40)}`, () => {
    const error = assertThrows(() => parseHint(body), RequestRefused, "watch: ");
    assertEquals([error.status, error.message.includes("\n")], [400, false]);
  });
}

Deno.test("parseReport() reads what a process says", () => {
  const report = { event: "started", type: "M0D", pid: 7 } as const;
  assertEquals(parseReport({ ...report, more: "ignored" }), report);
});

for (
  const difference of [
    { event: "STARTED" },
    { type: "m0d" },
    { pid: 0 },
    { pid: -1 },
    { pid: 1.5 },
    { pid: "7" },
    { pid: 2 ** 60 },
    { event: undefined },
  ]
) {
  Deno.test(`parseReport() refuses ${Deno.inspect(difference)}`, () => {
    const body = { event: "started", type: "M0D", pid: 7, ...difference };
    assertThrows(() => parseReport(body), RequestRefused, Object.keys(difference)[0]);
  });
}
