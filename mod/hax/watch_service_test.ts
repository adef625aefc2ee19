import { assertEquals } from "../../tests/lib/assert.ts";
import type { CheckStatus, ServiceHealth } from "../consul/mod.ts";
import { noticesOf, type ServiceNotice } from "./watch_service.ts";

function health(id: string, ...statuses: readonly CheckStatus[]): ServiceHealth {
  return {
    node: { id: "n", name: "a", address: "10.0.0.1", datacenter: "dc1", meta: {}, modifyIndex: 1 },
    service: { id, name: "ios", address: "", port: 1, tags: [], meta: {}, modifyIndex: 1 },
    checks: statuses.map((status, i) => ({
      ...{ node: "a", checkId: `c${i}`, name: "", status, notes: "", output: "" },
      ...{ serviceId: id, serviceName: "ios", modifyIndex: 1 },
    })),
  };
}

async function notices(...states: readonly ServiceHealth[][]) {
  const all: (readonly ServiceNotice[])[] = [];
  for await (const some of noticesOf(ReadableStream.from(states))) all.push(some);
  return all.map((some) => some.map(({ fid, status }) => `${fid.slice(-3)} ${status}`));
}

Deno.test("noticesOf() tells all at first, then what changed, and nothing twice", async () => {
  assertEquals(
    await notices(
      [],
      [health("9", "passing", "passing"), health("0x7200000000000001:0xc", "passing", "warning")],
      [health("9", "passing"), health("12", "critical")],
      [health("9", "passing"), health("12", "passing")],
      [health("12", "passing")],
      [health("9", "passing"), health("12", "passing"), health("not hare's", "critical")],
    ),
    [["0x9 online", "0xc offline"], ["0xc online"], ["0x9 offline"], ["0x9 online"]],
  );
});
