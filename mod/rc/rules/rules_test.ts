import { assertEquals, assertRejects } from "../../../tests/lib/assert.ts";
import { ModelConsul } from "../../../tests/rc/model.ts";
import { timeoutKey } from "../../kv/timeout_key.ts";
import { type Event, findRule, type Rule, type RuleContext, RULES } from "./mod.ts";
import { ioErrorRule } from "./io_error.ts";
import { processRule } from "./process.ts";
import { tmo } from "./tmo.ts";
import { wakeRc } from "./wake_rc.ts";

function event(type: string, body?: Event["body"]): Event {
  return { key: "eq/000000007", epoch: 7, index: 1234, type, body };
}

function context(model: ModelConsul, now = 0): RuleContext {
  return { consul: model.client("mine"), now, lookAtTimeouts: () => {} };
}

const found: readonly (readonly [type: string, rule: Rule | undefined])[] = [
  ["wake_RC", wakeRc],
  ["tmo", tmo],
  ["tmo17", tmo],
  ["process", processRule],
  ["wake_RC2", undefined],
  ["wake_rc", undefined],
  ["io-error", ioErrorRule],
  ["processes", undefined],
  ["atmo", undefined],
];
for (const [type, rule] of found) {
  Deno.test(`findRule() finds ${rule === undefined ? "no rule" : "the rule"} for ${type}`, () => {
    assertEquals(findRule(RULES, type)?.type, rule?.type);
  });
}

Deno.test("findRule() prefers the rule of exactly the type to that of its beginning", () => {
  const exact: Rule = { ...tmo, type: "tmo1", prefix: false };
  assertEquals(findRule([tmo, exact], "tmo1"), exact);
  assertEquals(findRule([tmo, exact], "tmo12"), tmo);
});

Deno.test("wake_RC has the timeouts looked at", async () => {
  let looked = 0;
  const effects = await wakeRc.handle(event("wake_RC"), {
    ...context(new ModelConsul()),
    lookAtTimeouts: () => looked++,
  });
  assertEquals(looked, 1);
  assertEquals(effects.ops, []);
});

const now = new Date(2026, 10, 24, 3, 10, 5).getTime();
const key = timeoutKey(new Date(now + 60_000));

Deno.test("tmo… sets a timeout a minute later, named after Consul's index", async () => {
  const { ops, outcome } = await tmo.handle(event("tmo1"), context(new ModelConsul(), now));
  assertEquals(ops, [{ verb: "cas", key, value: "tmo1234", index: 0 }]);
  assertEquals(outcome, `set tmo1234 at ${key}`);
});

Deno.test("tmo… adds to what is due at that time", async () => {
  const model = new ModelConsul();
  model.put(key, "wake_RC");
  const { ops } = await tmo.handle(event("tmo1"), context(model, now));
  const index = model.get(key)?.modifyIndex ?? 0;
  assertEquals(ops, [{ verb: "cas", key, value: "wake_RC,tmo1234", index }]);
});

Deno.test("a rule's failure to read is its own failure", async () => {
  const model = new ModelConsul();
  model.beforeCall = () => "refused";
  const handle = async () => await tmo.handle(event("tmo1"), context(model, now));
  await assertRejects(handle, Error, "is away");
});
