/**
 * `tools/deno task demo`: a cluster of one node comes up on this machine, is looked at, takes an
 * event, and goes down again. Each step is a command that the reader may type. With `--keep` the
 * cluster stays.
 *
 * @module
 */

import { timeoutKey } from "../mod/kv/timeout_key.ts";
import { HareError } from "../mod/lib/errors.ts";
import { waitFor } from "../mod/lib/wait_for.ts";
import { BINARY, build } from "./build.ts";
import { exists } from "./cache.ts";
import { ensureConsul } from "./consul.ts";
import { type Argv, passThrough, ROOT } from "./exec.ts";
import { runTool, say } from "./say.ts";

const CDF = "examples/singlenode.yaml";
const DIRECTORY = ".hare-dev";
const ADDRESS = "127.77.0.1:8500";

async function demo(): Promise<void> {
  Deno.chdir(ROOT);
  const consul = await ensureConsul();
  await build();
  if (await exists(DIRECTORY)) {
    throw new HareError(`there is a development cluster in ${DIRECTORY} already`, {
      hint: `take it down first: ${BINARY} dev down`,
    });
  }
  Deno.env.set("CONSUL_HTTP_ADDR", ADDRESS);
  // Ctrl-C reaches the step that runs; what has come up is still taken down.
  Deno.addSignalListener("SIGINT", () => {});
  let keep = false;
  try {
    await step([BINARY, "dev", "up", CDF]);
    say(`\n$ export CONSUL_HTTP_ADDR=${ADDRESS}`);
    await step([BINARY, "status"]);
    await step([BINARY, "entrypoint"]);
    await showTimeouts(consul);
    keep = Deno.args.includes("--keep");
  } finally {
    if (!keep) await step([BINARY, "dev", "down"]);
  }
  say(
    keep
      ? `\nThe cluster stays. Take it down with: ${BINARY} dev down`
      : `\nTo look around yourself: tools/deno task demo --keep`,
  );
}

/** A timeout that was due two minutes ago, and an event that has the coordinator look. */
async function showTimeouts(consul: string): Promise<void> {
  const due = timeoutKey(new Date(Date.now() - 120_000));
  await step([consul, "kv", "put", due, "tmo1"]);
  await step([consul, "kv", "put", "eq/0", "wake_RC"]);
  const log = await findLog();
  await waitFor("the coordinator to take both", async () => {
    const text = await Deno.readTextFile(log);
    return /tmo1/.test(text) && /wake_RC/.test(text)
      ? { ready: true, value: undefined }
      : { ready: false, why: `they are not in ${log} yet` };
  }, { limitMs: 10_000 });
  await step(["tail", "-n", "3", log]);
}

/** The recovery coordinator's log on the only node. */
async function findLog(): Promise<string> {
  for await (const { name } of Deno.readDir(`${DIRECTORY}/hosts`)) {
    const log = `${DIRECTORY}/hosts/${name}/log/hare-rc.log`;
    if (await exists(log)) return log;
  }
  throw new HareError(`there is no log of a coordinator in ${DIRECTORY}`);
}

/** Shows a command and runs it. */
async function step(argv: Argv): Promise<void> {
  say(`\n$ ${argv.join(" ")}`);
  const status = await passThrough(argv);
  if (status !== 0) throw new HareError(`${argv.join(" ")} ended with status ${status}`);
}

if (import.meta.main) await runTool(demo);
