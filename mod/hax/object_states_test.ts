import { assertEquals } from "../../tests/lib/assert.ts";
import type { KnownState } from "../halink/mod.ts";
import type { ConfProcess } from "../kv/cluster.ts";
import type { ProcessRecord } from "../kv/process_state.ts";
import { type Fid, formatFid, makeFid } from "../lib/fid.ts";
import { type KnownStates, ownerOf, stateFor, withServices } from "./object_states.ts";

const process = (fidk: number): ConfProcess => ({
  node: "node1",
  fidk,
  fid: makeFid("process", fidk),
  types: ["rms", "ios"],
  endpoint: `ep-${fidk}`,
});

const LAYOUT = { processes: [process(6), process(9), process(12)] };

function known(
  records: Readonly<Record<number, ProcessRecord>> = {},
  broadcasts: readonly (readonly [Fid, KnownState])[] = [],
): KnownStates {
  const told = new Map(broadcasts.map(([fid, state]) => [formatFid(fid), state]));
  return {
    layout: LAYOUT,
    broadcast: (fid) => told.get(formatFid(fid)),
    records: new Map(
      Object.entries(records).map(([key, record]) => [formatFid(makeFid("process", +key)), record]),
    ),
  };
}

const record = (state: ProcessRecord["state"], type: ProcessRecord["type"] = "M0D") => ({
  ...{ state, type, pid: 1, generation: 1 },
});

const NINE = makeFid("process", 9);
const SERVICE_OF_NINE = makeFid("service", 10);

Deno.test("a process is what its record says of its m0d, and its services share its lot", () => {
  const cases: readonly (readonly [ProcessRecord | null, KnownState])[] = [
    [null, "transient"],
    [record("STARTING"), "transient"],
    [record("STARTED"), "online"],
    [record("STOPPING"), "online"],
    [record("STOPPED"), "failed"],
    [record("STARTED", "M0MKFS"), "transient"],
    [record("STOPPED", "M0MKFS"), "transient"],
  ];
  for (const [of, state] of cases) {
    const world = known(of === null ? {} : { 9: of });
    assertEquals([NINE, SERVICE_OF_NINE].map((fid) => stateFor(null, fid, world)), [state, state]);
  }
});

Deno.test("a process that failed stays failed until it has started again", () => {
  const world = known({ 9: record("STARTING") }, [[NINE, "failed"]]);
  assertEquals(stateFor(null, NINE, world), "failed");
});

Deno.test("a service that was broadcast as failed is failed in a process that runs", () => {
  const world = known({ 9: record("STARTED") }, [[SERVICE_OF_NINE, "failed"]]);
  assertEquals(stateFor(null, SERVICE_OF_NINE, world), "failed");
  assertEquals(stateFor(null, NINE, world), "online");
});

Deno.test("an asker is never told that it has failed itself", () => {
  const world = known({ 9: record("STOPPED") }, [[NINE, "failed"], [SERVICE_OF_NINE, "failed"]]);
  assertEquals([NINE, SERVICE_OF_NINE].map((fid) => stateFor(NINE, fid, world)), [
    "online",
    "online",
  ]);
  assertEquals(stateFor(makeFid("process", 12), NINE, world), "failed");
});

Deno.test("any other object is what was broadcast last, else online", () => {
  const drive = makeFid("drive", 9);
  assertEquals(stateFor(null, drive, known()), "online");
  assertEquals(stateFor(null, drive, known({}, [[drive, "repair"]])), "repair");
});

Deno.test("ownerOf() finds the process of a service, and none for what is none", () => {
  const owners = [7, 8, 10, 11, 13, 99].map((key) =>
    ownerOf(makeFid("service", key), LAYOUT)?.fidk ?? null
  );
  assertEquals(owners, [6, 6, 9, 9, 12, 12]);
  assertEquals(ownerOf(makeFid("service", 3), LAYOUT), null);
  assertEquals(ownerOf(makeFid("process", 10), LAYOUT), null);
  assertEquals(ownerOf(makeFid("drive", 10), LAYOUT), null);
});

Deno.test("withServices() tells of a process's services what is told of the process", () => {
  const note = (fid: Fid, state: KnownState) => ({ fid, state });
  const drive = note(makeFid("drive", 9), "failed");
  const told = withServices([note(NINE, "failed"), drive], LAYOUT);
  assertEquals(told, [
    note(NINE, "failed"),
    note(makeFid("service", 10), "failed"),
    note(makeFid("service", 11), "failed"),
    drive,
  ]);
});

Deno.test("withServices() leaves what is told of a service itself", () => {
  const process = { fid: NINE, state: "online" } as const;
  const service = { fid: SERVICE_OF_NINE, state: "failed" } as const;
  const other = { fid: makeFid("service", 11), state: "online" } as const;
  assertEquals(withServices([process, service], LAYOUT), [process, other, service]);
});
