import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { quickClock } from "../../tests/lib/quick_clock.ts";
import { SshError } from "./ssh.ts";
import { SshConnection } from "./ssh_connection.ts";

Deno.test("SshConnection tries to connect for as long as it is to, whatever the wall clock says", async () => {
  const clock = quickClock();
  const refused = "ssh: connect to host node1 port 22: Connection refused\n";
  await using connection = new SshConnection("node1", {
    run: () => Promise.resolve({ code: 255, stdout: "", stderr: refused }),
    ...{ controlPath: "/nowhere/s", clock, random: () => 1, patienceMs: 15_000 },
  });
  await assertRejects(() => connection.run(["true"]), SshError, "Connection refused");
  assertEquals(clock.slept, [500, 1_000, 2_000, 3_000, 3_000, 3_000]);
});
