import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { becomeInstance } from "./instance.ts";

const NOW = new Date("2026-11-24T03:10:00.000Z");

// Deno cannot cancel the wait for a lock: the refused one goes on until the holder is gone.
const WAIT_GOES_ON = { sanitizeOps: false, sanitizeResources: false } as const;

Deno.test(
  "becomeInstance() lets one at a time be, and says which it is",
  WAIT_GOES_ON,
  async () => {
    const directory = await Deno.makeTempDir();
    try {
      const path = `${directory}/rc/lock`;
      {
        using first = await becomeInstance(path, NOW);
        assertEquals([first.instance.pid, first.instance.since], [Deno.pid, NOW.toISOString()]);
        await assertRejects(
          () => becomeInstance(path, NOW),
          HareError,
          `runs on this node already: process ${Deno.pid}, since 2026-11-24T03:10:00.000Z`,
        );
        const { mode } = await Deno.stat(path);
        assertEquals((mode ?? 0) & 0o777, 0o640);
      }
      using second = await becomeInstance(path, NOW);
      using elsewhere = await becomeInstance(`${directory}/lock`, NOW);
      assert(second.instance.lock !== elsewhere.instance.lock);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

Deno.test("becomeInstance() does not take a file that was removed for the lock", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/lock`;
    using first = await becomeInstance(path, NOW);
    await Deno.remove(path);
    using second = await becomeInstance(path, NOW);
    assert(first.instance.lock !== second.instance.lock, "one inode is locked twice");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("becomeInstance() says what it needs where the file cannot be used", async () => {
  const error = await assertRejects(() => becomeInstance("/proc/version/lock", NOW), HareError);
  assert(error.message.startsWith("cannot lock /proc/version/lock"), error.message);
});
