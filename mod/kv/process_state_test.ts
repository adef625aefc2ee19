import * as fc from "fast-check";
import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { KvValueError } from "./errors.ts";
import {
  formatProcessState,
  parseProcessState,
  PROCESS_STATES,
  PROCESS_TYPES,
} from "./process_state.ts";

const KEY = "processes/0x7200000000000001:0x9";

Deno.test("parseProcessState() returns what formatProcessState() was given", () => {
  const record = fc.record({
    state: fc.constantFrom(...PROCESS_STATES),
    type: fc.option(fc.constantFrom(...PROCESS_TYPES)),
    pid: fc.option(fc.nat()),
    generation: fc.option(fc.nat()),
  });
  fc.assert(fc.property(record, (record) => {
    assertEquals(parseProcessState({ key: KEY, value: formatProcessState(record) }), record);
  }));
});

Deno.test("formatProcessState() writes Mero's names", () => {
  assertEquals(
    formatProcessState({ state: "STARTING", type: "M0D", pid: 1, generation: 1 }),
    '{"state":"M0_CONF_HA_PROCESS_STARTING","type":"M0D","pid":1,"generation":1}',
  );
});

Deno.test("parseProcessState() accepts other keys, and that all but the state is missing", () => {
  assertEquals(
    parseProcessState({ key: KEY, value: '{"state": "M0_CONF_HA_PROCESS_STOPPED", "x": {}}' }),
    { state: "STOPPED", type: null, pid: null, generation: null },
  );
});

Deno.test("parseProcessState() refuses what is no record, with the key and the reason", () => {
  for (
    const [value, why] of [
      ["", "no JSON"],
      ["[]", "the value: Invalid input: expected object, received array"],
      ["{}", "state: Invalid"],
      ['{"state": "STARTED"}', "state: Invalid"],
      ['{"state": "M0_CONF_HA_PROCESS_STARTED", "type": "M1"}', "type: Invalid"],
      ['{"state": "M0_CONF_HA_PROCESS_STARTED", "pid": "1"}', "pid: Invalid"],
      ['{"state": "M0_CONF_HA_PROCESS_STARTED", "generation": -1}', "generation: Too small"],
    ] as const
  ) {
    assertThrows(
      () => parseProcessState({ key: KEY, value }),
      KvValueError,
      `key ${KEY} has value ${JSON.stringify(value)}: ${why}`,
    );
  }
});
