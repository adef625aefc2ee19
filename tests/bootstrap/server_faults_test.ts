/**
 * Mero servers that fail on the way: the bring-up says which, and goes on once that is mended.
 *
 * @module
 */

import { longTestOnHosts, testOnHosts } from "../hosts/testing.ts";
import { assertEquals } from "../lib/assert.ts";
import {
  activeOn,
  bootstrap,
  bootstrapWell,
  changesIn,
  outcomesOf,
  prepare,
  withoutLog,
} from "./cluster.ts";
import {
  assertGoesOn,
  assertTells,
  assertWantsALook,
  breakServer,
  markerOf,
  mendServer,
  type Server,
  SERVER_FAULTS,
} from "./server_faults.ts";

const { mkfsFails, m0dDies, m0dHangs } = SERVER_FAULTS;

testOnHosts(
  "hare bootstrap tells of a Mero server that fails, and goes on later",
  3,
  async (hosts, t) => {
    const first = await prepare(hosts, 3);
    const confd: Server = {
      host: hosts.host("ssc-vm2"),
      role: "confd",
      fid: "0x7200000000000001:0x24",
    };
    const ios: Server = {
      host: hosts.host("ssc-vm3"),
      role: "ios",
      fid: "0x7200000000000001:0x42",
    };
    const common = ["hare-consul-agent", "hare-hax", "hare-rc"];

    await t.step("whose mkfs fails", async () => {
      await breakServer(confd, mkfsFails);
      const ran = await bootstrap(first);
      assertTells(ran, confd, mkfsFails);
      assertEquals(await activeOn(hosts.all), {
        "ssc-vm1": [...common, "m0d@0x7200000000000001:0x9", "mero-kernel"],
        "ssc-vm2": [...common, "mero-kernel"],
        "ssc-vm3": [...common, "m0d@0x7200000000000001:0x3f", "mero-kernel"],
      });
      await assertWantsALook(first, confd, mkfsFails);
      await mendServer(confd, mkfsFails);
    });

    await t.step("that dies at once", async () => {
      await breakServer(ios, m0dDies);
      const ran = await bootstrap(first, ["--reset-failed"]);
      assertTells(ran, ios, m0dDies);
      assertEquals([outcomesOf(ran).rc, outcomesOf(ran).confd], ["already", "done"]);
      assertEquals(changesIn(ran).slice(0, 7), [
        `ssc-vm2: reset mero-mkfs@${confd.fid}.service`,
        `KV: put hare/mkfs/${confd.fid}: begun`,
        `ssc-vm2: write ${markerOf(confd)}`,
        `ssc-vm2: run mero-mkfs@${confd.fid}`,
        `ssc-vm2: write ${markerOf(confd)}`,
        `KV: put hare/mkfs/${confd.fid}: done`,
        `ssc-vm2: start m0d@${confd.fid}`,
      ]);
    });

    await t.step("that never gets ready, in the time that it is given", async () => {
      await breakServer(ios, m0dHangs);
      const ran = await bootstrap(first, ["--reset-failed", "--timeout", "20s"]);
      assertEquals([ran.code, withoutLog(ran.stderr).split("\n  hint: ")[0]], [
        1,
        "hare: bootstrap took longer than 20 s, in phase ios:\n" +
        `  ssc-vm3: ${m0dHangs.message(ios)}\n` +
        `this run has started:\n  ssc-vm3: m0d@${ios.fid}`,
      ]);
      assertEquals(changesIn(ran), [
        `ssc-vm3: reset m0d@${ios.fid}.service`,
        `ssc-vm3: start m0d@${ios.fid}`,
      ]);
      await mendServer(ios, m0dHangs);
    });

    await t.step("and when all is mended", async () => {
      assertEquals(changesIn(await bootstrapWell(first)), []);
      await first.output(["hare", "status"]);
    });
  },
);

const fids = { confd: "0x7200000000000001:0x24", ios: "0x7200000000000001:0x27" };
for (const role of ["confd", "ios"] as const) {
  for (const fault of Object.values(SERVER_FAULTS)) {
    longTestOnHosts(
      `hare bootstrap with one ${role} that fails: ${fault.what}`,
      3,
      async (hosts) => {
        const first = await prepare(hosts, 3);
        const server = { host: hosts.host("ssc-vm2"), role, fid: fids[role] };
        await breakServer(server, fault);
        const ran = await bootstrap(first);
        assertTells(ran, server, fault);
        await assertWantsALook(first, server, fault);
        await mendServer(server, fault);
        await assertGoesOn(hosts.all, first, ran, fault.repeated(server));
        await first.output(["hare", "status"]);
      },
    );
  }
}
