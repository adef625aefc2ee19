/**
 * What is rendered for a node's agent and processes reads back as what it was rendered from.
 *
 * @module
 */

import fc from "fast-check";
import { TARGETS } from "../../cfgen/mod.ts";
import { assert, assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { makeFid } from "../lib/fid.ts";
import { renderAgentConfig } from "./agent_config.ts";
import { processFiles } from "./node_files.ts";
import { parseProcessFile, renderProcessFile } from "./process_file.ts";
import { checkId, consulAddress, renderServices, serviceId, servicesOf } from "./services.ts";

const HAX = { address: "127.0.0.1", port: 8008 };
const process = (key: number, ...types: string[]) => ({
  fid: makeFid("process", key),
  endpoint: `10.0.0.1@tcp:12345:2:${key}`,
  types,
});

Deno.test("renderAgentConfig() joins every other server and expects their number", () => {
  const config = JSON.parse(renderAgentConfig({
    nodeName: "a",
    nodeId: "id",
    bindAddress: "10.0.0.1",
    clientAddress: "127.0.0.1",
    dataDir: "/d",
    datacenter: "dc1",
    servers: ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
    mode: "server",
    start: "now",
  }));
  assertEquals(config.bootstrap_expect, 3);
  assertEquals(config.retry_join, ["10.0.0.2", "10.0.0.3"]);
  assertEquals(config.node_meta, { "hare-start": "now" });
  assertEquals(config.autopilot, { min_quorum: 3 });
  assertEquals(config.check_update_interval, "0s", "a check's new words are told at once");
});

Deno.test("renderAgentConfig() gives a client no bootstrap_expect and all servers", () => {
  const config = JSON.parse(renderAgentConfig({
    nodeName: "c",
    nodeId: "id",
    bindAddress: "10.0.0.9",
    clientAddress: "127.0.0.1",
    dataDir: "/d",
    datacenter: "dc1",
    servers: ["10.0.0.1"],
    mode: "client",
    start: "now",
  }));
  assertEquals("bootstrap_expect" in config, false);
  assertEquals(config.server, false);
  assertEquals(config.retry_join, ["10.0.0.1"]);
});

Deno.test("servicesOf() gives hax, confd and ios their services and clients none", () => {
  const services = servicesOf(
    [
      process(6, "ha", "rms"),
      process(9, "rms", "confd"),
      process(12, "rms", "ios"),
      process(40, "rms"),
    ],
    HAX,
  );
  assertEquals(
    services.map(({ id, name, address, port }) => [id, name, address, port]),
    [
      ["6", "hax", "127.0.0.1", 8008],
      ["9", "confd", "10.0.0.1@tcp:12345:2", 9],
      ["12", "ios", "10.0.0.1@tcp:12345:2", 12],
    ],
  );
  assertEquals(services.map(({ checks: [check] }) => [check?.id, check?.name, check?.ttl]), [
    ["service:6", "hax 0x7200000000000001:0x6", "10s"],
    ["service:9", "confd 0x7200000000000001:0x9", "10s"],
    ["service:12", "ios 0x7200000000000001:0xc", "30s"],
  ]);
});

Deno.test("serviceId() differs for confd and ios of one process", () => {
  const both = process(9, "rms", "confd", "ios");
  assertEquals(serviceId(both, "confd"), "9");
  assertEquals(serviceId(both, "ios"), "0x7200000000000001:0x9");
  assertEquals(checkId(both, "confd"), "service:9");
});

Deno.test("renderServices() is JSON with a watch on each queue and service that hax follows", () => {
  const config = JSON.parse(renderServices([process(6, "ha", "rms")], HAX));
  assertEquals(
    config.watches.map((w: Record<string, string>) => [w["type"], w["service"] ?? w["prefix"]]),
    [["service", "confd"], ["service", "ios"], ["keyprefix", "bq/"]],
  );
});

Deno.test("consulAddress() reads both forms of endpoint and refuses others", () => {
  assertEquals(consulAddress("inet:tcp:10.0.0.1@21001"), { address: "10.0.0.1", port: 21001 });
  assertEquals(consulAddress("10.0.0.1@tcp:12345:2:7"), {
    address: "10.0.0.1@tcp:12345:2",
    port: 7,
  });
  assertThrows(() => consulAddress("10.0.0.1"), TypeError, "not an endpoint");
});

Deno.test("processFiles() have what the units of their target read, and nothing for hax", () => {
  const processes = [
    process(6, "ha", "rms"),
    process(9, "rms", "confd"),
    process(12, "rms", "ios"),
  ];
  const contents = (target: keyof typeof TARGETS) =>
    processFiles(processes, TARGETS[target], {
      nodeUuid: "a-uuid",
      programPath: (path) => `/host${path}`,
    }).map(({ path, content }) => [path, content]);
  assertEquals(contents("mero"), [
    [
      "/etc/sysconfig/m0d-0x7200000000000001:0x9",
      `MERO_M0D_EP='10.0.0.1@tcp:12345:2:9'
MERO_HA_EP='10.0.0.1@tcp:12345:2:6'
MERO_PROCESS_FID='0x7200000000000001:0x9'
MERO_CONF_XC='/host/etc/mero/confd.xc'
`,
    ],
    [
      "/etc/sysconfig/m0d-0x7200000000000001:0xc",
      `MERO_M0D_EP='10.0.0.1@tcp:12345:2:12'
MERO_HA_EP='10.0.0.1@tcp:12345:2:6'
MERO_PROCESS_FID='0x7200000000000001:0xc'
`,
    ],
  ]);
  assertEquals(contents("motr")[1], [
    "/etc/sysconfig/m0d-0x7200000000000001:0xc",
    `MOTR_M0D_EP='10.0.0.1@tcp:12345:2:12'
MOTR_HA_EP='10.0.0.1@tcp:12345:2:6'
MOTR_PROCESS_FID='0x7200000000000001:0xc'
MOTR_M0D_DATA_DIR='/host/var/motr'
MOTR_NODE_UUID='a-uuid'
`,
  ]);
  assertEquals(processFiles(processes.slice(1), TARGETS.motr, { nodeUuid: "" }), []);
});

Deno.test("parseProcessFile() reads back what renderProcessFile() wrote", () => {
  const value = fc.stringMatching(/^[^'\\\n\r\0]*$/);
  fc.assert(fc.property(value, value, value, (ep, ha, xc) => {
    const text = renderProcessFile("MERO", {
      M0D_EP: ep,
      HA_EP: ha,
      PROCESS_FID: "f",
      CONF_XC: xc,
    });
    assertEquals(
      [...parseProcessFile(text)],
      [["MERO_M0D_EP", ep], ["MERO_HA_EP", ha], ["MERO_PROCESS_FID", "f"], ["MERO_CONF_XC", xc]],
    );
  }));
});

Deno.test("renderProcessFile() refuses a value that would break out of its quotes", () => {
  const params = { M0D_EP: "x'; touch /owned; '", HA_EP: "", PROCESS_FID: "" };
  assertThrows(() => renderProcessFile("MERO", params), TypeError, "M0D_EP");
});

Deno.test("parseProcessFile() passes over comments and refuses what is no assignment", () => {
  assertEquals([...parseProcessFile("# a\n\nA=1\n")], [["A", "1"]]);
  const error = assertThrows(() => parseProcessFile("rm -rf x"), SyntaxError);
  assert(error.message.includes("rm -rf x"));
});
