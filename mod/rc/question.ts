/**
 * What an event asks of the rules: the rule for it is found, asked, and its answer, whatever it is,
 * becomes the input of a step.
 *
 * @module
 */

import { EventSyntaxError, type HareEvent, parseEvent } from "../kv/event.ts";
import { HareError, messageOf, stackOf } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { endsTerm, type LeaderDeps, type Leadership } from "./leadership.ts";
import type { Mishaps } from "./mishaps.ts";
import type { QueueEntry } from "./queue_reading.ts";
import { shown } from "./rejected.ts";
import { type Rule, type Rulebook, UnusableEvent } from "./rules/rule.ts";
import type { Input } from "./step.ts";

/** What a {@linkcode Question} stands on. */
export interface QuestionDeps extends LeaderDeps {
  readonly leadership: Leadership;
  readonly rules: Rulebook;
  readonly lookAtTimeouts: () => void;
  readonly log: Logger;
  readonly mishaps: Mishaps;
}

/** An event, and the rule that is to answer. */
export interface Question {
  /** The rule's type, or `other` where there is none. */
  readonly type: string;
  /** Whether it may be committed together with others: see `rules/rule.ts`. */
  readonly independent: boolean;
  /**
   * Runs the rule. An error of the rule becomes its answer.
   *
   * @throws the reason of the end of leadership
   */
  ask(): Promise<Answer>;
}

/** What comes of asking. */
export type Answer = Input & { readonly is: "answered" | "failed" };

/** The question that is in an entry. */
export async function questionIn(entry: QueueEntry, deps: QuestionDeps): Promise<Question> {
  try {
    const event = parseEvent(entry.text);
    const rule = await deps.rules(event.type);
    if (rule === undefined) {
      return unanswerable(`no rule for events of type ${shown(event.type)}`, true);
    }
    const { problem, type, independent = false } = rule;
    if (problem !== undefined) deps.mishaps.report(problem);
    return { type, independent, ask: () => ask(rule, entry, event, deps) };
  } catch (error) {
    return unanswerable(failureOf(error, entry, deps), error instanceof EventSyntaxError);
  }
}

async function ask(
  rule: Rule,
  entry: QueueEntry,
  { type, body }: HareEvent,
  deps: QuestionDeps,
): Promise<Answer> {
  const { consul, clock, leadership, lookAtTimeouts } = deps;
  const { key, epoch, index } = entry;
  const about = { key, epoch, index, type, body };
  try {
    const effects = await leadership.patiently(
      "rule",
      async () => {
        // deno-lint-ignore clock/wall -- rules set timeouts, which are due by the wall clock
        return await rule.handle(about, { consul, now: clock.now(), lookAtTimeouts });
      },
    );
    return { is: "answered", effects };
  } catch (error) {
    const forGood = error instanceof UnusableEvent;
    return { is: "failed", reason: failureOf(error, entry, deps), forGood };
  }
}

/**
 * The message for an error that `entry` has caused. An unexpected error is logged with its stack.
 *
 * @throws the error, if it ends the term
 */
export function failureOf(
  error: unknown,
  entry: Pick<QueueEntry, "key">,
  { leadership, log }: Pick<QuestionDeps, "leadership" | "log">,
): string {
  if (endsTerm(error, leadership.signal)) throw leadership.signal.reason ?? error;
  if (!(error instanceof HareError)) {
    log.error("{key}: unexpected failure: {stack}", { key: entry.key, stack: stackOf(error) });
  }
  return shown(messageOf(error));
}

function unanswerable(reason: string, forGood: boolean): Question {
  return {
    type: "other",
    independent: false,
    ask: () => Promise.resolve({ is: "failed", reason, forGood }),
  };
}
