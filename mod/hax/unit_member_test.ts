import { assertEquals } from "../../tests/lib/assert.ts";
import { makeFid } from "../lib/fid.ts";
import { ProcFiles } from "../lib/proc_file.ts";
import { isOfSystemdUnit, unitIn, unitsOf } from "./unit_member.ts";

const UNIT = "m0d@0x7200000000000001:0x9.service";

Deno.test("unitIn() finds the service of a process in every layout of control groups", () => {
  for (
    const cgroup of [
      `0::/system.slice/system-m0d.slice/${UNIT}\n`,
      `0::/system.slice/system-m0d.slice/${UNIT}/delegated/below\n`,
      `0::/mero.slice/${UNIT}\n`,
      `12:pids:/\n1:name=systemd:/system.slice/${UNIT}\n0::/system.slice/${UNIT}\n`,
      `12:memory:/x.service\n1:name=systemd:/system.slice/${UNIT}\n`,
      `0::/machine.slice/libpod-1.scope/system.slice/${UNIT}\n`,
    ]
  ) assertEquals(unitIn(cgroup), UNIT, cgroup);
});

Deno.test("unitIn() does not take a unit that a user has called so for the system's", () => {
  const ofUser = `0::/user.slice/user-1000.slice/user@1000.service/app.slice/${UNIT}\n`;
  assertEquals(unitIn(ofUser), "user@1000.service");
  for (const cgroup of ["", "0::/\n", "0::/user.slice/user-0.slice/session-1.scope\n", "\n::\n"]) {
    assertEquals(unitIn(cgroup), null);
  }
});

Deno.test("unitsOf() has the server and the mkfs of each target", () => {
  assertEquals([...new Set(unitsOf(makeFid("process", 9)))].sort(), [
    "m0d@0x7200000000000001:0x9",
    "mero-mkfs@0x7200000000000001:0x9",
    "motr-mkfs@0x7200000000000001:0x9",
  ]);
});

Deno.test("isOfSystemdUnit() knows no process that has ended, and this one as another's", () => {
  using proc = new ProcFiles();
  const isOfUnit = isOfSystemdUnit(proc);
  const fid = makeFid("process", 9);
  assertEquals(isOfUnit(2 ** 22 + 1, fid), null);
  assertEquals(isOfUnit(Deno.pid, fid), false);
});
