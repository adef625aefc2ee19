import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import {
  type BadServer,
  type Behaviour,
  type SeenRequest,
  serveBadly,
} from "../../tests/lib/bad_server.ts";
import { quickClock } from "../../tests/lib/quick_clock.ts";
import { Consul } from "./consul.ts";
import { ConsulError } from "./errors.ts";
import type { Answer } from "./answer.ts";
import type { Http } from "./http.ts";
import type { KvEntry } from "./kv.ts";
import { Watcher, type WatchOptions } from "./watch.ts";

/** A world for one watch: a server that answers from a list, and a clock whose pauses are kept. */
interface World extends AsyncDisposable {
  readonly server: BadServer;
  readonly consul: Consul;
  /** The pauses asked for, in milliseconds. */
  readonly pauses: readonly number[];
  readonly stop: AbortController;
  /** The indexes of the queries. */
  indexes(): (string | null)[];
}

const LEADER = "/v1/status/leader";

/**
 * The server sends one answer after another, then hangs; Raft always has a leader. Time passes only
 * during pauses.
 */
function world(...answers: readonly Behaviour[]): World {
  const rest = [...answers];
  return worldOf(({ path }) =>
    path === LEADER ? { answer: '"127.0.0.1:8300"' } : rest.shift() ?? "hang"
  );
}

