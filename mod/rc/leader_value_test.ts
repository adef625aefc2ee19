import { assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock, settle } from "../../tests/lib/fake_clock.ts";
import { leaderDeps } from "../../tests/rc/leader.ts";
import { ModelConsul } from "../../tests/rc/model.ts";
import { loggerOf } from "../lib/log.ts";
import { keepLeaderValue } from "./leader_value.ts";
import { Leadership, LeadershipOver } from "./leadership.ts";

Deno.test("keepLeaderValue() writes the leader's name again, and leaves the lock as it is", async () => {
  await using log = await captureLog();
  const model = new ModelConsul();
  model.hold("leader", "node1", "mine");
  const deps = leaderDeps(model, "mine", new FakeClock());
  const leadership = new Leadership("mine", deps);
  const keeping = keepLeaderValue({ ...deps, leadership, node: "node1", log: loggerOf("rc") })
    .catch(() => {});
  await settle();
  assertEquals(model.commits, []);
  model.put("leader", "node9");
  await settle();
  assertEquals([model.get("leader")?.value, model.holder], ["node1", "mine"]);
  model.hold("leader", "node2", "theirs"); // the old leader does not know yet that it is deposed
  await settle();
  assertEquals(model.get("leader")?.value, "node2");
  leadership.end(new LeadershipOver("the test is over"));
  await keeping;
  assertEquals(log.lines, [
    'warning: key leader said "node9"; this node holds its lock, and has written node1 there again',
  ]);
});
