import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { askPatiently, type PatientAnswer } from "./ask_patiently.ts";

/** Asks for what gives these answers; tells what was said meanwhile, and how often it paused. */
async function ask(...answers: readonly (PatientAnswer<number> | Error)[]) {
  const rest = [...answers];
  const said: string[] = [];
  let pauses = 0;
  const value = await askPatiently(() => {
    const answer = rest.shift();
    if (answer === undefined) throw new Error("asked too often");
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }, {
    signal: new AbortController().signal,
    random: () => 0,
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve(void pauses++) },
    onWait: (why) => said.push(why),
  });
  return { value, said, pauses };
}

Deno.test("askPatiently() asks until it is ready, and says each reason once", async () => {
  const notYet = { ready: false, why: "not yet" } as const;
  const away = new HareError("Consul is away");
  const found = await ask(notYet, notYet, away, away, notYet, { ready: true, value: 7 });
  assertEquals(found, { value: 7, said: ["not yet", "Consul is away", "not yet"], pauses: 5 });
});

Deno.test("askPatiently() passes a fault of the program on", async () => {
  await assertRejects(() => ask(new RangeError("oops")), RangeError, "oops");
});
