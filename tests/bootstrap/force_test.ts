/**
 * Another cluster that takes the place of one on the same hosts: with `--force` only, and never
 * while that one runs.
 *
 * @module
 */

import { longTestOnHosts } from "../hosts/testing.ts";
import { assertEquals, assertMatch } from "../lib/assert.ts";
import {
  activeOn,
  bootstrap,
  bootstrapWell,
  CDF,
  cdfOf,
  changesIn,
  operation,
  prepare,
} from "./cluster.ts";
import { sumsOn } from "./state.ts";
import { waitUntilWell } from "./wellness.ts";

longTestOnHosts("another cluster takes the place of one with --force only", 3, async (hosts, t) => {
  const { all } = hosts;
  const first = await prepare(hosts, 3);
  await bootstrapWell(first);
  const units = await activeOn(all);
  const other = cdfOf(3, 0).replaceAll("c0_clients: 1", "c0_clients: 2");
  await first.write(CDF, other);

  await t.step("it is refused while the other one runs, which stays as it is", async () => {
    const before = await Promise.all(all.map(sumsOn));
    for (
      const [option, why] of [[[], ""], [["--force"], "; it does not give way while"]] as const
    ) {
      const { code, stderr } = await bootstrap(first, option);
      assertEquals(code, 1);
      assertMatch(stderr, new RegExp(`^hare: another configuration .+ssc-vm3${why}`, "m"));
      assertMatch(stderr, /^ {2}hint: .*`hare shutdown`/m);
    }
    assertEquals(await Promise.all(all.map(sumsOn)), before);
    await waitUntilWell(all, units);
  });

  await t.step("it is refused without --force when the other one is shut down", async () => {
    assertEquals((await operation(first, ["shutdown"])).code, 0);
    const { code, stderr } = await bootstrap(first);
    assertEquals(code, 1);
    assertMatch(stderr, /^hare: could not import the KV:\n {2}ssc-vm1: another configuration /m);
  });

  await t.step("with --force it is brought up, and boots in place of the other one", async () => {
    const ran = await bootstrapWell(first, ["--force", "--mkfs", "--yes"]);
    assertMatch(changesIn(ran).join("\n"), /^KV: remove \d+ keys of the cluster that was there$/m);
    const now = await activeOn(all);
    assertEquals(now["ssc-vm1"], units["ssc-vm1"]);
    const servers = now["ssc-vm3"]?.filter((unit) => unit.startsWith("m0d@"));
    const former = units["ssc-vm3"]?.filter((unit) => unit.startsWith("m0d@"));
    assertEquals([servers?.length, servers?.filter((unit) => former?.includes(unit))], [2, []]);
    await waitUntilWell(all, now);
    const third = hosts.host("ssc-vm3");
    await third.reboot();
    await waitUntilWell(all, now);
  });
});
