import { assertEquals } from "../../tests/lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { ConsulError } from "./errors.ts";
import type { Answer } from "./answer.ts";
import type { Http } from "./http.ts";
import { Watcher } from "./watch.ts";

Deno.test("watch() takes the first of two answers where it is told to put a question twice", async () => {
  const stop = new AbortController();
  const answered = (index: number): Answer => ({
    ...{ status: 200, index, leaderHeardMs: 0, text: String(index) },
    json: () => {
      throw new TypeError("nobody asks");
    },
  });
  const away = new ConsulError("away", { kind: "server", retryable: true });
  const gone: unknown[] = [];
  const silent = (signal?: AbortSignal) =>
    new Promise<Answer>((_, reject) => {
      signal?.addEventListener("abort", () => {
        gone.push(signal.reason);
        reject(signal.reason);
      });
    });
  // Of Raft's leader, and of the server at hand.
  const script = [
    [() => answered(5), silent],
    [silent, () => answered(6)],
    [() => Promise.reject(away), () => answered(7)],
    [() => Promise.reject(away), () => Promise.reject(new ConsulError("other", away))],
    [silent, silent],
  ] as const;
  const asked: string[] = [];
  const http: Pick<Http, "call" | "address"> = {
    address: "",
    call: async ({ query }, { signal } = {}) => {
      const isStale = query?.["stale"] === true;
      asked.push(`${query?.["index"]} ${isStale ? "at hand" : "leader"}`);
      const turn = Math.floor((asked.length - 1) / 2);
      if (turn === script.length - 1) setTimeout(() => stop.abort(), 1);
      return await script[turn]?.[isStale ? 1 : 0](signal) ?? answered(0);
    },
  };
  const errors: unknown[] = [];
  const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
  const query = {
    request: { method: "GET", path: "/" },
    read: ({ text }: Answer) => text,
    same: (a: string, b: string) => a === b,
  } as const;
  const watch = new Watcher(http, { clock, random: () => 0 }).watch(query, {
    signal: stop.signal,
    asked: "both",
    onError: (error) => errors.push(error),
  });
  assertEquals(await Array.fromAsync(watch), ["5", "6", "7"]);
  assertEquals(asked.filter((one) => one.endsWith("leader")), [
    ...["0 leader", "5 leader", "6 leader", "7 leader", "0 leader"],
  ]);
  assertEquals(asked.length, 2 * script.length);
  assertEquals(errors, [away]);
  assertEquals(gone.length, 4); // whom nobody waits for is let go
});
