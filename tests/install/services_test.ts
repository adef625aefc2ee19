/**
 * Hare's daemons as units: how they start, what becomes of them when they die or hang, and that a
 * host brings them up by itself.
 *
 * @module
 */

import { HAX_SOCKET, HAX_UNIT, RC_UNIT } from "../../mod/host/places.ts";
import { SystemdHost } from "../../mod/host/systemd.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import type { TestHost } from "../hosts/mod.ts";
import { testOnHosts } from "../hosts/testing.ts";
import { DISK_GLOB } from "../hosts/units.ts";
import { changes, COPY, copyTo, install, UNITS } from "./machine.ts";

const CDF = `
hosts:
  - name: ssc-vm1
    data_iface: eth0
    c0_clients: 0
    m0t1fs_clients: 0
    m0_servers:
      - runs_confd: true
      - io_disks: { path_glob: "${DISK_GLOB}" }
pools:
  - { name: tier1, disks: all, data_units: 1, parity_units: 0 }
`;

/** Something that systemd knows of a unit. */
async function property(host: TestHost, unit: string, name: string): Promise<string> {
  return (await host.output(["systemctl", "show", "--value", `--property=${name}`, unit])).trim();
}

/** Waits until a unit is active in another process than that. */
async function runsAnew(host: TestHost, unit: string, former: string): Promise<void> {
  await waitFor(`${unit} to run again`, async () => {
    const [state, pid] = [
      await property(host, unit, "ActiveState"),
      await property(host, unit, "MainPID"),
    ];
    const ready = state === "active" && pid !== former && pid !== "0";
    return { ready, value: undefined, why: `it is ${state} in process ${pid}` };
  }, { limitMs: 60_000 });
}

