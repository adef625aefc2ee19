/**
 * What a user reads when Consul misbehaves: one line that says which call failed and why, the exit
 * status 1, and no stack.
 *
 * @module
 */

import { runProgram } from "../../mod/cli/program.ts";
import { Consul } from "../../mod/consul/mod.ts";
import { assertEquals } from "../lib/assert.ts";
import { type Behaviour, serveBadly } from "../lib/bad_server.ts";
import { fakeWorld } from "../lib/world.ts";

const CASES: Readonly<Record<string, readonly [behaviour: Behaviour, says: string]>> = {
  "closes without an answer": [
    "close",
    "cannot reach Consul: connection closed before message completed\n" +
    "  hint: is the agent running, and is CONSUL_HTTP_ADDR its address?",
  ],
  "answers by half": [
    { half: "[]" },
    "the answer broke off: error reading a body from connection\n" +
    "  hint: did the agent stop? see its log",
  ],
  "has no leader": [
    { status: 500, answer: "No cluster leader" },
    "Consul answered 500: No cluster leader\n" +
    "  hint: an election takes seconds; if it does not end, are most of the servers up?",
  ],
  "forbids": [
    { status: 403, answer: "Permission denied: anonymous token lacks permission" },
    "Consul answered 403: Permission denied: anonymous token lacks permission\n" +
    "  hint: set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE to a token that may do this",
  ],
  "is something else": [
    { answer: "<html>It works!</html>" },
    "not an answer of Consul: no JSON: <html>It works!</html>\n" +
    "  hint: does a Consul agent listen at CONSUL_HTTP_ADDR?",
  ],
};

for (const [name, [behaviour, says]] of Object.entries(CASES)) {
  Deno.test(`hare epoch says so when Consul ${name}`, async () => {
    await using server = serveBadly(() => behaviour);
    const world = fakeWorld({ consul: () => new Consul({ address: server.address }) });
    const status = await runProgram(["epoch"], world);
    assertEquals(
      [status, world.out(), world.err()],
      [1, "", `hare: GET ${server.address}/v1/kv/epoch: ${says}\n`],
    );
  });
}
