/**
 * `hare hax`, `hare entrypoint` and `hare check-service` as their users run them: the binary, with
 * no more rights than it has.
 */

import type { Report } from "../../mod/hax/transition.ts";
import { LEADER } from "../../mod/kv/keys.ts";
import { formatFid } from "../../mod/lib/fid.ts";
import { assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { HARE, hare } from "../lib/hare.ts";
import {
  CONFD,
  eventually,
  importConfiguration,
  recorded,
  registerServices,
  reportTo,
  startProcess,
} from "./node.ts";

Deno.test("the binary serves a node from its start to SIGTERM", async () => {
  const address = "127.80.3.1";
  const env = { CONSUL_HTTP_ADDR: `${address}:8500` };
  await using agent = await startConsul({ address, node: "ssc-vm1" });
  const { consul } = agent;
  const check = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await hare(["check-service", ...args], { env });
    assertEquals([stdout, stderr], ["", ""]);
    return code;
  };
  assertEquals(await check("--hax"), 1, "not registered");
  await importConfiguration(consul);
  await registerServices(consul, address);
  assertEquals(await check("--hax"), 2, "registered, and not there");
  assertEquals(await check("--fid", formatFid(CONFD)), 1);

  const directory = await Deno.makeTempDir();
  const socket = `${directory}/hax.sock`;
  const hax = new Deno.Command(HARE, {
    args: ["hax", "--listen", address, "--socket", socket, "--no-halink"],
    env,
    stderr: "piped",
  }).spawn();
  try {
    await using confd = startProcess();
    const report = (event: Report["event"]) =>
      reportTo(socket, CONFD, { event, type: "M0D", pid: confd.pid }).catch(() => null);
    await eventually("hax to take a report", () => report("starting"), 202);
    assertEquals(await check("--hax"), 0);
    assertEquals(await check("--fid", formatFid(CONFD)), 1, "starting");
    assertEquals(await report("started"), 202);
    await eventually("a confd that has started", () => check("--fid", "9"), 0);

    assertEquals(await hare(["entrypoint"], { env }), {
      code: 1,
      stdout: "",
      stderr: "hare: there is no entrypoint: no leader is elected\n" +
        "  hint: an election takes seconds; if none ends, see `hare status`\n",
    });
    const session = await consul.session.create({
      name: "test",
      lockDelay: "0s",
      nodeChecks: ["serfHealth"],
      serviceChecks: [],
    });
    await consul.kv.acquire(LEADER, "ssc-vm1", session);
    assertEquals(await hare(["entrypoint"], { env }), {
      code: 0,
      stdout: `principal-RM: ssc-vm1
confds:
  - node: ssc-vm1
    fid: 0x7200000000000001:0x9
    address: 10.0.0.1@tcp:12345:2:2
  - node: ssc-vm2
    fid: 0x7200000000000001:0x35
    address: 10.0.0.2@tcp:12345:2:2
`,
      stderr: "",
    });
    const { stdout } = await hare(["entrypoint", "--json"], { env });
    const served = await fetch(`http://${address}:8008/entrypoint`);
    assertEquals(await served.json(), JSON.parse(stdout));

    await confd.kill();
    assertEquals(await check("--fid", formatFid(CONFD)), 2, "gone");
    await eventually("the death", () => recorded(consul, CONFD), `STOPPED ${confd.pid} 1`);
    const why = await hare(["--verbose", "check-service", "--fid", "9"], { env });
    assertStringIncludes(why.stderr, `debug: failed: http://${address}:8008/health/`);
    assertStringIncludes(why.stderr, `pid ${confd.pid} has stopped\n`);
    hax.kill("SIGTERM");
    const { code, stderr } = await hax.output();
    assertEquals(code, 0);
    const log = new TextDecoder().decode(stderr);
    assertStringIncludes(log, "hax: is process 0x7200000000000001:0x6 of node ssc-vm1\n");
    assertStringIncludes(log, `pid ${confd.pid} is gone without a word: STOPPED, generation 1\n`);
  } finally {
    await hax[Symbol.asyncDispose]();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("hare entrypoint says nothing but why, where Consul is away", async () => {
  const { code, stdout, stderr } = await hare(["entrypoint", "--json"], {
    env: { CONSUL_HTTP_ADDR: "127.80.3.2:8500" },
  });
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "cannot reach Consul: Connection refused");
});

Deno.test("hare hax does not start on an address that another has", async () => {
  using _other = Deno.listen({ hostname: "127.80.3.3", port: 8008 });
  const { code, stderr } = await hare(["hax", "--listen", "127.80.3.3"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "hare: cannot listen at 127.80.3.3:8008: Address already in use");
});