testOnHosts("hare's daemons as units of systemd", 1, async ({ all }, t) => {
  const [host] = all as [TestHost];
  const driver = new SystemdHost({ name: host.name, run: host.run });
  const options = { signal: new AbortController().signal };
  await copyTo(host);
  await changes(host);

  await t.step("they tell what they wait for until they are ready", async () => {
    const starting = host.run(["systemctl", "start", HAX_UNIT]);
    await waitFor("its word", async () => {
      const { state, why } = await driver.unitStatus(HAX_UNIT, options);
      const ready = state === "activating" && why.startsWith("waits: ");
      return { ready, value: undefined, why: `${state} ${why}` };
    }, { limitMs: 30_000 });
    await host.output(["systemctl", "stop", ...UNITS]);
    assert((await starting).code !== 0);
    await host.output(["systemctl", "reset-failed"]); // Consul, which has no configuration yet

    await host.write("/root/cdf.yaml", CDF);
    const until = ["--until", "rc", "/root/cdf.yaml"];
    const output = await host.run(["hare", "bootstrap", ...until], { limitMs: 120_000 });
    assertEquals(output.code, 0, output.stderr);
    await waitFor("the only coordinator to lead", async () => {
      const status = await property(host, RC_UNIT, "StatusText");
      return { ready: status.includes("leads"), value: undefined, why: status };
    }, { limitMs: 60_000 });
    assertEquals(await property(host, HAX_UNIT, "StatusText"), "knows its node");
  });

  await t.step("they run as they should", async () => {
    const users = await host.output(["ps", "-o", "user=,args=", "-C", "hare,consul"]);
    assertEquals(users.trim().split("\n").map((line) => line.split(/\s+/).slice(0, 3)).sort(), [
      ["hare", "/usr/bin/hare", "rc"],
      ["hare", "consul", "agent"],
      ["hare-hax", "/usr/bin/hare", "hax"],
    ]);
    for (const unit of UNITS) {
      const pid = await property(host, unit, "MainPID");
      const status = await host.output(["cat", `/proc/${pid}/status`]);
      for (const name of ["CapBnd", "CapEff", "CapPrm", "CapAmb"]) {
        assertMatch(status, new RegExp(`^${name}:\\t0+$`, "m"));
      }
      assertMatch(status, /^NoNewPrivs:\t1$/m);
    }
  });

  await t.step("only root and group hare may open hax's socket", async () => {
    const stat = await host.output(["stat", "-L", "-c", "%U:%G %a", HAX_SOCKET]);
    assertEquals(stat, "hare-hax:hare 660\n");
    const directory = await host.output(["stat", "-c", "%U:%G %a", "/run/hare", "/run/hare/hax"]);
    assertEquals(directory, "root:root 755\nhare-hax:hare 750\n");
    const mayOpen = async (user: string) =>
      (await host.run(["runuser", "-u", user, "--", "test", "-w", HAX_SOCKET])).code === 0;
    assertEquals([await mayOpen("hare"), await mayOpen("nobody")], [true, false]);
  });

  await t.step("files that hax left when it ran as root are its own after an upgrade", async () => {
    const directory = "/var/lib/hare/hax";
    await host.output(["systemctl", "stop", HAX_UNIT]);
    await host.output(["touch", `${directory}/m0trace.7`, `${directory}/m0trace.8`]);
    await host.output(["chown", "-R", "root:root", directory]);
    await host.output(["systemctl", "start", HAX_UNIT]);
    const owners = await host.output(["stat", "-c", "%U", directory, `${directory}/m0trace.8`]);
    assertEquals(owners, "hare-hax\nhare-hax\n");
    await host.output(["sh", "-c", `rm ${directory}/m0trace.*`]);
  });

  await t.step("each comes up again when it was killed", async () => {
    for (const unit of UNITS) {
      const pid = await property(host, unit, "MainPID");
      await host.output(["kill", "-KILL", pid]);
      await runsAnew(host, unit, pid);
    }
  });

  await t.step("hax starts with the last two traces of the HA link's library", async () => {
    const directory = "/var/lib/hare/hax";
    for (const day of [3, 1, 4, 2]) {
      await host.output(["touch", "-d", `2026-01-0${day}`, `${directory}/m0trace.${day}`]);
    }
    await host.output(["systemctl", "restart", HAX_UNIT]);
    assertEquals((await host.output(["ls", directory])).trim().split("\n"), [
      "m0trace.3",
      "m0trace.4",
    ]);
  });

  await t.step("one that hangs is killed and comes up again", async () => {
    const units = [HAX_UNIT, RC_UNIT];
    for (const unit of units) {
      await host.write(
        `/run/systemd/system/${unit}.service.d/test.conf`,
        "[Service]\nWatchdogSec=2\n",
      );
    }
    await host.output(["systemctl", "daemon-reload"]);
    await host.output(["systemctl", "restart", ...units]);
    for (const unit of units) {
      const pid = await property(host, unit, "MainPID");
      await host.output(["kill", "-STOP", pid]);
      await runsAnew(host, unit, pid);
      const log = await host.output(["journalctl", "--output=cat", "-u", unit, "-n", "20"]);
      assertStringIncludes(log, "Watchdog timeout (limit 2s)!");
    }
  });

  await t.step("Consul takes a reload, and options from its own file", async () => {
    const pid = await property(host, UNITS[0], "MainPID");
    await host.output(["systemctl", "reload", UNITS[0]]);
    assertEquals(await property(host, UNITS[0], "MainPID"), pid);
    await host.write("/etc/hare/consul-env", 'HARE_CONSUL_OPTIONS="-log-level=debug"\n');
    await host.output(["systemctl", "restart", UNITS[0]]);
    const words = await host.output(["ps", "-o", "args=", "-C", "consul"]);
    assertStringIncludes(words, "consul.d -log-level=debug");
  });

  await t.step("after a power cut they are all there again, by themselves", async () => {
    await host.crash();
    await host.boot();
    for (const unit of UNITS) await runsAnew(host, unit, "none");
  });

  await t.step("one that ends again and again is started again, later each time", async () => {
    for (const unit of UNITS) {
      const drop = `/run/systemd/system/${unit}.service.d/test.conf`;
      await host.write(drop, "[Service]\nExecStart=\nExecStart=/bin/false\nSuccessExitStatus=\n");
    }
    await host.output(["systemctl", "daemon-reload"]);
    await Promise.all(UNITS.map((unit) => host.run(["systemctl", "restart", unit])));
    for (const unit of UNITS) {
      await waitFor(`${unit} to wait before a start`, async () => {
        const log = await host.output(["journalctl", "--output=cat", "-u", unit, "-n", "40"]);
        const ready = log.includes("the next start waits 4 s");
        return { ready, value: undefined, why: log.split("\n").at(-2) ?? "" };
      }, { limitMs: 60_000 });
      const restarts = Number(await property(host, unit, "NRestarts"));
      assert(restarts >= 4, `${unit}: ${restarts}`);
      const { state, why, isLooping } = await driver.unitStatus(unit, options);
      assertEquals([state, isLooping], ["activating", true], unit);
      assertMatch(why, /^it ended \d+ times, and is to be started again/);
      assertEquals(await driver.unitEnd([unit], options), unit);
      await host.output(["rm", `/run/systemd/system/${unit}.service.d/test.conf`]);
    }
    await host.output(["systemctl", "daemon-reload"]);
    await host.output(["systemctl", "restart", ...UNITS]); // at once: somebody wants it
  });

  await t.step("--uninstall refuses while one runs; a stop is no failure", async () => {
    const refused = await install(host, "--uninstall");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "hare-consul-agent runs (stop it: hare shutdown");
    await host.output(["systemctl", "stop", ...UNITS]);
    assertEquals(await host.output(["systemctl", "--failed", "--plain", "--no-legend"]), "");
    const { code, outcomes } = await install(host, "--uninstall");
    assertEquals(code, 0);
    assertEquals(outcomes[0]?.kept.slice(-2), [
      "user hare-hax: something in /var/lib/hare is its own",
      "user hare: something in /var/lib/hare is its own",
    ]);
    assertEquals((await host.run(["ls", COPY, "/usr/bin/hare"])).stdout, `${COPY}\n`);
  });
});
