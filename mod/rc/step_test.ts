import * as fc from "fast-check";
import { ModelConsul } from "../../tests/rc/model.ts";
import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { txn } from "../consul/mod.ts";
import { type Counter, epochIn } from "../kv/epoch_counter.ts";
import { RC_PAUSED } from "../kv/keys.ts";
import type { QueueEntry } from "./queue_reading.ts";
import { FORMS } from "./rejected.ts";
import { BEGIN, MAX_CONFLICTS, type State, step, TRIES, writeOf } from "./step.ts";

const ENTRY: QueueEntry = { key: "eq/000000007", epoch: 7, index: 70, text: "bad" };
const BESIDES = { ops: [], counter: { last: 0, modifyIndex: 0 }, letter: "{}" };
const EFFECTS = { ops: [txn.cas("bq/000000042", "x", 0)], outcome: "done" };
const failed = (forGood = false) => ({ is: "failed", reason: "no", forGood } as const);
const refused = (...indexes: number[]) => ({
  is: "refused" as const,
  errors: indexes.map((index) => ({ index, what: `op ${index}` })),
});

function steps(state: State, ...inputs: Parameters<typeof step>[2][]): State {
  return inputs.reduce((now, input) => {
    const writes = now.is === "committing" || now.is === "rejecting";
    return step(ENTRY, now, input, writes ? writeOf(ENTRY, now, BESIDES) : []);
  }, state);
}

const answered = { is: "answered", effects: EFFECTS } as const;
const committed = { is: "committed" } as const;

Deno.test("step() asks, commits, and is done", () => {
  const committing = steps(BEGIN, answered);
  assertEquals(committing.is, "committing");
  assertEquals(steps(committing, committed), {
    is: "done",
    result: { is: "handled", outcome: "done" },
  });
});

Deno.test("step() asks a few times, then moves aside", () => {
  const inputs = Array.from({ length: TRIES }, () => failed());
  assertEquals(steps(BEGIN, ...inputs.slice(1)).is, "asking");
  const rejecting = steps(BEGIN, ...inputs);
  assertEquals(rejecting.is, "rejecting");
  assertEquals(steps(rejecting, committed), {
    is: "done",
    result: {
      is: "rejected",
      outcome: `moved to eq-rejected/000000007: its rule failed ${TRIES} times: no`,
    },
  });
});

Deno.test("step() moves aside at once what is no use", () => {
  assertEquals(steps(BEGIN, failed(true)).is, "rejecting");
});

Deno.test("step() is done with an entry that is not as it was read", () => {
  for (const place of [1, 2]) {
    for (const state of [steps(BEGIN, answered), steps(BEGIN, failed(true))]) {
      const done = steps(state, refused(place, 4));
      assertEquals(done.is === "done" && done.result.is, "stale");
    }
  }
});

Deno.test("step() counts a pause as nobody's fault", () => {
  const inputs = Array.from({ length: 3 * MAX_CONFLICTS }, () => [answered, refused(0)]).flat();
  assertEquals(steps(BEGIN, ...inputs), BEGIN);
  const rejecting = steps(BEGIN, failed(true));
  assertEquals(steps(rejecting, refused(0)), rejecting);
});

Deno.test("step() asks anew when others were faster, and counts that as a failure in the end", () => {
  const conflict = [answered, refused(4)];
  const asking = steps(BEGIN, ...conflict);
  assertEquals([asking.is, asking.is === "asking" && asking.conflicts], ["asking", 1]);
  const inputs = Array.from({ length: MAX_CONFLICTS }, () => conflict).flat();
  const failing = steps(BEGIN, ...inputs);
  assertEquals(failing.is === "asking" && [failing.failures, failing.conflicts], [1, 0]);
});

Deno.test("step() passes numbers over that are taken in the broadcast queue", () => {
  const asking = steps(BEGIN, answered, refused(3));
  assertEquals(asking.is === "asking" && asking.atLeast, 43);
});

