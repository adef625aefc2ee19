/**
 * What hax makes of the states of units that it is told, with a real Consul and a bus that plays
 * systemd; systemd itself is in `systemd_test.ts`.
 *
 * @module
 */

import { formatFid } from "../../mod/lib/fid.ts";
import { startConsul } from "../lib/consul.ts";
import { type Answer, FakeSystemBus, type Typed } from "../lib/fake_system_bus.ts";
import {
  checkOf,
  CONFD,
  eventually,
  importConfiguration,
  IOS,
  recorded,
  registerServices,
  startHax,
  startProcess,
} from "./node.ts";

/** Systemd lists both servers' units as failed. */
const FAILED: Answer = {
  values: [{
    type: "a",
    of: "(sssss)",
    value: [CONFD, IOS].map((fid): Typed => {
      const texts = [`m0d@${formatFid(fid)}.service`, "", "loaded", "failed", "failed"];
      return { type: "(", value: texts.map((value): Typed => ({ type: "s", value })) };
    }),
  }],
};

Deno.test("hax's checks follow the states of units, and its look their notifications", async () => {
  const address = "127.80.1.9";
  await using agent = await startConsul({ address, node: "ssc-vm1" });
  const { consul } = agent;
  await importConfiguration(consul);
  await registerServices(consul, address);
  await using ios = startProcess();
  const directory = await Deno.makeTempDir();
  const path = `${directory}/bus`;
  {
    await using hax = startHax(consul, address, { systemBus: path });
    await hax.ready();
    await hax.report(IOS, "started", ios.pid);
    await eventually("the io server", () => checkOf(consul, IOS), "passing");
    const healthBecomes = (key: number, status: number, body: string) =>
      eventually(`process ${key}`, () => hax.get(`/health/${key}`), { status, body });
    await healthBecomes(9, 429, "not started yet");
    {
      await using bus = new FakeSystemBus({
        path,
        answer: ({ member }) => member === "ListUnitsByPatterns" ? FAILED : { values: [] },
      });
      await healthBecomes(9, 503, "not started yet; its unit has failed");
      await eventually("confd's check", () => checkOf(consul, CONFD), "critical");
      const who = `the process with pid ${ios.pid} has`;
      await healthBecomes(12, 200, `${who} started; its unit has failed`);
      await ios.kill();
      await bus.signal("/org/freedesktop/systemd1/unit/m0d_40x", "PropertiesChanged");
      await eventually("the death", () => recorded(consul, IOS), `STOPPED ${ios.pid} 1`);
      await healthBecomes(12, 503, `${who} stopped; its unit has failed`);
    }
    await healthBecomes(9, 429, "not started yet");
  }
  await Deno.remove(directory, { recursive: true });
});
