/**
 * A leader before data that anybody may have put there. Three laws: its term goes on; every valid
 * event behind those data is handled, in order; and what is refused is kept with a reason.
 *
 * `HARE_TEST_CASES` says how many worlds are tried, `HARE_TEST_SEED` with which seed.
 *
 * @module
 */

import * as fc from "fast-check";
import { txn } from "../../mod/consul/mod.ts";
import { parseBroadcast } from "../../mod/kv/broadcast.ts";
import { eqKey, IMPORTED, parseEpochKey } from "../../mod/kv/keys.ts";
import { parseTimeoutKey } from "../../mod/kv/timeout_key.ts";
import type { Clock } from "../../mod/lib/clock.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { loggerOf } from "../../mod/lib/log.ts";
import type { Run } from "../../mod/lib/process.ts";
import { RcMetrics } from "../../mod/rc/metrics.ts";
import { bookOf, type Rule, RULES, withSiteRules } from "../../mod/rc/rules/mod.ts";
import { Term } from "../../mod/rc/term.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { type Junk, junk, makeRules, type RulesPlace, rulesPlaces } from "./hostile_data.ts";
import { leaderDeps } from "./leader.ts";
import { ModelConsul } from "./model.ts";

/**
 * Sleeps are short, but the clock advances slowly: a `tmo` event sets the next one for a minute
 * later, and the queue must become empty in between.
 */
class HurriedClock implements Clock {
  #ms = 0;

  now(): number {
    return Date.UTC(2026, 10, 24) + this.#ms;
  }

  monotonic(): number {
    return 5_000_000 + this.#ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await nextTurn();
    signal?.throwIfAborted();
    this.#ms += Math.min(ms, 50);
  }
}

/** Lets everything else have its turn, files too. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Adds the event's type to what was handled. */
const handling: Rule = {
  type: "valid",
  prefix: true,
  async handle({ type }, { consul }) {
    const handled = await consul.kv.get("handled");
    const value = handled === null ? type : `${handled.value} ${type}`;
    return { ops: [txn.cas("handled", value, handled?.modifyIndex ?? 0)], outcome: "handled" };
  },
};

/** Broadcasts the event's number. */
const telling: Rule = {
  type: "told",
  prefix: true,
  independent: true,
  handle: ({ type }) => ({
    ops: [],
    broadcasts: [{ fid: makeFid("drive", Number(type.slice(4))), state: "failed" }],
    outcome: "told",
  }),
};

interface Case {
  readonly junk: readonly Junk[];
  /** Numbers of the valid events. */
  readonly valid: readonly number[];
  readonly told: readonly number[];
  readonly rules: RulesPlace;
}

const cases: fc.Arbitrary<Case> = fc.record({
  junk: fc.array(junk, { maxLength: 12, size: "max" }),
  valid: fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }),
  told: fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }),
  rules: rulesPlaces,
});

const FAILURES = {
  EACCES: (path: string) => new Deno.errors.PermissionDenied(`Permission denied: lstat '${path}'`),
  EIO: (path: string) => new Error(`Input/output error (os error 5): lstat '${path}'`),
  ENAMETOOLONG: (path: string) => new Error(`File name too long (os error 36): lstat '${path}'`),
};

/** Has looking files up fail below `directory`, while it lasts. */
function failingLookups(directory: string, fails: RulesPlace["fails"]): Disposable {
  const lstat = Deno.lstat;
  if (fails !== null) {
    Deno.lstat = (path) => {
      const isBelow = String(path).startsWith(`${directory}/`);
      return isBelow ? Promise.reject(FAILURES[fails](String(path))) : lstat(path);
    };
  }
  return { [Symbol.dispose]: () => void (Deno.lstat = lstat) };
}

/** A program of the site: it must be trusted, and fails for some events. */
const runRule: Run = async ([path], { env = {} } = {}) => {
  const { uid, mode } = await Deno.stat(path);
  assert(uid === Deno.uid() && ((mode ?? 0) & 0o022) === 0, `${path} was run`);
  return { code: env.HARE_EVENT_TYPE === "broken" ? 1 : 0, stdout: "\x1b".repeat(99), stderr: "" };
};

/** Whether a key of the queue is an event's. */
const isEvent = (key: string) => parseEpochKey("eq/", key) !== null;

