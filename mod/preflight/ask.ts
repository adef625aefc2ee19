/**
 * Asks the hosts of a cluster, together; whatever a host does, there is a report about it.
 *
 * @module
 */

import type { Clock } from "../lib/clock.ts";
import { ExitStatus, HareError, TimeLimitError } from "../lib/errors.ts";
import { HARE_PROGRAM } from "../host/places.ts";
import { NOT_EXECUTABLE, NOT_FOUND, type Output, type Run } from "../lib/process.ts";
import { abortable, pooledMap } from "../lib/std/async.ts";
import { type Answer, readAnswer } from "./answer.ts";
import type { HostQuestion } from "./question.ts";

/** A host, what it is asked, and the way to it. */
export interface HostToAsk extends HostQuestion {
  /** Runs programs on that host. */
  readonly run: Run;
}

/** What {@linkcode askHosts} is given. */
export interface AskDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How many hosts are asked at once. {@default 32} */
  readonly parallel?: number | undefined;
  /** Time limit of one host, in milliseconds. {@default 30000} */
  readonly limitMs?: number | undefined;
  /** Hare's program on the hosts. {@default HARE_PROGRAM} */
  readonly program?: string | undefined;
}

/** What came of asking one host. */
export interface HostReport {
  /** `[user@]hostname` as the CDF has it. */
  readonly host: string;
  readonly outcome: Answered | Failed;
}

/** The host has answered. */
export interface Answered {
  readonly kind: "answered";
  readonly answer: Answer;
  readonly clock: ClockDifference;
}

/** There is no answer. */
export interface Failed {
  readonly kind: "failed";
  /** The check that this fails. */
  readonly name: "reachable" | "hare-version";
  readonly message: string;
  readonly remedy: string;
}

/** How far a host's clock is ahead of this one's; the truth is within the uncertainty. */
export interface ClockDifference {
  /** Negative when it is behind. */
  readonly aheadMs: number;
  readonly uncertaintyMs: number;
}

/**
 * Asks all hosts.
 *
 * @returns a report for each, in the order of `hosts`
 * @throws the signal's reason when it is aborted
 */
export async function askHosts(
  hosts: readonly HostToAsk[],
  deps: AskDeps,
): Promise<readonly HostReport[]> {
  // Read to its end: this iterator must not be left early, and wraps what is thrown in it.
  const asked = await Array.fromAsync(
    pooledMap(deps.parallel ?? 32, hosts, async (host) => {
      const [outcome] = await Promise.allSettled([ask(host, deps)]);
      return { host: host.name, outcome };
    }),
  );
  deps.signal.throwIfAborted();
  return asked.map(({ host, outcome }) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return { host, outcome: outcome.value };
  });
}

async function ask(
  { name, question, run }: HostToAsk,
  { clock, signal, limitMs = 30_000, program = HARE_PROGRAM }: AskDeps,
): Promise<Answered | Failed> {
  // The program is killed at its time limit, and its output then shows its progress. This limit is
  // for a program that does not end.
  const limit = AbortSignal.timeout(limitMs * KILL_MARGIN);
  const within = AbortSignal.any([signal, limit]);
  // The units have the system's time zone, not that of the login.
  const argv = ["env", "-u", "TZ", program, "preflight", "--json"] as const;
  const options = { stdin: JSON.stringify(question), signal: within, limitMs };
  const began = clock.monotonic();
  let output: Output;
  try {
    output = await abortable(run(argv, options), within);
  } catch (error) {
    signal.throwIfAborted();
    const byHand = `try to log in there by hand: ssh ${name}`;
    const noAnswer = `no answer within ${limitMs / 1000} s`;
    if (limit.aborted) return unreachable(noAnswer, byHand);
    if (!(error instanceof HareError)) throw error;
    const isLate = error instanceof TimeLimitError;
    const message = isLate ? `${noAnswer}: ${error.message}` : error.message;
    return unreachable(message, error.hint ?? byHand);
  }
  // deno-lint-ignore clock/wall -- clocks are compared
  const receivedMs = clock.now();
  // The clock's present time: the clock may have been set meanwhile.
  const sentMs = receivedMs - (clock.monotonic() - began);
  const answer = answerIn(output, name, program);
  if ("kind" in answer) return answer;
  return { kind: "answered", answer, clock: differenceOf(answer.clock, sentMs, receivedMs) };
}

const KILL_MARGIN = 1.2;

/** The four times of a round trip, as NTP reckons with them. */
function differenceOf(
  there: Answer["clock"],
  sentMs: number,
  receivedMs: number,
): ClockDifference {
  const onTheWayMs = (receivedMs - sentMs) - (there.sentMs - there.receivedMs);
  return {
    aheadMs: ((there.receivedMs - sentMs) + (there.sentMs - receivedMs)) / 2,
    uncertaintyMs: Math.max(0, onTheWayMs / 2),
  };
}

/** The answer in what was printed, or why there is none. */
function answerIn(
  { code, stdout, stderr }: Output,
  host: string,
  program: string,
): Answer | Failed {
  const lines = stderr.trimEnd().split("\n");
  const last = lines.at(-1) ?? "";
  const otherHare = (message: string) =>
    failed("hare-version", message, `hare install --upgrade --host ${host}`);
  switch (code) {
    case NOT_FOUND:
      return failed(
        "hare-version",
        `hare is not installed: there is no ${program}`,
        `hare install --host ${host}`,
      );
    case NOT_EXECUTABLE:
      return otherHare(`hare cannot be run: ${last}`);
    case ExitStatus.usage:
      return otherHare(
        `another hare is installed, which does not understand this one: ${lines[0]}`,
      );
  }
  const read = readAnswer(stdout);
  switch (read.kind) {
    case "answer":
      return read.answer;
    case "other-form":
      return otherHare(`hare ${read.hare} is installed, which does not understand this one`);
    case "unreadable":
      if (code !== ExitStatus.done) {
        return otherHare(`hare preflight failed with exit status ${code}: ${last}`);
      }
      return unreachable(
        `what it says is no answer: ${read.why}`,
        `see what \`ssh ${host} ${program} --version\` prints`,
      );
  }
}

function unreachable(message: string, remedy: string): Failed {
  return failed("reachable", message, remedy);
}

function failed(name: Failed["name"], message: string, remedy: string): Failed {
  return { kind: "failed", name, message, remedy };
}
