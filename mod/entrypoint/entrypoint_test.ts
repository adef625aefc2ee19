import fc from "fast-check";
import { assertEquals } from "../../tests/lib/assert.ts";
import type { ConfProcess } from "../kv/cluster.ts";
import { formatFid, makeFid } from "../lib/fid.ts";
import { entrypointOf } from "./entrypoint.ts";
import { entrypointJson, renderEntrypoint } from "./render.ts";

const leader = (node: string) => ({ node });

function process(node: string, fidk: number, types: string): ConfProcess {
  const endpoint = `10.0.0.${fidk}@tcp:12345:2:1`;
  return { node, fidk, fid: makeFid("process", fidk), types: types.split(" "), endpoint };
}

const LAYOUT = {
  processes: [
    process("ssc-vm1", 6, "ha rms"),
    process("ssc-vm2", 50, "rms confd"),
    process("ssc-vm1", 9, "rms confd"),
    process("ssc-vm1", 12, "rms ios"),
    process("ssc-vm3", 80, "rms ios"),
    process("ssc-vm4", 90, "rms confd ios"),
  ],
};

Deno.test("entrypointOf() follows the leader", () => {
  const places = ["ssc-vm1", "ssc-vm2", "ssc-vm4"].map((node) => {
    const answer = entrypointOf(leader(node), LAYOUT);
    if (!answer.known) throw new Error(answer.why);
    const { principalRm, confds, quorum } = entrypointJson(answer.entrypoint);
    assertEquals(confds.map(({ fid }) => fid), [
      "0x7200000000000001:0x9",
      "0x7200000000000001:0x32",
      "0x7200000000000001:0x5a",
    ]);
    assertEquals(quorum, 2);
    return principalRm;
  });
  assertEquals(places, [
    { node: "ssc-vm1", fid: "0x7300000000000001:0xa", address: "10.0.0.9@tcp:12345:2:1" },
    { node: "ssc-vm2", fid: "0x7300000000000001:0x33", address: "10.0.0.50@tcp:12345:2:1" },
    { node: "ssc-vm4", fid: "0x7300000000000001:0x5b", address: "10.0.0.90@tcp:12345:2:1" },
  ]);
});

Deno.test("entrypointOf() ignores case in the leader's name, as Consul does", () => {
  assertEquals(entrypointOf(leader("SSC-vm2"), LAYOUT), entrypointOf(leader("ssc-vm2"), LAYOUT));
});

const NONE: readonly (readonly [string, { node: string } | null, string])[] = [
  ["without a leader", null, "no leader is elected"],
  [
    "of a leader without confd",
    leader("ssc-vm3"),
    "the leader ssc-vm3 has no confd in the configuration",
  ],
];
for (const [what, entry, why] of NONE) {
  Deno.test(`entrypointOf() has none ${what}`, () => {
    assertEquals(entrypointOf(entry, LAYOUT), { known: false, why });
  });
}

Deno.test("entrypointOf() asks for a majority of the confds", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), (n) => {
    const processes = Array.from({ length: n }, (_, i) => process(`n${i}`, i + 1, "rms confd"));
    const answer = entrypointOf(leader("n0"), { processes });
    if (!answer.known) throw new Error(answer.why);
    const { quorum, confds } = answer.entrypoint;
    assertEquals(confds.length, n);
    // Any two majorities share a confd, and none is larger than need be.
    assertEquals([2 * quorum > n, 2 * (quorum - 1) <= n], [true, true]);
  }));
});

Deno.test("renderEntrypoint() writes the form that people know", () => {
  const fid = makeFid("process", 2);
  const confd = { node: "node0", fid, address: "192.168.180.162@tcp:12345:44:101" };
  const long = `inet:tcp:${"fd00::1234:".repeat(10)}@21001`;
  assertEquals(
    renderEntrypoint({
      principalRm: { ...confd, fid: makeFid("service", 3) },
      confds: [confd, { node: "7", fid, address: long }],
      quorum: 2,
    }),
    `principal-RM: node0
confds:
  - node: node0
    fid: ${formatFid(fid)}
    address: 192.168.180.162@tcp:12345:44:101
  - node: "7"
    fid: 0x7200000000000001:0x2
    address: ${long}
`,
  );
});
