/**
 * The gate, and hosts behind it.
 *
 * @module
 */

import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import type { Host, HostFile, UnitState } from "../host/host.ts";
import { type Change, Gate } from "./gate.ts";
import { GatedHost } from "./gated_host.ts";

const signal = AbortSignal.timeout(60_000);

/** A host in memory. */
class FakeHost implements Host {
  readonly name = "a";
  readonly files = new Map<string, string>();
  readonly units = new Map<string, UnitState>();
  programPath = (path: string) => path;
  readFile = (path: string) => Promise.resolve(this.files.get(path) ?? null);
  exists = (path: string) => Promise.resolve(this.files.has(path));
  unitStatus = (unit: string) =>
    Promise.resolve({ state: this.units.get(unit) ?? "inactive", why: "" });
  unitEnd = () => new Promise<never>(() => {});
  unitLog = () => Promise.resolve([]);
  ask = () => Promise.resolve({ code: 0, stdout: "", stderr: "" });
  putFile = ({ path, content }: HostFile) => Promise.resolve(void this.files.set(path, content));
  removeFile = (path: string) => Promise.resolve(void this.files.delete(path));
  startUnit = (unit: string) => Promise.resolve(void this.units.set(unit, "active"));
  stopUnit = (unit: string) => Promise.resolve(void this.units.set(unit, "inactive"));
  reloadUnit = () => Promise.resolve();
  readonly enabled = new Set<string>();
  isEnabled = (unit: string) => Promise.resolve(this.enabled.has(unit));
  enableUnit = (unit: string) => Promise.resolve(void this.enabled.add(unit));
  disableUnit = (unit: string) => Promise.resolve(void this.enabled.delete(unit));
  resetUnit = (unit: string) => Promise.resolve(void this.units.delete(unit));
}

function gated(dryRun: boolean) {
  const changes: string[] = [];
  const note = ({ where, what }: Change) => void changes.push(`${where}: ${what}`);
  const gate = new Gate({ dryRun, note });
  const fake = new FakeHost();
  return { changes, gate, fake, host: new GatedHost(fake, gate) };
}

const file = (content: string) => ({ path: "/etc/x", content, mode: 0o644 });

/** What a bring-up might do. */
async function work(host: GatedHost): Promise<void> {
  await host.putFile(file("new"), { signal });
  await host.putFile({ ...file("1"), path: "/etc/y" }, { signal });
  await host.enableUnit("u", { signal });
  await host.startUnit("u", { signal });
  await host.startUnit("v", { signal });
}

const CHANGES = ["a: write /etc/x", "a: write /etc/y", "a: enable u", "a: start u"];

Deno.test("a dry run notes what a run does, and changes nothing", async () => {
  const dry = gated(true);
  const wet = gated(false);
  for (const { fake, host } of [dry, wet]) {
    fake.files.set("/etc/x", "old");
    fake.units.set("v", "active");
    await work(host);
  }
  assertEquals(dry.changes, CHANGES);
  assertEquals(wet.changes, CHANGES);
  assertEquals([...dry.fake.files], [["/etc/x", "old"]]);
  assertEquals([...dry.fake.units], [["v", "active"]]);
  assertEquals([...wet.fake.files], [["/etc/x", "new"], ["/etc/y", "1"]]);
});

Deno.test("Gate.rollBack() takes back what the run did and nothing else, the last first", async () => {
  const { changes, gate, fake, host } = gated(false);
  fake.files.set("/etc/x", "old");
  fake.units.set("v", "active");
  await work(host);
  changes.length = 0;
  assertEquals(await gate.rollBack(), []);
  const undone = ["a: stop u", "a: disable u", "a: remove /etc/y", "a: restore /etc/x"];
  assertEquals(changes, undone);
  assertEquals([...fake.files], [["/etc/x", "old"]]);
  assertEquals([...fake.enabled], []);
  assertEquals([...fake.units], [["v", "active"], ["u", "inactive"]]);
  assertEquals(await gate.rollBack(), []);
});

Deno.test("Gate.rollBack() goes on when one change cannot be taken back", async () => {
  const { gate, fake, host } = gated(false);
  const error = new Error("host is gone");
  fake.stopUnit = () => Promise.reject(error);
  await work(host);
  const failed = await gate.rollBack();
  assertEquals(failed, [
    { where: "a", what: "stop v", error },
    { where: "a", what: "stop u", error },
  ]);
  assertEquals(fake.files.size, 0);
});

Deno.test("GatedHost changes nothing where nothing is to be changed", async () => {
  const { changes, fake, host } = gated(false);
  fake.files.set("/etc/x", "same");
  fake.units.set("u", "active");
  assertEquals(await host.putFile(file("same"), { signal }), false);
  fake.enabled.add("u");
  await host.startUnit("u", { signal });
  await host.enableUnit("u", { signal });
  await host.stopUnit("v", { signal });
  assertEquals(changes, []);
  assertEquals(await host.putFile(file("other"), { signal }), true);
  await host.stopUnit("u", { signal });
  assertEquals(changes, ["a: write /etc/x", "a: stop u"]);
});

Deno.test("Gate.wait() waits, except in a dry run", async () => {
  let waited = 0;
  for (const dryRun of [true, false]) {
    await gated(dryRun).gate.wait(() => Promise.resolve(void waited++));
  }
  assertEquals(waited, 1);
});

Deno.test("Gate.made has what was changed, and what starts a unit; nothing in a dry run", async () => {
  for (const dryRun of [true, false]) {
    const { gate, host } = gated(dryRun);
    await work(host);
    const starts = gate.made.flatMap(({ starts }) => starts ?? []);
    assertEquals([gate.made.length, starts], dryRun ? [0, []] : [5, ["u", "v"]]);
    await gate.rollBack();
    assertEquals(gate.made, []);
  }
});

Deno.test("GatedHost.putFile() puts back what was there when the file is refused", async () => {
  for (const before of ["old", undefined]) {
    const { fake, host } = gated(false);
    if (before !== undefined) fake.files.set("/etc/x", before);
    const seen: (string | undefined)[] = [];
    const refuse = () => {
      seen.push(fake.files.get("/etc/x"));
      return Promise.reject(new Error("no good"));
    };
    await assertRejects(() => host.putFile(file("new"), { signal }, refuse), Error, "no good");
    assertEquals(seen, ["new"]);
    assertEquals(fake.files.get("/etc/x"), before);
  }
});
