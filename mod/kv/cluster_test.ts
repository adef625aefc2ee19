import { assertEquals } from "../../tests/lib/assert.ts";
import { formatFid } from "../lib/fid.ts";
import { layoutOf, roleOf, runs } from "./cluster.ts";

const ENTRIES = [
  { key: "node/h1/service/47/types", value: "ha rms" },
  { key: "node/h1/service/47/ep", value: "10.0.0.2@tcp:12345:1:1" },
  { key: "node/h0/service/6/types", value: "ha rms" },
  { key: "node/h0/service/9/types", value: "rms confd" },
  { key: "node/h0/service/12/types", value: "rms ios sns_rep sns_reb addb2 cas iscs" },
  { key: "node/h0/service/40/types", value: "rms" },
  { key: "node/h0/service/6/ep", value: "10.0.0.1@tcp:12345:1:1" },
  { key: "node/h0/service/9/ep", value: "10.0.0.1@tcp:12345:2:1\n" },
  { key: "node/h0/service/12/ep", value: "10.0.0.1@tcp:12345:2:2" },
  { key: "node/h0/service/40/ep", value: "10.0.0.1@tcp:12345:3:1" },
  { key: "node/h0/service/note", value: "somebody's own" },
] as const;

Deno.test("layoutOf() reads the processes in the order of their fid keys", () => {
  const { processes } = layoutOf(ENTRIES);
  assertEquals(
    processes.map(({ node, fidk, fid }) => `${node} ${fidk} ${formatFid(fid)}`),
    [
      "h0 6 0x7200000000000001:0x6",
      "h0 9 0x7200000000000001:0x9",
      "h0 12 0x7200000000000001:0xc",
      "h0 40 0x7200000000000001:0x28",
      "h1 47 0x7200000000000001:0x2f",
    ],
  );
  assertEquals(processes[1]?.types, ["rms", "confd"]);
  assertEquals(processes[1]?.endpoint, "10.0.0.1@tcp:12345:2:1");
  assertEquals(processes.map(roleOf), ["hax", "confd", "ios", "client", "hax"]);
});

Deno.test("layoutOf() reads nothing as no processes", () => {
  assertEquals(layoutOf([]), { processes: [], unreadable: [] });
});

Deno.test("layoutOf() names the key that is missing or empty, and reads the other processes", () => {
  for (const key of ["node/h0/service/9/types", "node/h0/service/9/ep"]) {
    const absent = ENTRIES.filter((entry) => entry.key !== key);
    const empty = [...absent, { key, value: " " }];
    for (const entries of [absent, empty]) {
      const { processes, unreadable = [] } = layoutOf(entries);
      assertEquals(processes.map(({ fidk }) => fidk), [6, 12, 40, 47]);
      const [{ node, error, types } = { node: "", error: null, types: null }] = unreadable;
      assertEquals([unreadable.length, node], [1, "h0"]);
      assertEquals(error?.message.startsWith(`key ${key} has value "": it is empty or`), true);
      assertEquals(types, key.endsWith("ep") ? ["rms", "confd"] : []);
    }
  }
});

Deno.test("layoutOf() keeps a process as it was read before", () => {
  const before = layoutOf(ENTRIES);
  const entries = ENTRIES.filter(({ key }) => key !== "node/h0/service/9/ep");
  const { processes, unreadable } = layoutOf(entries, before);
  assertEquals(processes, before.processes);
  assertEquals(unreadable?.length, 1);
  // One that is gone as a whole has been removed.
  const without = ENTRIES.filter(({ key }) => !key.startsWith("node/h0/service/9/"));
  assertEquals(layoutOf(without, before).processes.length, 4);
});

Deno.test("roleOf() takes a process with confd and ios for a confd; runs() knows both", () => {
  const process = { types: ["rms", "confd", "ios"] };
  assertEquals(roleOf(process), "confd");
  assertEquals([runs(process, "ios"), runs(process, "io")], [true, false]);
});