function worldOf(behave: (request: SeenRequest) => Behaviour): World {
  const server = serveBadly(behave);
  const clock = quickClock();
  const consul = new Consul({ address: server.address, token: "t", clock, random: () => 1 });
  const stop = new AbortController();
  return {
    server,
    consul,
    pauses: clock.slept,
    stop,
    indexes: () =>
      server.requests.filter(({ path }) => path !== LEADER)
        .map(({ query }) => query.get("index")),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Answer with a key's value as of a modify index; the query's own index may be another. */
function entry(value: string, modifyIndex: number, index = modifyIndex): Behaviour {
  return {
    headers: { "x-consul-index": String(index) },
    answer: JSON.stringify([{
      Key: "leader",
      Value: btoa(value),
      Flags: 0,
      LockIndex: 0,
      CreateIndex: 1,
      ModifyIndex: modifyIndex,
    }]),
  };
}

const absent: Behaviour = { status: 404, answer: "", headers: { "x-consul-index": "3" } };

/** The first `count` values that a watch of key `leader` yields. */
async function take(
  { consul, stop }: World,
  count: number,
  options: Partial<WatchOptions> = {},
): Promise<(string | null)[]> {
  const seen: (KvEntry | null)[] = [];
  for await (const state of consul.kv.watch("leader", { signal: stop.signal, ...options })) {
    seen.push(state);
    if (seen.length === count) break;
  }
  return seen.map((state) => state?.value ?? null);
}

Deno.test("watch() asks with index 0 first, then with the index of the answer", async () => {
  await using w = world(entry("a", 5), entry("b", 9), entry("c", 12));
  assertEquals(await take(w, 3), ["a", "b", "c"]);
  assertEquals(w.indexes(), ["0", "5", "9"]);
  assertEquals(w.pauses, []);
});

Deno.test("watch() yields null for a key that is absent, and its value when it comes", async () => {
  await using w = world(absent, entry("a", 4));
  assertEquals(await take(w, 2), [null, "a"]);
});

Deno.test("watch() yields a change that leaves the value as it was", async () => {
  await using w = world(entry("a", 5), entry("a", 6));
  assertEquals(await take(w, 2), ["a", "a"]);
});

Deno.test("watch() takes an answer with the same index, or the same data, for no event", async () => {
  await using w = world(entry("a", 5), entry("a", 5), entry("a", 5, 8), entry("b", 9));
  assertEquals(await take(w, 2), ["a", "b"]);
  assertEquals(w.indexes(), ["0", "5", "5", "8"]);
});

Deno.test("watch() asks at once after a failure, and yields only what is new", async () => {
  const failed: Behaviour = { status: 500, answer: "no leader" };
  await using w = world(entry("a", 5), failed, entry("a", 5), entry("b", 9));
  let recovered = 0;
  assertEquals(await take(w, 2, { onRecovered: () => void recovered++ }), ["a", "b"]);
  assertEquals(w.indexes(), ["0", "5", "0", "5"]);
  assertEquals(recovered, 1);
});

Deno.test("watch() pauses longer when answers without news come fast", async () => {
  await using w = world(entry("a", 5), ...Array(8).fill(entry("a", 5)), entry("b", 6));
  assertEquals(await take(w, 2), ["a", "b"]);
  assertEquals(w.pauses, [10, 20, 40, 80, 160, 250, 250, 250]);
});

Deno.test("watch() starts again from 0 when the index went backwards, and yields the state", async () => {
  // A new Consul may have given the same index to another value.
  await using w = world(entry("a", 20, 50), entry("other", 20), entry("other", 20), entry("c", 21));
  assertEquals(await take(w, 3), ["a", "other", "c"]);
  assertEquals(w.indexes(), ["0", "50", "0", "20"]);
});

Deno.test("watch() blocks even where Consul sends index 0, or none", async () => {
  await using w = world(
    entry("a", 5, 0),
    { ...entry("b", 6) as { answer: string }, headers: {} },
    entry("c", 7),
  );
  assertEquals(await take(w, 3), ["a", "b", "c"]);
  assertEquals(w.indexes(), ["0", "1", "1"]);
});

Deno.test("watch() retries what may pass, says so, and tells when it has passed", async () => {
  const said: string[] = [];
  await using w = world(
    entry("a", 5),
    { status: 500, answer: "No cluster leader" },
    "close",
    { half: "[]" },
    entry("b", 6),
    { status: 429, answer: "slower" },
    entry("c", 7),
  );
  const options = {
    onError: (error: ConsulError, attempt: number) => said.push(`${error.kind} ${attempt}`),
    onRecovered: () => said.push("recovered"),
  };
  assertEquals(await take(w, 3, options), ["a", "b", "c"]);
  assertEquals(said, [
    "server 1",
    "unreachable 2",
    "malformed 3",
    "recovered",
    "client 1", // success has reset the count
    "recovered",
  ]);
  assertEquals(w.indexes(), ["0", "5", "0", "0", "0", "6", "0"]);
  assertEquals(w.pauses, [200, 400, 800, 200]);
});

Deno.test("watch() takes an answer that lacks something for a failure, and waits for the right", async () => {
  const filtered: Behaviour = {
    ...absent as { status: number; answer: string },
    headers: { "x-consul-index": "3", "x-consul-results-filtered-by-acls": "true" },
  };
  const list = { headers: { "x-consul-index": "4" }, answer: "[]" };
  await using w = world(filtered, filtered, list);
  const said: string[] = [];
  const onError = ({ kind, message }: ConsulError) => said.push(`${kind} ${message}`);
  for await (const entries of w.consul.kv.watchPrefix("eq/", { signal: w.stop.signal, onError })) {
    assertEquals(entries, []);
    break;
  }
  const error = `filtered GET ${w.server.address}/v1/kv/eq/: ` +
    'Consul has left out what the token may not read: it needs key_prefix "eq/" { policy = "read" }';
  assertEquals(said, [error, error]);
});

Deno.test("watch() never waits longer than 3 s for the next try", async () => {
  await using w = world(...Array(12).fill("close"), entry("a", 5));
  assertEquals(await take(w, 1), ["a"]);
  assertEquals(w.pauses.slice(3), [1600, ...Array(8).fill(3_000)]);
});

Deno.test("watch() throws what no retry mends", async () => {
  for (
    const [behaviour, kind] of [
      [{ status: 403, answer: "Permission denied" }, "forbidden"],
      [{ answer: '[{"Key": 5}]' }, "malformed"],
      [{ status: 400, answer: "bad" }, "client"],
    ] as const
  ) {
    await using w = world(entry("a", 5), behaviour);
    const error = await assertRejects(() => take(w, 2), ConsulError);
    assertEquals([error.kind, w.pauses.length], [kind, 0]);
  }
});

Deno.test("watch() waits a minute by default, and at most five whatever is asked", async () => {
  for (const [waitMs, wait] of [[undefined, 60_000], [900_000, 300_000], [2_000, 2_000]]) {
    await using w = world(entry("a", 5));
    await take(w, 1, { waitMs });
    assertEquals(w.server.requests[0]?.query.get("wait"), `${wait}ms`);
  }
});

Deno.test("watch() fails while the server hears of no leader, and then asks the leader itself", async () => {
  const heard = (behaviour: Behaviour, known: string, ms: string): Behaviour => ({
    ...behaviour as { answer: string },
    headers: {
      ...(behaviour as { headers: Record<string, string> }).headers,
      ...{ "x-consul-knownleader": known, "x-consul-lastcontact": ms },
    },
  });
  const leader: Behaviour = { answer: '"127.0.0.1:8300"' };
  const script: Behaviour[] = [
    leader,
    heard(entry("a", 5), "true", "0"),
    heard(entry("b", 6), "true", "3000"),
    heard(entry("old", 4), "true", "20"), // of a server that is behind: no state at all
    leader,
    heard(entry("b", 6), "true", "0"),
    heard(entry("gone", 7), "true", "3001"),
    leader,
    heard(entry("c", 8), "true", "0"),
    heard(absent, "false", "10"),
    { answer: '""' },
    leader,
    heard(entry("d", 9), "true", "0"),
  ];
  await using w = worldOf(() => script.shift() ?? "hang");
  const said: string[] = [];
  const onError = ({ message, retryable }: ConsulError) => said.push(`${message} ${retryable}`);
  assertEquals(await take(w, 5, { asked: "led server", onError }), ["a", "b", "b", "c", "d"]);
  const failure = `GET ${w.server.address}/v1/kv/leader: the server that is asked has no leader`;
  assertEquals(said, Array(3).fill(`${failure} true`));
  const asked = w.server.requests.map(({ path, query }) =>
    path === "/v1/kv/leader" ? `${query.get("index")}${query.has("stale") ? " stale" : ""}` : path
  );
  const anew = ["/v1/status/leader", "0"];
  assertEquals(asked, [
    ...[...anew, "5 stale", "6 stale"],
    ...[...anew, "6 stale"],
    ...[...anew, "8 stale"],
    ...["/v1/status/leader", ...anew],
  ]);
});

Deno.test("watch() ends quietly when aborted, in a query and in a pause and before", async () => {
  await using hanging = world(entry("a", 5));
  const reached = take(hanging, 2);
  while (hanging.server.requests.length < 2) await new Promise((done) => setTimeout(done, 1));
  hanging.stop.abort();
  assertEquals(await reached, ["a"]);

  await using pausing = world("close");
  assertEquals(await take(pausing, 1, { onError: () => pausing.stop.abort() }), []);

  await using before = world(entry("a", 5));
  before.stop.abort();
  assertEquals(await take(before, 1), []);
  assertEquals(before.server.requests.length, 0);
});

/** What is seen, and the time limits of the first three calls, where each comes to `outcome`. */
async function firstThree(outcome: () => Promise<Answer>, options: Partial<WatchOptions>) {
  const limits: unknown[] = [];
  const http: Pick<Http, "call" | "address"> = {
    address: "",
    call: (_, { timeoutMs, signal } = {}) => {
      signal?.throwIfAborted();
      limits.push(timeoutMs);
      if (limits.length === 3) stop.abort();
      return outcome();
    },
  };
  const stop = new AbortController();
  const clock = quickClock();
  const query = { request: { method: "GET", path: "/" }, read: () => 1, same: () => true } as const;
  const watch = new Watcher(http, { clock, random: () => 0 })
    .watch(query, { signal: stop.signal, waitMs: 32_000, ...options });
  return { seen: await Array.fromAsync(watch), limits };
}

Deno.test("watch() gives a query the wait, a sixteenth of it and 5 s, then asks again", async () => {
  const late = () => Promise.reject(new ConsulError("late", { kind: "timeout", retryable: true }));
  const { seen, limits } = await firstThree(late, {});
  assertEquals(seen, []);
  assertEquals(limits, [39_000, 39_000, 39_000]);
});

Deno.test("watch() waits 3 s at most for the first answer of a leader that a led server names", async () => {
  const answer = () => {
    const text = '"127.0.0.1:8300"';
    const json: Answer["json"] = (schema) => schema.parse(JSON.parse(text));
    return Promise.resolve({ status: 200, index: 5, leaderHeardMs: 0, text, json });
  };
  const { seen, limits } = await firstThree(answer, { asked: "led server" });
  assertEquals(seen, [1]);
  assertEquals(limits, [3_000, 3_000, 37_000]);
});

Deno.test("watchPrefix() yields when an entry comes, changes or goes, and not otherwise", async () => {
  const list = (index: number, ...entries: [key: string, modifyIndex: number][]): Behaviour => ({
    headers: { "x-consul-index": String(index) },
    answer: JSON.stringify(entries.map(([Key, ModifyIndex]) => ({
      ...{ Key, Value: null, Flags: 0, LockIndex: 0, CreateIndex: 1, ModifyIndex },
    }))),
  });
  await using w = world(
    absent,
    list(5, ["eq/1", 5]),
    list(6, ["eq/1", 5]),
    list(7, ["eq/1", 5], ["eq/2", 7]),
    list(8, ["eq/1", 8], ["eq/2", 7]),
    list(9, ["eq/2", 7]),
    list(10),
  );
  const seen: string[] = [];
  for await (const entries of w.consul.kv.watchPrefix("eq/", { signal: w.stop.signal })) {
    seen.push(entries.map(({ key, modifyIndex }) => `${key}@${modifyIndex}`).join(" "));
    if (seen.length === 6) break;
  }
  assertEquals(seen, ["", "eq/1@5", "eq/1@5 eq/2@7", "eq/1@8 eq/2@7", "eq/2@7", ""]);
});
