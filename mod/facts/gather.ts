/**
 * Facts of many hosts: this one directly, others by asking the `hare` that is installed there.
 *
 * @module
 */

import type { Facts, FactsRequest, HostFacts } from "../../cfgen/mod.ts";
import { isThisHost } from "../host/local.ts";
import { runOverSsh } from "../host/ssh.ts";
import { HareError, TimeLimitError } from "../lib/errors.ts";
import { NOT_EXECUTABLE, NOT_FOUND, type Output } from "../lib/process.ts";
import { pooledMap } from "../lib/std/async.ts";
import { readAnswer } from "./answer.ts";
import { FactsError, problemsOf } from "./errors.ts";
import { factsOfThisHost } from "./local.ts";
import type { LocalDeps } from "./system.ts";

/** What {@linkcode gatherFacts} is given. */
export interface GatherDeps extends LocalDeps {
  /** How many hosts are asked at once. {@default 32} */
  readonly parallel?: number | undefined;
  /** Time limit of one host, in milliseconds. {@default 30000} */
  readonly limitMs?: number | undefined;
}

/**
 * Asks all hosts, together.
 *
 * @throws {FactsError} with the problems of all hosts, each a line that begins with the host
 */
export async function gatherFacts(
  requests: readonly FactsRequest[],
  deps: GatherDeps,
): Promise<Facts> {
  // Read to its end: this iterator must not be left early.
  const answers = await Array.fromAsync(
    pooledMap(deps.parallel ?? 32, requests, async (request) => {
      const [answer] = await Promise.allSettled([askHost(request, deps)]);
      return { name: request.name, answer };
    }),
  );
  deps.signal?.throwIfAborted();
  const hosts: [name: string, facts: HostFacts][] = [];
  const problems: string[] = [];
  let failed = 0;
  for (const { name, answer } of answers) {
    if (answer.status === "fulfilled") {
      hosts.push([name, answer.value]);
      continue;
    }
    failed += 1;
    problems.push(...problemsOf(answer.reason).map((problem) => `${name}: ${problem}`));
  }
  if (failed === 0) return { hosts: Object.fromEntries(hosts) };
  throw new FactsError(problems, `no facts from ${failed} of ${requests.length} hosts`);
}

async function askHost(request: FactsRequest, deps: GatherDeps): Promise<HostFacts> {
  const { name, iface, globs } = request;
  if (isThisHost(name, (deps.system ?? Deno).hostname())) return factsOfThisHost(request, deps);
  const limitMs = deps.limitMs ?? 30_000;
  try {
    const output = await runOverSsh(name, { run: deps.run })([
      "hare",
      "facts",
      "--json",
      ...(iface === undefined ? [] : ["--iface", iface]),
      ...globs.flatMap((glob) => ["--glob", glob]),
    ], { signal: deps.signal, limitMs });
    return factsIn(output);
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    throw new HareError(`no answer within ${limitMs / 1000} s: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}

function factsIn({ code, stdout, stderr }: Output): HostFacts {
  const last = stderr.trimEnd().split("\n").at(-1) ?? "";
  if (code === NOT_FOUND || code === NOT_EXECUTABLE) {
    throw new HareError(`hare cannot be run there: ${last}`, {
      hint: "put it into a directory that is on PATH for ssh",
    });
  }
  const answer = readAnswer(stdout);
  if (answer.kind === "problems") throw new FactsError(answer.problems, "facts that are missing");
  if (code !== 0) throw new HareError(`hare facts failed with exit status ${code}: ${last}`);
  if (answer.kind === "facts") return answer.facts;
  throw new HareError(`cannot read the answer of hare facts: ${answer.why}`, {
    hint: "put the same version of hare there: hare install --upgrade",
  });
}
