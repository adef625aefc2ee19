import * as z from "zod";
import { assertEquals, assertMatch, assertRejects } from "../../tests/lib/assert.ts";
import { type Answer, FakeSystemBus, type SeenCall } from "../../tests/lib/fake_system_bus.ts";
import { waitFor } from "../lib/wait_for.ts";
import { BusError } from "./errors.ts";
import { SystemBus } from "./system_bus.ts";

const METHOD = { destination: "test.Name", path: "/test", interface: "test.Interface" };
const TEXT = z.tuple([z.string()]);

/** What a test does on a bus; the signal is aborted when the bus is not listened to any more. */
type Act = (bus: SystemBus, fake: FakeSystemBus, signal: AbortSignal) => Promise<void>;

/** Connects to a bus that answers so, listens to it, and acts; returns how listening ended. */
async function onBus(
  answer: (call: SeenCall) => Answer,
  act: Act,
  { signals = [], limitMs }: { readonly signals?: string[]; readonly limitMs?: number } = {},
): Promise<string> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/bus`;
  const answerAll = (call: SeenCall): Answer =>
    call.member === "Hello" ? { values: [] } : answer(call);
  try {
    await using fake = new FakeSystemBus({ path, answer: answerAll });
    const end = new AbortController();
    using bus = await SystemBus.connect({ path, limitMs, signal: end.signal });
    const listening = bus.listen(({ member }) => signals.push(member ?? ""), end.signal)
      .catch((error) => end.abort(error));
    await act(bus, fake, end.signal);
    end.abort(new RangeError("enough"));
    await listening;
    return end.signal.reason.message;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("SystemBus.connect() says who it is, and hello", async () => {
  const ended = await onBus(() => ({ values: [] }), async (bus, fake, signal) => {
    await bus.call({ ...METHOD, member: "M" }, z.tuple([]), signal);
    assertEquals(fake.introductions, [["\0AUTH EXTERNAL", "DATA", "BEGIN"]]);
    assertEquals(fake.calls.map(({ member }) => member), ["Hello", "M"]);
  });
  assertEquals(ended, "enough");
});

Deno.test("SystemBus calls, at the same time too, and hears signals", async () => {
  const signals: string[] = [];
  const answer = ({ member, args }: SeenCall): Answer => ({
    values: [{ type: "s", value: `${member} ${args.join(" ")}` }],
  });
  await onBus(answer, async (bus, fake, signal) => {
    const call = (member: string) =>
      bus.call({ ...METHOD, member, args: ["a", ["b", "c"]] }, TEXT, signal);
    await fake.signal("/p", "Before");
    const answers = await Promise.all([call("One"), call("Two")]);
    assertEquals(answers, [["One a b,c"], ["Two a b,c"]]);
    await fake.signal("/p", "After");
    await call("Three");
  }, { signals });
  assertEquals(signals, ["Before", "After"]);
});

const ANSWERS: readonly (readonly [Answer, string])[] = [
  [{ error: "an.Error", text: "no" }, "test.Interface.M failed: an.Error: no"],
  [{ values: [{ type: "u", value: 1 }] }, "test.Interface.M is answered in an unknown form"],
  [{ values: [] }, "test.Interface.M is answered in an unknown form"],
  ["silence", "waited 1 s for an answer to test.Interface.M"],
];
for (const [answer, message] of ANSWERS) {
  Deno.test(`SystemBus.call() fails: ${message}`, async () => {
    await onBus(() => answer, async (bus, _, signal) => {
      const error = await assertRejects(
        () => bus.call({ ...METHOD, member: "M" }, TEXT, signal),
        BusError,
      );
      assertEquals(error.message, message);
    }, answer === "silence" ? { limitMs: 1_000 } : {});
  });
}

const ENDS: readonly (readonly [Answer, string])[] = [
  ["close", "the bus has closed the connection"],
  [{ raw: new Uint8Array(16) }, "what the bus sends is no message"],
  [
    {
      raw: Uint8Array.of(108, 2, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    },
    "a variant is of no type",
  ],
];
for (const [answer, message] of ENDS) {
  Deno.test(`SystemBus.listen() ends: ${message}`, async () => {
    const ended = await onBus(() => answer, async (bus, _, signal) => {
      await assertRejects(() => bus.call({ ...METHOD, member: "M" }, TEXT, signal), BusError);
    });
    assertEquals(ended, message);
  });
}

Deno.test("SystemBus.call() ends with the signal", async () => {
  await onBus(() => "silence", async (bus) => {
    const reason = new RangeError("stop");
    const call = () => bus.call({ ...METHOD, member: "M" }, TEXT, AbortSignal.abort(reason));
    await assertRejects(call, RangeError, "stop");
  });
});

Deno.test("SystemBus can be disposed of after a write that failed", async () => {
  const ended = await onBus(() => "silence", async (bus, fake) => {
    fake.cut();
    await waitFor("a write to fail", async () => {
      const call = bus.call({ ...METHOD, member: "M" }, TEXT, AbortSignal.timeout(20));
      const error = await call.catch((error) => error);
      return { ready: error instanceof BusError, value: undefined, why: String(error) };
    }, { limitMs: 60_000, intervalMs: 1 });
  });
  assertMatch(ended, /^the bus has closed the connection$|^the connection to the bus is lost: /);
});

const WELCOMES: readonly (readonly [string, string])[] = [
  ["REJECTED EXTERNAL", 'the bus answers "REJECTED EXTERNAL"'],
  ["OK " + "x".repeat(600), "the bus does not end its line"],
];
for (const [welcome, message] of WELCOMES) {
  Deno.test(`SystemBus.connect() fails: ${message}`, async () => {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/bus`;
    const connect = () => SystemBus.connect({ path, signal: new AbortController().signal });
    await assertRejects(connect, BusError, `cannot connect to ${path}: `);
    {
      await using _fake = new FakeSystemBus({ path, welcome, answer: () => "silence" });
      await assertRejects(connect, BusError, message);
    }
    await Deno.remove(directory, { recursive: true });
  });
}
