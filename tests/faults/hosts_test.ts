/**
 * The fault run in short on test hosts: one of the long tests.
 *
 * @module
 */

import { longTestOnHosts } from "../hosts/testing.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { CLEAN } from "./effects.ts";
import { bringUp, HOST_FAULTS, type HostFaultName } from "./hosts.ts";
import { runFaults } from "./run.ts";

longTestOnHosts(
  "under faults of hosts no event is lost, done twice or overtaken",
  3,
  async (hosts) => {
    const names = Object.keys(HOST_FAULTS) as HostFaultName[];
    const { events, verdict } = await runFaults({
      nodes: await bringUp(hosts),
      faults: HOST_FAULTS,
      next: (made) => names[made] ?? null,
      perSecond: 200,
    });
    assertEquals(verdict, CLEAN);
    assert(events > 1000, `only ${events} events`);
  },
);
