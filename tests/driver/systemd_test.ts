/**
 * The driver of real hosts on a real systemd: units that start, fail, end and are told of.
 *
 * @module
 */

import { UnitError } from "../../mod/host/errors.ts";
import { SystemdHost } from "../../mod/host/systemd.ts";
import { TimeLimitError } from "../../mod/lib/errors.ts";
import { assert, assertEquals, assertRejects } from "../lib/assert.ts";
import type { TestHost } from "../hosts/mod.ts";
import { testOnHosts } from "../hosts/testing.ts";

const options = { signal: new AbortController().signal };

/** Units that do one thing each. */
const UNITS = {
  "runs": "[Service]\nExecStart=sleep 600",
  "once": "[Service]\nType=oneshot\nExecStart=sh -c 'echo done'",
  "fails": "[Service]\nType=oneshot\nExecStart=sh -c 'echo no disk; echo giving up; exit 3'",
  "waits": "[Service]\nType=notify\nNotifyAccess=all\n" +
    "ExecStart=sh -c 'systemd-notify --status=\"waits: no leader\"; exec sleep 600'",
  "again": "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n" +
    "[Service]\nRestart=always\nRestartSec=0.1\nExecStart=sh -c 'sleep 0.1; exit 4'",
  "x@": "[Service]\nExecStart=sleep 600\n[Install]\nWantedBy=multi-user.target",
} as const;

async function writeUnits(host: TestHost): Promise<void> {
  for (const [name, text] of Object.entries(UNITS)) {
    await host.write(`/etc/systemd/system/test-${name}.service`, `${text}\n`);
  }
  await host.output(["systemctl", "daemon-reload"]);
}

/** A host's unit once it has settled. */
const INSTANCE = "test-x@0x7200000000000001:0x9";

testOnHosts("SystemdHost on a real systemd", 1, async ({ all: [machine] }, t) => {
  assert(machine !== undefined);
  await writeUnits(machine);
  const host = new SystemdHost({ name: machine.name, run: machine.run });
  const status = (unit: string) => host.unitStatus(unit, options);

  await t.step("starts and stops, again without effect", async () => {
    assertEquals(await status(INSTANCE), { state: "inactive", why: "" });
    await host.startUnit(INSTANCE, options);
    await host.startUnit(INSTANCE, options);
    assertEquals(await status(INSTANCE), { state: "active", why: "" });
    await host.stopUnit(INSTANCE, options);
    await host.stopUnit(INSTANCE, options);
    await host.stopUnit("test-of-no-such-name", options);
    assertEquals(await status(INSTANCE), { state: "inactive", why: "" });
    assertEquals(await status("test-of-no-such-name"), {
      state: "inactive",
      why: "there is no such unit",
    });
  });

  await t.step("enables and disables", async () => {
    const isEnabled = async () =>
      (await host.ask(["systemctl", "is-enabled", INSTANCE], options)).stdout;
    await host.enableUnit(INSTANCE, options);
    assertEquals(await isEnabled(), "enabled\n");
    await host.disableUnit(INSTANCE, options);
    assertEquals(await isEnabled(), "disabled\n");
  });

  await t.step("waits for a oneshot to end well, and says why one does not", async () => {
    await host.startUnit("test-once", options);
    assertEquals((await host.unitLog("test-once", 9, options)).includes("done"), true);
    const error = await assertRejects(() => host.startUnit("test-fails", options), UnitError);
    assertEquals(
      error.message,
      `${host.name}: unit test-fails: exit status 3; its last lines:\n    no disk\n    giving up`,
    );
    assertEquals(await status("test-fails"), { state: "failed", why: "exit status 3" });
    await host.resetUnit("test-fails", options);
    assertEquals(await status("test-fails"), { state: "inactive", why: "" });
  });

  await t.step("says what a unit waits for that does not start in time", async () => {
    const limit = new AbortController();
    const starting = host.startUnit("test-waits", { signal: limit.signal });
    while ((await status("test-waits")).why === "");
    assertEquals(await status("test-waits"), { state: "activating", why: "waits: no leader" });
    limit.abort(new TimeLimitError("it did not end in time"));
    await assertRejects(() => starting, TimeLimitError, "waits: no leader: it did not end");
    await host.stopUnit("test-waits", options);
  });

  await t.step("is told when a unit is killed, stopped, or given up", async () => {
    for (
      const [unit, end, why] of [
        [INSTANCE, ["systemctl", "kill", "-s", "KILL", INSTANCE], "ended by signal 9"],
        ["test-runs", ["systemctl", "stop", "test-runs"], ""],
        ["test-again", ["true"], "exit status 4"],
      ] as const
    ) {
      await host.resetUnit(unit, options);
      await host.startUnit("test-x@other", options);
      await host.startUnit(unit, options);
      const told = host.unitEnd(["test-x@other", unit], options);
      await machine.output(end);
      assertEquals(await told, unit);
      assertEquals((await status(unit)).why, why);
    }
  });
});
