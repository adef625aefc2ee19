/**
 * Rules of a site: an executable `/etc/hare/rules/<event type>` is run for each event of exactly
 * that type, by the leader, besides the rule that is built in, if there is one. It must be on every
 * node where a coordinator runs. One that is added, changed or removed counts from the next event.
 *
 * It is given the event in its environment, `HARE_EVENT_TYPE`, `HARE_EVENT_PAYLOAD` (the JSON, or
 * nothing) and `HARE_EVENT_EPOCH` (its number), and the payload on standard input as well, because
 * Linux lets no variable be longer than 128 KiB: a longer payload is on standard input alone. What
 * it prints goes to the log. Its exit status decides:
 *
 * - 0: done; the event is removed, together with what the built-in rule makes of it.
 * - 65 (EX_DATAERR): the event is no use; it is moved aside at once.
 * - anything else, or no end within the time limit, which is its death: a failure. It is run again
 *   a few times; then the event is moved aside. (What it starts must end too, or close its output.)
 *
 * It may be run again for the same event, by this leader or the next: it must be idempotent.
 *
 * @module
 */

import { HareError } from "../../lib/errors.ts";
import { ignoreNotFound } from "../../lib/files.ts";
import type { Logger } from "../../lib/log.ts";
import type { Output, Run } from "../../lib/process.ts";
import { join } from "../../lib/std/path.ts";
import { formatDuration } from "../../lib/duration.ts";
import { shown } from "../rejected.ts";
import { type Event, type Rule, type Rulebook, UnusableEvent } from "./rule.ts";

/** What a site's rules stand on. */
export interface SiteRulesDeps {
  /** The directory that the executables are in. */
  readonly directory: string;
  /** Time that one may take, in milliseconds. */
  readonly limitMs: number;
  readonly run: Run;
  readonly log: Logger;
}

/** A type that can be the name of a file in the directory, and of no other. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const MAX_VARIABLE_BYTES = 100 * 1024;
/** sysexits.h */
const EX_DATAERR = 65;
const EXECUTABLE = 0o111;
const WRITABLE_BY_OTHERS = 0o002;

/** The rules of `book`, and those of the site. */
export function withSiteRules(book: Rulebook, deps: SiteRulesDeps): Rulebook {
  return async (type) => {
    const builtIn = await book(type);
    if (!FILE_NAME.test(type)) return builtIn;
    const path = join(deps.directory, type);
    const file = await Deno.stat(path).catch(ignoreNotFound);
    if (file === undefined || !file.isFile) return builtIn;
    return siteRule(type, path, file, builtIn, deps);
  };
}

function siteRule(
  type: string,
  path: string,
  { mode }: Deno.FileInfo,
  builtIn: Rule | undefined,
  deps: SiteRulesDeps,
): Rule {
  return {
    type: builtIn?.type ?? type,
    async handle(event, context) {
      refuseUnlessUsable(path, mode ?? 0);
      const rest = await builtIn?.handle(event, context) ?? { ops: [], outcome: null };
      await execute(path, event, deps);
      const outcome = [rest.outcome, `${path} has run`].filter((one) => one !== null);
      return { ...rest, outcome: outcome.join("; ") };
    },
  };
}

function refuseUnlessUsable(path: string, mode: number): void {
  if ((mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new HareError(`${path} is not run, because anybody may write it: chmod o-w ${path}`);
  }
  if ((mode & EXECUTABLE) === 0) {
    throw new HareError(`${path} is not executable: chmod +x ${path}`);
  }
}

async function execute(path: string, event: Event, deps: SiteRulesDeps): Promise<void> {
  const { run, limitMs, log } = deps;
  const payload = event.body === undefined ? "" : JSON.stringify(event.body);
  const fits = new TextEncoder().encode(payload).length <= MAX_VARIABLE_BYTES;
  const output = await run([path], {
    limitMs,
    stdin: payload,
    env: {
      HARE_EVENT_TYPE: event.type,
      HARE_EVENT_PAYLOAD: fits ? payload : "",
      HARE_EVENT_EPOCH: String(event.epoch),
    },
  });
  for (const line of linesOf(output)) log.info("{path}: {line}", { path, line: shown(line) });
  if (output.code === 0) return;
  const how = `${path} ended with status ${output.code}`;
  throw output.code === EX_DATAERR ? new UnusableEvent(how) : new HareError(how, {
    hint: `it has ${formatDuration(limitMs)}, and ends with 0 when it is done`,
  });
}

function linesOf({ stdout, stderr }: Output): readonly string[] {
  return `${stdout}\n${stderr}`.split("\n").filter((line) => line !== "");
}
