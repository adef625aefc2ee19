/**
 * How an operation ends that does not succeed.
 *
 * @module
 */

import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError, TimeLimitError } from "../lib/errors.ts";
import { accountFor } from "./account.ts";
import { CutShortError } from "./engine.ts";
import { Gate } from "./gate.ts";

function world() {
  const noted: string[] = [];
  const gate = new Gate({
    dryRun: false,
    note: ({ where, what }) => void noted.push(`${where}: ${what}`),
  });
  const start = (where: string, unit: string, stop: () => Promise<void>) =>
    gate.change({ where, what: `start ${unit}`, starts: unit }, () => Promise.resolve(), {
      where,
      what: `stop ${unit}`,
      work: stop,
    });
  return { noted, gate, start, stop: new AbortController() };
}

const well = () => Promise.resolve();

Deno.test("accountFor() names what was started, by host, when the work is cut short", async () => {
  const { gate, start, stop } = world();
  const error = await assertRejects(() =>
    accountFor(gate, { signal: stop.signal }, async () => {
      await start("a", "u", well);
      await start("b", "u", well);
      await start("a", "v", well);
      stop.abort(new HareError("interrupted by SIGINT"));
      stop.signal.throwIfAborted();
    }), HareError);
  assertEquals(error.message, "interrupted by SIGINT; this run has started:\n  a: u, v\n  b: u");
  assertEquals(error.exitStatus, 1);
});

Deno.test("accountFor() tells how far the phase had come that was cut short", async () => {
  const { gate, start, stop } = world();
  const reason = new TimeLimitError("it took longer than 20 s");
  const error = await assertRejects(() =>
    accountFor(gate, { signal: stop.signal }, async () => {
      await start("a", "u", well);
      stop.abort(reason);
      throw new CutShortError("ios", reason, [
        { host: "a", error: new TimeLimitError(`${reason.message}: waited for it to serve`) },
        { host: "b", error: new TimeLimitError(`b: start u: waits for a: ${reason.message}`) },
        { host: "c", error: reason },
      ]);
    }), HareError);
  assertEquals(
    error.message,
    "it took longer than 20 s, in phase ios:\n  a: waited for it to serve\n" +
      "  b: start u: waits for a\nthis run has started:\n  a: u",
  );
});

Deno.test("accountFor() leaves a failure as it is, and what was done", async () => {
  const { gate, start, stop, noted } = world();
  const failure = new HareError("no disk");
  const error = await assertRejects(() =>
    accountFor(gate, { signal: stop.signal }, async () => {
      await start("a", "u", well);
      throw failure;
    })
  );
  assertEquals(error, failure);
  assertEquals(noted, ["a: start u"]);
});

Deno.test("accountFor() takes back what was done, and tells what it could not", async () => {
  const { gate, start, stop, noted } = world();
  const error = await assertRejects(
    () =>
      accountFor(gate, { signal: stop.signal, rollback: true }, async () => {
        await start("a", "u", well);
        await start("b", "u", () => Promise.reject(new HareError("b is dead")));
        throw new HareError("no disk", { hint: "plug it in" });
      }),
    HareError,
  );
  assertEquals(noted.slice(2), ["b: stop u", "a: stop u"]);
  assertEquals(error.message, "no disk\nnot all could be taken back:\n  b: stop u: b is dead");
  assertEquals(error.hint, "plug it in");
});
