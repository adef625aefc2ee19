import { assertEquals } from "../../tests/lib/assert.ts";
import type { UnitStatus } from "./host.ts";
import { readUnitStatus } from "./unit_status.ts";

/** As systemd 252 printed it. */
const CASES: readonly (readonly [properties: string, UnitStatus])[] = [
  [
    "loaded inactive dead success 0 0",
    { state: "inactive", why: "" },
  ],
  [
    "not-found inactive dead success 0 0",
    { state: "inactive", why: "there is no such unit" },
  ],
  [
    "masked inactive dead success 0 0",
    { state: "inactive", why: "it is masked" },
  ],
  [
    "loaded active running success 0 0",
    { state: "active", why: "" },
  ],
  [
    "loaded reloading reload success 0 0",
    { state: "active", why: "" },
  ],
  [
    "loaded deactivating stop-sigterm success 0 0",
    { state: "active", why: "it is ending" },
  ],
  [
    "loaded activating start success 0 0",
    { state: "activating", why: "" },
  ],
  [
    "loaded activating auto-restart exit-code 1 3",
    { state: "activating", why: "exit status 3, and is to be started again" },
  ],
  [
    "loaded failed failed exit-code 1 1",
    { state: "failed", why: "exit status 1" },
  ],
  [
    "loaded failed failed exit-code 1 0",
    { state: "failed", why: "a step of its start or stop failed" },
  ],
  [
    "loaded failed failed exit-code 0 0",
    { state: "failed", why: "a step of its start failed" },
  ],
  [
    "loaded failed failed signal 2 9",
    { state: "failed", why: "ended by signal 9" },
  ],
  [
    "loaded failed failed core-dump 3 6",
    { state: "failed", why: "ended by signal 6, with a core dump" },
  ],
  [
    "loaded failed failed timeout 1 0",
    { state: "failed", why: "it did not start or stop in its time" },
  ],
  [
    "loaded failed failed start-limit-hit 1 1",
    {
      state: "failed",
      why: "it ended again and again (exit status 1) and is not started any more",
    },
  ],
  [
    "loaded failed failed exec-condition 0 0",
    { state: "failed", why: "systemd calls it exec-condition" },
  ],
];

for (const [properties, expected] of CASES) {
  Deno.test(`readUnitStatus() of ${properties}`, () => {
    const [load, active, sub, result, code, status] = properties.split(" ");
    const text = [
      `LoadState=${load}`,
      `ActiveState=${active}`,
      `SubState=${sub}`,
      `Result=${result}`,
      `ExecMainCode=${code}`,
      `ExecMainStatus=${status}`,
      "",
    ].join("\n");
    assertEquals(readUnitStatus(text), expected);
  });
}

Deno.test("readUnitStatus() reads lines in any order, and passes over what it does not know", () => {
  const text = "What=a=b\nResult=success\nActiveState=active\n";
  assertEquals(readUnitStatus(text), { state: "active", why: "" });
});

Deno.test("readUnitStatus() takes from a unit that starts what it says of itself", () => {
  const text = "ActiveState=activating\nSubState=start\nStatusText=waits: x=y\n";
  assertEquals(readUnitStatus(text), { state: "activating", why: "waits: x=y" });
  const active = "ActiveState=active\nSubState=running\nStatusText=follows vm2\n";
  assertEquals(readUnitStatus(active), { state: "active", why: "" });
});

Deno.test("readUnitStatus() tells a unit that ends each time that it is started", () => {
  const status = (sub: string, restarts: number) =>
    readUnitStatus(
      `ActiveState=activating\nSubState=${sub}\nResult=success\nExecMainCode=1\n` +
        `ExecMainStatus=3\nNRestarts=${restarts}\n`,
    );
  assertEquals(status("start-pre", 7), {
    state: "activating",
    why: "it ended 7 times, and is to be started again",
    isLooping: true,
  });
  assertEquals(status("auto-restart", 7).isLooping, true);
  assertEquals(
    [status("start", 7), status("start-pre", 1)],
    Array(2).fill({
      state: "activating",
      why: "",
    }),
  );
});