Deno.test("step() takes a fresh number for what is moved aside where the first is taken", () => {
  const counting = steps(BEGIN, failed(true), refused(3));
  assertEquals(counting.is, "counting");
  const counter = { last: 99, modifyIndex: 5 };
  const rejecting = steps(counting, { is: "counted", epoch: 100, counter });
  assert(rejecting.is === "rejecting");
  assertEquals(
    writeOf(ENTRY, rejecting, BESIDES).slice(3).map(({ verb, key, index }) => [
      verb,
      key,
      index,
    ]),
    [["cas", "epoch", 5], ["cas", "eq-rejected/000000100", 0]],
  );
  const again = steps(rejecting, refused(4));
  assertEquals(again.is === "counting" && again.atLeast, 101);
});

Deno.test("step() keeps less of an event that cannot be moved aside, and leaves it in the end", () => {
  const rejecting = steps(BEGIN, failed(true));
  const forms = FORMS.map((_, i) => steps(rejecting, ...FORMS.slice(0, i).map(() => failed())));
  assertEquals(forms.map((state) => state.is === "rejecting" && state.form), [0, 1, 2]);
  const left = steps(rejecting, ...FORMS.map(() => failed()));
  assertEquals(left, {
    is: "done",
    result: { is: "left", outcome: "is left: no; and it cannot be moved aside: no" },
  });
});

/** What the surroundings do before each step. */
const meddling = fc.constantFrom("nothing", "fail", "pause", "resume", "count", "take", "change");

Deno.test("step() on a model: whatever happens, an event ends once, with its effects or aside", () => {
  fc.assert(
    fc.property(fc.array(meddling, { maxLength: 60 }), (script) => {
      const model = new ModelConsul();
      model.lock("mine");
      model.put("epoch", "41");
      model.put("eq-rejected/000000007", "from before");
      model.put(ENTRY.key, ENTRY.text);
      const entry = { ...ENTRY, index: model.get(ENTRY.key)?.modifyIndex ?? 0 };
      const turns = [...script];
      let state: State = BEGIN;
      let commits = 0;
      while (state.is !== "done") {
        const turn = turns.shift() ?? "resume";
        meddle(model, turn);
        switch (state.is) {
          case "asking": {
            const list = model.get("list");
            const ops = [txn.cas("list", "applied", list?.modifyIndex ?? 0)];
            state = turn === "fail"
              ? step(entry, state, failed())
              : step(entry, state, { is: "answered", effects: { ops, outcome: "applied" } });
            break;
          }
          case "counting": {
            const counter = counterIn(model);
            const epoch = Math.max(counter.last + 1, state.atLeast);
            state = step(entry, state, { is: "counted", epoch, counter });
            break;
          }
          default: {
            const ops = writeOf(entry, state, BESIDES);
            const result = model.commit(ops);
            if (result.ok) commits += 1;
            const input = result.ok ? committed : { is: "refused" as const, errors: result.errors };
            state = step(entry, state, input, ops);
          }
        }
      }
      const { is } = state.result;
      const applied = model.get("list")?.value === "applied";
      const aside = model.list("eq-rejected/").length === 2;
      assertEquals(commits, is === "stale" ? 0 : 1);
      assertEquals([applied, aside], [is === "handled", is === "rejected"]);
      assertEquals(model.get(ENTRY.key) === null, is !== "stale");
      assertEquals(model.get("eq-rejected/000000007")?.value, "from before");
    }),
    { numRuns: 1000 },
  );
});

function counterIn(model: ModelConsul): Counter {
  const entry = model.get("epoch");
  return { last: epochIn(entry) ?? 0, modifyIndex: entry?.modifyIndex ?? 0 };
}

function meddle(model: ModelConsul, turn: string): void {
  if (turn === "pause") model.put(RC_PAUSED, "by a test");
  if (turn === "resume") model.delete(RC_PAUSED);
  if (turn === "count") model.put("epoch", String(Number(model.get("epoch")?.value) + 1));
  if (turn === "take") model.put("list", "somebody else's");
  if (turn === "change" && model.get(ENTRY.key) !== null) model.put(ENTRY.key, "changed");
}
