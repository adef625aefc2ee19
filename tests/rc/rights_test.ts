/**
 * A coordinator whose token lacks a right, at a Consul that denies by default.
 *
 * @module
 */

import { enqueue } from "../../mod/kv/enqueue.ts";
import { EQ_PREFIX, eqKey, LEADER } from "../../mod/kv/keys.ts";
import { readRcStatus } from "../../mod/rc/mod.ts";
import { assertEquals } from "../lib/assert.ts";
import { captureLog } from "../lib/capture_log.ts";
import { startConsul } from "../lib/consul.ts";
import { makeToken, putPolicy } from "../lib/consul_security.ts";
import { eventually, importConfiguration, leaderNow, registerConfd, startHere } from "./nodes.ts";

const ADDRESS = "127.79.5.1";
const OTHERS = `
  key_prefix "" { policy = "write" }
  node_prefix "" { policy = "read" }
  agent_prefix "" { policy = "read" }
  service_prefix "" { policy = "write" }
  session_prefix "" { policy = "write" }
`;

Deno.test("a leader that may not read the queue says so, and goes on when it may", async () => {
  const managementToken = crypto.randomUUID();
  await using log = await captureLog();
  await using agent = await startConsul({ address: ADDRESS, managementToken });
  await importConfiguration([agent]);
  await registerConfd(agent, 0);
  const denied = `${OTHERS} key_prefix "${EQ_PREFIX}" { policy = "deny" }`;
  const token = await makeToken(agent, denied, managementToken, "hare-rc");
  const { consul } = agent;
  const [number = 0] = await enqueue(consul, EQ_PREFIX, ["wake_RC"]);
  await using coordinator = startHere(ADDRESS, { token });
  await leaderNow(consul);
  const problem = "Consul has left out what the token may not read: " +
    'it needs key_prefix "eq/" { policy = "read" }';
  const withheld = `GET http://${ADDRESS}:8500/v1/kv/eq/: ${problem}`;
  const lastError = async () =>
    (await readRcStatus(consul, AbortSignal.timeout(10_000))).lastError?.what;
  await eventually("the status to say so", lastError, withheld);
  assertEquals(log.matching(/waiting for a right/), [`error: waiting for a right: ${withheld}`]);
  assertEquals((await consul.kv.keys(EQ_PREFIX)).length, 1);

  await putPolicy(agent, "hare-rc", OTHERS, managementToken);
  await eventually("the event to be handled", () => consul.kv.get(eqKey(number)), null);
  await coordinator.stop();
});

Deno.test("a coordinator that Consul refuses a right waits for it, says so once, and then leads", async () => {
  const managementToken = crypto.randomUUID();
  await using log = await captureLog();
  await using agent = await startConsul({ address: ADDRESS, managementToken });
  await importConfiguration([agent]);
  await registerConfd(agent, 0);
  const token = await makeToken(agent, "", managementToken, "hare-rc");
  await using coordinator = startHere(ADDRESS, { token });
  const said = (key: string) => () =>
    Promise.resolve(
      log.matching(/waiting for a right/).filter((line) => line.includes(key)).length,
    );
  await eventually("it to say so", said("lacks permission 'agent:read'"), 1);
  await putPolicy(
    agent,
    "hare-rc",
    `${OTHERS} key "${LEADER}" { policy = "deny" }`,
    managementToken,
  );
  await eventually(
    "it to say what is next",
    said("lacks permission 'key:read'"),
    1,
  );
  await putPolicy(agent, "hare-rc", OTHERS, managementToken);
  await leaderNow(agent.consul);
  assertEquals(log.matching(/waiting for a right/).length, 2);
  await coordinator.stop();
});
