/**
 * What an event asks of the rules: the rule for it is found, asked, and its answer, whatever it is,
 * becomes the input of a step.
 *
 * @module
 */

import { EventSyntaxError, parseEvent } from "../kv/event.ts";
import { messageOf } from "../lib/errors.ts";
import type { LeaderDeps, Leadership } from "./leadership.ts";
import type { QueueEntry } from "./queue_reading.ts";
import { type Rulebook, UnusableEvent } from "./rules/rule.ts";
import type { Input } from "./step.ts";

/** What a {@linkcode Question} stands on. */
export interface QuestionDeps extends LeaderDeps {
  readonly leadership: Leadership;
  readonly rules: Rulebook;
  readonly lookAtTimeouts: () => void;
}

/** An event, and the rule that is to answer. */
export interface Question {
  /** The rule's type, or `other` where there is none. */
  readonly type: string;
  /** Whether it may be committed together with others: see `rules/rule.ts`. */
  readonly independent: boolean;
  /**
   * Asks the rule.
   *
   * @throws the reason of the end of leadership
   */
  ask(): Promise<Answer>;
}

/** What comes of asking. */
export type Answer = Input & { readonly is: "answered" | "failed" };

/** The question that is in an entry. */
export async function questionIn(entry: QueueEntry, deps: QuestionDeps): Promise<Question> {
  const { consul, clock, leadership, lookAtTimeouts } = deps;
  const event = eventIn(entry);
  if (typeof event === "string") return unanswerable(event);
  const rule = await deps.rules(event.type);
  if (rule === undefined) return unanswerable(`no rule for events of type ${event.type}`);
  const { key, epoch, index } = entry;
  const about = { key, epoch, index, type: event.type, body: event.body };
  return {
    type: rule.type,
    independent: rule.independent === true,
    async ask() {
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
        leadership.signal.throwIfAborted();
        const forGood = error instanceof UnusableEvent;
        return { is: "failed", reason: messageOf(error), forGood };
      }
    },
  };
}

function unanswerable(reason: string): Question {
  return {
    type: "other",
    independent: false,
    ask: () => Promise.resolve({ is: "failed", reason, forGood: true }),
  };
}

/** The event in an entry, or why there is none. */
function eventIn({ text }: QueueEntry): ReturnType<typeof parseEvent> | string {
  try {
    return parseEvent(text);
  } catch (error) {
    if (error instanceof EventSyntaxError) return error.message;
    throw error;
  }
}
