/**
 * Parsing of lsblk's output.
 *
 * @module
 */

import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";
import { blockDevice, partitionsOf, treeOf } from "./lsblk.ts";

const printing = (stdout: string, stderr = ""): Run => () =>
  Promise.resolve({ code: 0, stdout, stderr });

const signal = AbortSignal.timeout(10_000);

// As of util-linux before 2.33, whose numbers are strings; newer ones leave out nothing.
const ANSWER = {
  blockdevices: [{
    ...{ kname: "/dev/sdb", type: "disk", size: "8001563222016", "maj:min": "  8:16 " },
    ...{ model: "ST8000NM0055 ", serial: "ZA1", wwn: "0x5000c500a1b2c3d4", mountpoint: null },
    children: [{
      ...{ kname: "/dev/sdb1", type: "part", size: 1048576, "maj:min": "8:17" },
      children: [{
        kname: "/dev/dm-0",
        type: "lvm",
        size: 1,
        "maj:min": "253:0",
        mountpoint: "/srv",
      }],
    }],
  }],
};

Deno.test("blockDevice() reads a device and what is made of it", async () => {
  const device = await blockDevice("/dev/sdb", { run: printing(JSON.stringify(ANSWER)), signal });
  const { size, number, model, serial, wwn, mountpoint } = device;
  assertEquals([size, number, model, serial, wwn, mountpoint], [
    ...[8001563222016, "8:16", "ST8000NM0055", "ZA1", "0x5000c500a1b2c3d4", ""],
  ]);
  assertEquals(partitionsOf(device).map((part) => part.number), ["8:17"]);
  assertEquals(treeOf(device).map(({ kname }) => kname), ["/dev/sdb", "/dev/sdb1", "/dev/dm-0"]);
});

Deno.test("blockDevice() says that lsblk does not tell", async () => {
  for (const stdout of ["", "[]", '{"blockdevices": []}', '{"blockdevices": [{}]}']) {
    await assertRejects(
      () => blockDevice("/dev/sdb", { run: printing(stdout, "not a block device"), signal }),
      HareError,
      "lsblk does not tell about /dev/sdb: not a block device",
    );
  }
});
