import { assertEquals } from "../tests/lib/assert.ts";
import { type Target, TARGETS } from "./target.ts";

/** What of a target other programs see. */
function outside(
  { units, processFile, variablePrefix, confdFile, dataDirectory }: Target,
): unknown {
  const fid = "0x7200000000000001:0x9";
  return [
    units.kernel,
    units.mkfs(fid),
    units.server(fid),
    processFile(fid),
    variablePrefix,
    confdFile,
    dataDirectory,
  ];
}

Deno.test("TARGETS have the names that their systems' packages have", () => {
  assertEquals(outside(TARGETS.mero), [
    "mero-kernel",
    "mero-mkfs@0x7200000000000001:0x9",
    "m0d@0x7200000000000001:0x9",
    "/etc/sysconfig/m0d-0x7200000000000001:0x9",
    "MERO",
    "/etc/mero/confd.xc",
    "/var/mero",
  ]);
  assertEquals(outside(TARGETS.motr), [
    "motr-kernel",
    "motr-mkfs@0x7200000000000001:0x9",
    "m0d@0x7200000000000001:0x9",
    "/etc/sysconfig/m0d-0x7200000000000001:0x9",
    "MOTR",
    "/etc/motr/confd.xc",
    "/var/motr",
  ]);
});

Deno.test("Target.endpointArgument() names the transport before the endpoint", () => {
  const lnet = "10.0.0.1@tcp:12345:2:1";
  assertEquals(TARGETS.mero.endpointArgument(lnet), `lnet:${lnet}`);
  assertEquals(TARGETS.motr.endpointArgument(lnet), `lnet:${lnet}`);
  const libfab = "inet:tcp:10.0.0.1@21001";
  assertEquals(TARGETS.motr.endpointArgument(libfab), `libfab:${libfab}`);
});
