import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { UsageError } from "../lib/errors.ts";
import {
  checkSettings,
  DEFAULT_SETTINGS,
  exchangeLimitMs,
  passEveryMs,
  type Settings,
} from "./settings.ts";

const good: Record<string, Settings> = {
  "the defaults": DEFAULT_SETTINGS,
  "the fastest": { checkTtlMs: 1000, lockDelayMs: 250 },
  "the slowest": { checkTtlMs: 60_000, lockDelayMs: 60_000 },
};
for (const [name, settings] of Object.entries(good)) {
  Deno.test(`checkSettings() takes ${name}`, () => {
    checkSettings(settings);
    // A pass that failed can be made again before the TTL runs out.
    assertEquals(
      passEveryMs(settings) + 2 * exchangeLimitMs(settings) <= settings.checkTtlMs,
      true,
    );
  });
}

const bad: readonly (readonly [settings: Settings, message: string, hint: string])[] = [
  [{ checkTtlMs: 999, lockDelayMs: 1000 }, "a check TTL of 999 ms is out", "from 1 s to 60 s"],
  [{ checkTtlMs: 60_001, lockDelayMs: 60_000 }, "is out of range", "from 1 s to 60 s"],
  [{ checkTtlMs: NaN, lockDelayMs: 1000 }, "is out of range", "from 1 s to 60 s"],
  [{ checkTtlMs: 2000, lockDelayMs: 499 }, "499 ms does not go with", "from 500 ms to 60 s"],
  [{ checkTtlMs: 2000, lockDelayMs: 60_001 }, "does not go with", "from 500 ms to 60 s"],
  [{ checkTtlMs: 2000, lockDelayMs: 0 }, "0 ms does not go with", "from 500 ms to 60 s"],
];
for (const [settings, message, hint] of bad) {
  const { checkTtlMs, lockDelayMs } = settings;
  Deno.test(`checkSettings() refuses TTL ${checkTtlMs} with lock delay ${lockDelayMs}`, () => {
    const error = assertThrows(() => checkSettings(settings), UsageError, message);
    assertEquals(error.hint?.includes(hint), true);
  });
}
