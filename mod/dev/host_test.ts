/**
 * The `dev` driver on real processes.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { systemClock } from "../lib/clock.ts";
import { type Run, runHere } from "../lib/process.ts";
import { UnitError } from "../host/errors.ts";
import { DevHost, type DevUnit } from "./host.ts";
import { findProcesses, formatMark, MARK, sendSignal } from "./processes.ts";

const options = { signal: AbortSignal.timeout(60_000) };

/** A host whose units are given by `units`, in a directory that goes with the test. */
async function withHost(
  units: Readonly<Record<string, DevUnit>>,
  test: (host: DevHost, dir: string) => Promise<void>,
  run: Run = runHere,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const unit = (name: string) => units[name];
  try {
    await test(
      new DevHost({ name: "a", cluster: { dir, id: "1" }, unit, run, clock: systemClock }),
      dir,
    );
  } finally {
    for (const { pid } of await findProcesses({ dir, id: "1" }, runHere)) {
      sendSignal(pid, "SIGKILL");
    }
    await Deno.remove(dir, { recursive: true });
  }
}

const sh = (script: string, oneshot = false): DevUnit => ({
  argv: ["sh", "-c", script],
  env: { GREETING: "it's $HOME" },
  oneshot,
});

Deno.test("startUnit() starts a unit once, stopUnit() ends it", async () => {
  await withHost({ u: sh("exec sleep 60") }, async (host, dir) => {
    assertEquals(await host.unitStatus("u", options), { state: "inactive", why: "" });
    await host.startUnit("u", options);
    await host.startUnit("u", options);
    assertEquals((await host.unitStatus("u", options)).state, "active");
    const mains = (await findProcesses({ dir, id: "1" }, runHere)).filter(({ role }) =>
      role === "main"
    );
    assertEquals(mains.length, 1);
    await host.stopUnit("u", options);
    assertEquals(await host.unitStatus("u", options), { state: "inactive", why: "" });
    await host.stopUnit("u", options);
    await host.startUnit("u", options);
    assertEquals((await host.unitStatus("u", options)).state, "active");
  });
});

Deno.test("startUnit() does not let a unit keep what its caller has open", async () => {
  const run: Run = (argv, options) =>
    runHere(["sh", "-c", 'exec 3</dev/zero; exec "$@"', "sh", ...argv], options);
  await withHost({ u: sh("ls -l /proc/$$/fd", true) }, async (host) => {
    await host.startUnit("u", options);
    const fds = (await host.unitLog("u", 20)).join("\n");
    assert(fds.includes("/dev/null") && !fds.includes("/dev/zero"), fds);
  }, run);
});

Deno.test("unitStatus() says how a unit ended", async () => {
  await withHost({ u: sh("exec sleep 60"), o: sh("exit 3", true) }, async (host, dir) => {
    await host.startUnit("u", options);
    const main = (await findProcesses({ dir, id: "1" }, runHere)).find(({ role }) =>
      role === "main"
    );
    assert(main !== undefined);
    sendSignal(main.pid, "SIGKILL");
    while ((await host.unitStatus("u", options)).state === "active") await systemClock.sleep(5);
    assertEquals(await host.unitStatus("u", options), {
      state: "failed",
      why: "ended by signal 9",
    });
    await assertRejects(() => host.startUnit("o", options), UnitError, "a: unit o: exit status 3");
    assertEquals((await host.unitStatus("o", options)).why, "exit status 3");
  });
});

Deno.test("unitStatus() is not fooled by another program that has the pid now", async () => {
  await withHost({ u: sh("exec sleep 60") }, async (host) => {
    await host.putFile({ path: "/run/u.pid", content: `${Deno.pid}\n`, mode: 0o644 });
    assertEquals((await host.unitStatus("u", options)).state, "failed");
    await host.startUnit("u", options);
    assertEquals((await host.unitStatus("u", options)).state, "active");
  });
});

Deno.test("stopUnit() signals no other program that has the pid now", async () => {
  const other = new Deno.Command("sleep", { args: ["60"] }).spawn();
  let marks = "";
  const run: Run = () => Promise.resolve({ code: 0, stdout: marks, stderr: "" });
  try {
    await withHost({ u: sh("") }, async (host, dir) => {
      const mark = formatMark({ dir, id: "1", host: "a", unit: "u", role: "main" });
      marks = `/proc/${other.pid}/environ:${MARK}=${mark}`;
      await host.putFile({ path: "/run/u.pid", content: `${other.pid}\n`, mode: 0o644 });
      assertEquals((await host.unitStatus("u", options)).state, "active");
      // The unit's program has ended, and another one has got its pid.
      marks = "";
      await host.stopUnit("u", options);
      await assertRejects(() => host.reloadUnit("u", options), UnitError, "does not run");
    }, run);
  } finally {
    other.kill("SIGINT");
    assertEquals((await other.status).signal, "SIGINT");
  }
});

Deno.test("startUnit() waits for a oneshot, hands on the environment, keeps the output", async () => {
  const units = { o: sh('sleep 0.1; echo "$GREETING"; echo done >&2', true) };
  await withHost(units, async (host) => {
    await host.startUnit("o", options);
    assertEquals(await host.unitLog("o", 9), ["it's $HOME", "done"]);
    await host.startUnit("o", options);
    assertEquals((await host.unitLog("o", 9)).length, 4);
  });
});

Deno.test("a unit outlives its log's directory names and quotes", async () => {
  const unit = "m0d@0x7200000000000001:0x9'; touch owned; '";
  await withHost({ [unit]: sh("echo hello", true) }, async (host) => {
    await host.startUnit(unit, options);
    assertEquals(await host.unitLog(unit, 1), ["hello"]);
  });
});

Deno.test("putFile() writes with its mode and makes directories", async () => {
  await withHost({}, async (host) => {
    const file = { path: "/etc/hare/x", content: "1\n", mode: 0o640 };
    assertEquals(await host.exists(file.path), false);
    assertEquals(await host.readFile(file.path), null);
    await host.putFile(file);
    assertEquals(await host.readFile(file.path), file.content);
    assertEquals(await host.exists(file.path), true);
    const { mode } = await Deno.stat(host.programPath(file.path));
    assertEquals((mode ?? 0) & 0o777, 0o640);
    await host.removeFile(file.path);
    await host.removeFile(file.path);
    assertEquals(await host.exists(file.path), false);
  });
});
