import { assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import {
  type Answer,
  FakeSystemBus,
  type SeenCall,
  type Typed,
} from "../../tests/lib/fake_system_bus.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { makeFid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import { waitFor } from "../lib/wait_for.ts";
import { UnitStates } from "./unit_states.ts";

const NINE = makeFid("process", 9);
const TEN = makeFid("process", 10);
const NINE_PATH = "/org/freedesktop/systemd1/unit/m0d_400x7200000000000001_3a0x9_2eservice";
const MKFS_PATH = "/org/freedesktop/systemd1/unit/mero_2dmkfs_400x9_2eservice";

/** What systemd lists of a unit. */
function unit(name: string, active: string, sub: string): Typed {
  const texts = [name, "what it is", "loaded", active, sub, ""];
  return {
    type: "(",
    value: [
      ...texts.map((value): Typed => ({ type: "s", value })),
      { type: "o", value: "/unit" },
      { type: "u", value: 0 },
      { type: "s", value: "" },
      { type: "o", value: "/" },
    ],
  };
}

function listOf(...units: readonly Typed[]): Answer {
  return { values: [{ type: "a", of: "(ssssssouso)", value: units }] };
}

const RUNS = listOf(
  unit("m0d@0x7200000000000001:0x9.service", "active", "running"),
  unit("m0d@by-hand.service", "active", "running"),
);
const FAILED = listOf(unit("m0d@0x7200000000000001:0x9.service", "failed", "failed"));

/** A systemd that answers so, and who follows it. */
class Fixture implements AsyncDisposable {
  /** What systemd lists. */
  units: Answer = RUNS;
  bells = 0;
  /** How often what failed is to be tried again. */
  tries = 0;
  readonly states: UnitStates;
  readonly #directory = Deno.makeTempDirSync();
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  #bus: FakeSystemBus | null = null;

  constructor(clock: Clock = systemClock) {
    this.states = new UnitStates({
      systemBus: this.#path,
      clock,
      random: () => {
        this.tries += 1;
        return 0.1;
      },
      log: loggerOf("test"),
      onBell: () => this.bells += 1,
    });
    this.#running = this.states.run(this.#end.signal).catch((error) => {
      if (error !== this.#end.signal.reason) throw error;
    });
  }

  get #path(): string {
    return `${this.#directory}/bus`;
  }

  /** The bus, which begins when it is first asked for. */
  get bus(): FakeSystemBus {
    return this.#bus ??= new FakeSystemBus({
      path: this.#path,
      answer: (call) => this.#answer(call),
    });
  }

  /** Ends the bus. */
  async endBus(): Promise<void> {
    await this.#bus?.[Symbol.asyncDispose]();
    await Deno.remove(this.#path);
    this.#bus = null;
  }

  calls(member: string): readonly SeenCall[] {
    return this.bus.calls.filter((call) => call.member === member);
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    await waitFor(what, () => Promise.resolve({ ready: isSo(), value: undefined, why: "no" }), {
      limitMs: 60_000,
      intervalMs: 5,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#running;
    await this.#bus?.[Symbol.asyncDispose]();
    await Deno.remove(this.#directory, { recursive: true });
  }

  #answer({ member }: SeenCall): Answer {
    return member === "ListUnitsByPatterns" ? this.units : { values: [] };
  }
}

Deno.test("UnitStates know the units of servers, and ask for no others", async () => {
  await using fixture = new Fixture();
  const { states } = fixture;
  assertEquals([states.of(NINE), states.metrics()[0]?.samples[0]?.value], [null, 0]);
  assertEquals(fixture.calls("ListUnitsByPatterns"), []);
  await fixture.until("the states", () => states.of(NINE) !== null);
  assertEquals(states.of(NINE), { active: "active", sub: "running" });
  assertEquals([states.of(TEN), states.metrics()[0]?.samples[0]?.value], [null, 1]);
  const [asked] = fixture.calls("ListUnitsByPatterns");
  assertEquals(asked?.args, [[], ["m0d@*.service"]]);
  const before = fixture.bus.calls.map(({ member }) => member).slice(0, 5);
  assertEquals(before, ["Hello", "AddMatch", "AddMatch", "Subscribe", "ListUnitsByPatterns"]);
});

Deno.test("UnitStates ask again when a server's unit changes, and not for another", async () => {
  const clock = new FakeClock();
  await using fixture = new Fixture(clock);
  const { bus, states } = fixture;
  const pass = async (ms: number) => {
    await fixture.until("the pause", () => clock.sleeping > 0);
    await clock.advance(ms);
  };
  await pass(10_000); // until the bus is tried again, unless it was there already
  await fixture.until("the states", () => fixture.bells === 1);
  await pass(250);
  fixture.units = FAILED;
  for (const bells of [2, 3, 4]) {
    await bus.signal(MKFS_PATH, "PropertiesChanged");
    await bus.signal(NINE_PATH, "PropertiesChanged");
    await fixture.until("the bell", () => fixture.bells === bells);
    assertEquals(states.of(NINE), { active: "failed", sub: "failed" });
    await pass(250); // in which an asking too many would be answered
  }
  fixture.units = RUNS;
  await pass(30_000);
  await fixture.until("the list that comes without a bell", () => fixture.bells === 5);
  assertEquals(states.of(NINE)?.active, "active");
  assertEquals(fixture.calls("ListUnitsByPatterns").length, 5);
});

Deno.test("UnitStates are not known while the bus is away, which is said once", async () => {
  await using log = await captureLog();
  await using fixture = new Fixture();
  const { states } = fixture;
  await fixture.until("several tries", () => fixture.tries > 2);
  assertEquals(log.matching(/cannot connect to/).length, 1);
  for (let i = 0; i < 2; i++) {
    assertEquals(fixture.calls("Subscribe"), []);
    await fixture.until("the states", () => states.of(NINE) !== null);
    await fixture.endBus();
    await fixture.until("their loss", () => states.of(NINE) === null);
  }
  assertEquals(log.matching(/^info: systemd tells the states/).length, 2);
  assertEquals(log.matching(/^info: .*closed the connection/).length, 2);
});

Deno.test("UnitStates are asked for anew when systemd is another on the bus", async () => {
  await using fixture = new Fixture();
  const { bus, states } = fixture;
  await fixture.until("the states", () => states.of(NINE) !== null);
  fixture.units = FAILED;
  await bus.signal("/org/freedesktop/DBus", "NameOwnerChanged");
  await fixture.until("the new states", () => states.of(NINE)?.active === "failed");
  assertEquals(fixture.calls("Subscribe").length, 2);
});

Deno.test("UnitStates are not known where the bus has no systemd", async () => {
  await using log = await captureLog();
  await using fixture = new Fixture();
  const { states } = fixture;
  fixture.units = { error: "an.Error", text: "no such name" };
  assertEquals(fixture.calls("Subscribe"), []);
  await fixture.until("several tries", () => fixture.calls("ListUnitsByPatterns").length > 2);
  assertEquals(states.of(NINE), null);
  assertEquals(log.matching(/no such name/).length, 1);
  fixture.units = RUNS;
  await fixture.until("the states", () => states.of(NINE) !== null);
});