async function tryCase({ junk, valid, told, rules }: Case): Promise<void> {
  const model = new ModelConsul();
  const place = await Deno.makeTempDir();
  const directory = `${place}/rules`;
  const metrics = new RcMetrics();
  try {
    await makeRules(directory, rules);
    model.lock("mine");
    model.put(IMPORTED, "");
    const given = new Map<string, Junk>();
    for (const one of junk) {
      model.putBytes(one.key, one.bytes);
      given.set(one.key, one);
    }
    const takenBefore = new Set(model.list("eq-rejected/").map(({ key }) => key));
    for (const number of valid) model.put(eqKey(number), `valid${number}`);
    for (const number of told) model.put(eqKey(number), `told${number}`);
    using _ = failingLookups(directory, rules.fails);
    const clock = new HurriedClock();
    const log = loggerOf("rc");
    const term = new Term("mine", {
      ...leaderDeps(model, "mine", clock),
      node: "here",
      rules: withSiteRules(bookOf([...RULES, handling, telling]), {
        directory,
        limitMs: 1000,
        run: runRule,
        log,
      }),
      orders: { paused: false, untilResumed: () => Promise.resolve() },
      metrics,
      log,
      onOver: () => {},
    });
    const isDone = () =>
      !model.list("eq/").some(({ key }) => isEvent(key)) && !model.list("timeout/").some(isDue);
    const isDue = ({ key }: { key: string }) =>
      (parseTimeoutKey(key)?.getTime() ?? Infinity) <= Date.UTC(2026, 10, 24);
    for (let turns = 0; !isDone() && !term.isOver; turns++) {
      assert(turns < 50_000, `these are left: ${model.list("eq/").map(({ key }) => key)}`);
      await nextTurn();
    }
    // The term goes on; `end` would throw what had ended it.
    assertEquals(term.isOver, false);
    await term.end("the test is over");

    // Every valid event was handled, in order. (One that was told under the same number came later.)
    const handled = valid.filter((number) => !told.includes(number)).toSorted((a, b) => a - b);
    assertEquals(model.get("handled")?.value ?? "", handled.map((n) => `valid${n}`).join(" "));
    const states = model.commits.flatMap(({ ops }) =>
      ops.flatMap(({ verb, key, value }) =>
        verb === "cas" && parseEpochKey("bq/", key) !== null ? [{ key, value: value ?? "" }] : []
      )
    );
    const drives = states.map((entry) => Number(parseBroadcast(entry).fid.key))
      .filter((key) => told.includes(key));
    assertEquals(drives.filter((key, i) => drives.indexOf(key) === i), [
      ...told.toSorted((a, b) => a - b),
    ]);

    // Everything refused is kept, with a reason.
    const letters = model.list("eq-rejected/").filter(({ key }) => !takenBefore.has(key));
    for (const { key, value } of letters) {
      const letter = JSON.parse(value);
      assert(typeof letter.reason === "string" && letter.reason !== "", `${key} has no reason`);
      assert(letter.bytes === undefined || /^[0-9a-f]{64}$/.test(letter.sha256), `${key}: digest`);
    }
    const removed = model.commits.flatMap(({ ops }) => ops)
      .filter(({ verb, key }) => verb === "delete" && key.startsWith("eq/")).length;
    const counts = metrics.metrics().find(({ name }) => name === "hare_rc_events_total")?.samples;
    const count = (result: string) =>
      (counts ?? []).filter(({ labels }) => labels.result === result)
        .reduce((sum, { value }) => sum + value, 0);
    assertEquals(count("left"), 0);
    assertEquals(count("handled") + count("rejected"), removed);
    const ofTimeouts = letters.filter(({ value }) => JSON.parse(value).key?.startsWith("timeout/"));
    assertEquals(letters.length, count("rejected") + ofTimeouts.length);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

const SOUND: RulesPlace = { directory: "directory", mode: 0o755, files: [], fails: null };

function caseOf(given: Readonly<Record<string, string>>, rules: Partial<RulesPlace> = {}): [Case] {
  const junk = Object.entries(given)
    .map(([key, value]) => ({ key, bytes: new TextEncoder().encode(value) }));
  return [{ junk, valid: [3, 5], told: [4, 6, 7], rules: { ...SOUND, ...rules } }];
}

/** Each of these once ended every coordinator of a cluster. */
const examples: readonly [Case][] = [
  caseOf({ "eq/2": "x".repeat(256), "eq/5": "y".repeat(4096) }),
  caseOf({ "eq/2": "site-event" }, { fails: "EACCES" }),
  caseOf({ "eq/2": "site-event" }, { directory: "file" }),
  caseOf({ "eq/2": "site-event" }, { directory: "link to itself" }),
  caseOf({ "eq/2": "\0".repeat(131_072) }),
  caseOf({ "epoch": "no number", "timeout/202511240310.05": "tmo1" }),
  caseOf({ "epoch": "9007199254740991", "timeout/202511240310.05": "tmo1" }),
  // Others of their kind.
  caseOf({ "eq/2": `tmo${"\x1b".repeat(500_000)}` }),
  caseOf({ "eq/2": "x".repeat(524_288), "eq-rejected/000000002": "taken" }),
  caseOf({ [`eq/${"0".repeat(200_000)}2`]: "x" }),
  caseOf({ "timeout/202511240310.05": "x".repeat(524_288) }),
  caseOf({ "eq/9007199254740991": "?", "eq/09007199254740991": "?" }),
  caseOf({ [`hare/history/${"k".repeat(300_000)}`]: "{}" }),
];

const numRuns = Number(Deno.env.get("HARE_TEST_CASES") ?? 200);
const seed = Deno.env.get("HARE_TEST_SEED");

Deno.test(`a leader outlasts any data, and handles every valid event (${numRuns} cases)`, async () => {
  await fc.assert(fc.asyncProperty(cases, tryCase), {
    numRuns: numRuns + examples.length,
    examples: [...examples],
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
});
