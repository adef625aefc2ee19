/**
 * `hare m0crate-conf` as its users run it: the binary, on a node with a real Consul.
 */

import { TARGETS } from "../../cfgen/mod.ts";
import { serviceKey } from "../../mod/kv/keys.ts";
import { formatProfile, PROFILE } from "../../mod/kv/profile.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { filesFor } from "../oracle/cases.ts";
import { assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { hare } from "../lib/hare.ts";

const CASES = new URL("../oracle/cases/mero/", import.meta.url).pathname;
const FILE = `MOTR_CONFIG:
   MOTR_LOCAL_ADDR: 192.168.1.1@tcp:12345:33:302
   MOTR_HA_ADDR:    192.168.1.1@tcp:12345:34:101
   PROF: <0x7000000000000001:0x4d>  # profile
   PROCESS_FID: <0x7200000000000001:0x1>
`;

Deno.test("m0crate-conf takes its values from KV, and what is not there from confd.xc", async () => {
  const address = "127.80.5.1";
  const env = { CONSUL_HTTP_ADDR: `${address}:8500` };
  await using agent = await startConsul({ address, node: "ssc-vm1" });
  const { consul } = agent;
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/io.yaml`;
    const xc = `${dir}/confd.xc`;
    const run = async (...args: readonly string[]) => {
      await Deno.writeTextFile(path, FILE, { mode: 0o600 });
      const { code, stdout, stderr } = await hare(["m0crate-conf", path, ...args], { env });
      const isChanged = await Deno.readTextFile(path) !== FILE;
      return { code, stdout, stderr, isChanged };
    };
    const none = await run();
    assertEquals([none.code, none.stdout, none.isChanged], [1, "", false]);
    assertStringIncludes(none.stderr, "no client of Mero on this node, ssc-vm1");
    assertStringIncludes(none.stderr, "c0_clients or m0t1fs_clients in the CDF");

    for (
      const [fidk, types] of [[6, "ha rms"], [9, "rms confd"], [40, "rms"], [42, "rms"]] as const
    ) {
      await consul.kv.put(serviceKey("ssc-vm1", fidk, "types"), types);
      await consul.kv.put(serviceKey("ssc-vm1", fidk, "ep"), `inet:tcp:10.0.0.1@220${fidk}`);
    }
    const noProfile = await run("--confd-xc", xc);
    assertEquals([noProfile.code, noProfile.isChanged], [1, false]);
    assertStringIncludes(noProfile.stderr, `cannot read ${xc}: no such file`);

    const [name = ""] = [...Deno.readDirSync(CASES)].map(({ name }) => name).sort();
    await Deno.writeTextFile(xc, filesFor(CASES + name, TARGETS.mero).get("confd.xc") ?? "");
    const fromFile = await run("--confd-xc", xc, "--json");
    assertEquals(fromFile.code, 0, fromFile.stderr);
    assertEquals(JSON.parse(fromFile.stdout).PROF.startsWith("0x7000000000000001:0x"), true);

    await consul.kv.put(PROFILE, formatProfile(makeFid("profile", 126)));
    assertEquals(await run("--process", "42"), {
      code: 0,
      stdout: `MOTR_LOCAL_ADDR: inet:tcp:10.0.0.1@22042
MOTR_HA_ADDR: inet:tcp:10.0.0.1@2206
PROCESS_FID: 0x7200000000000001:0x2a
PROF: 0x7000000000000001:0x7e
`,
      stderr: "",
      isChanged: true,
    });
    const { mode } = await Deno.stat(path);
    assertEquals((mode ?? 0) & 0o777, 0o600);
    assertStringIncludes(await Deno.readTextFile(path), "<0x7000000000000001:0x7e>  # profile\n");

    const confd = await run("--process", "9");
    assertEquals([confd.code, confd.isChanged], [1, false]);
    assertStringIncludes(confd.stderr, "it has 0x7200000000000001:0x28, 0x7200000000000001:0x2a");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
