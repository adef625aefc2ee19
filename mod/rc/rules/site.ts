/**
 * Rules of a site: an executable `/etc/hare/rules/<event type>` is run for each event of exactly
 * that type, by the leader, besides the rule that is built in, if there is one. It must be on every
 * node where a coordinator runs. One that is added, changed or removed counts from the next event.
 *
 * The file and every directory above it, after all links, must belong to root or to the user that
 * `hare rc` runs as, and must not be writable by group or others: see `lib/trusted_file.ts`. What is
 * run is the path without links. A file that is not trusted, is not executable, or cannot be looked
 * up is not run. That is reported once in the log and as the last error of `hare rc status`. Events
 * of a type that Hare has a rule for are then handled by that rule alone; others fail with the reason.
 *
 * It is given the event in its environment, `HARE_EVENT_TYPE`, `HARE_EVENT_PAYLOAD` (the JSON, or
 * nothing) and `HARE_EVENT_EPOCH` (its number), and the payload on standard input as well, because
 * Linux lets no variable be longer than 128 KiB: a longer payload is on standard input alone. Besides
 * these it has `PATH`, `HOME`, `LANG`, `LC_…`, `TZ` and `CONSUL_HTTP_ADDR` of `hare rc`, and nothing
 * else: a rule that needs a token for Consul brings its own (`CONSUL_HTTP_TOKEN_FILE`). What it
 * prints goes to the log, at most {@linkcode MAX_LINES} lines. Its exit status decides:
 *
 * - 0: done; the event is removed, together with what the built-in rule makes of it.
 * - 65 (EX_DATAERR): the event is no use; it is moved aside at once.
 * - anything else, or no end within the time limit, which is its death: a failure. It is run again
 *   a few times; then the event is moved aside.
 *
 * When it ends, what it has started ends with it: what shall go on needs a session of its own
 * (`setsid`), or is another service's to do. It may be run again for the same event, by this leader or the
 * next: it must be idempotent.
 *
 * @module
 */

import { HareError, messageOf } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Output, Run } from "../../lib/process.ts";
import { dirname, join, resolve } from "../../lib/std/path.ts";
import { formatDuration } from "../../lib/duration.ts";
import { type TrustedFile, trustedFile, UntrustedFile } from "../../lib/trusted_file.ts";
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
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/;
const MAX_VARIABLE_BYTES = 100 * 1024;
/** sysexits.h */
const EX_DATAERR = 65;
const EXECUTABLE = 0o111;
/** Limits of a rule's output: bytes that are kept, and lines that are logged. */
const MAX_OUTPUT = 64 * 1024;
const MAX_LINES = 100;

/** The rules of `book`, and those of the site. */
export function withSiteRules(book: Rulebook, deps: SiteRulesDeps): Rulebook {
  const directory = resolve(deps.directory);
  return async (type) => {
    const builtIn = await book(type);
    if (!FILE_NAME.test(type)) return builtIn;
    const path = join(directory, type);
    try {
      const file = await trustedFile(path);
      if (file === null) return builtIn;
      if ((file.mode & EXECUTABLE) === 0) {
        throw new HareError(`it is not executable`, { hint: `chmod +x ${file.path}` });
      }
      return siteRule(type, path, file, builtIn, deps);
    } catch (error) {
      return unusableRule(type, reasonOf(path, error), builtIn);
    }
  };
}

function reasonOf(path: string, error: unknown): string {
  const hint = error instanceof HareError ? error.hint : undefined;
  // A problem of the directory is reported once, not once for each rule.
  const isAbove = error instanceof UntrustedFile && `${dirname(path)}/`.startsWith(error.place);
  const what = isAbove ? `no rule in ${dirname(path)} is run` : `${path} is not run`;
  return `${what}: ${messageOf(error)}${hint === undefined ? "" : ` (${hint})`}`;
}

/** Only the built-in rule applies, if there is one. */
function unusableRule(type: string, problem: string, builtIn: Rule | undefined): Rule {
  if (builtIn !== undefined) return { ...builtIn, problem };
  return {
    type,
    problem,
    handle: () => {
      throw new HareError(problem);
    },
  };
}

function siteRule(
  type: string,
  path: string,
  file: TrustedFile,
  builtIn: Rule | undefined,
  deps: SiteRulesDeps,
): Rule {
  return {
    type: builtIn?.type ?? type,
    async handle(event, context) {
      const rest = await builtIn?.handle(event, context) ?? { ops: [], outcome: null };
      await execute(path, file.path, event, deps);
      const outcome = [rest.outcome, `${path} has run`].filter((one) => one !== null);
      return { ...rest, outcome: outcome.join("; ") };
    },
  };
}

async function execute(
  path: string,
  program: string,
  event: Event,
  deps: SiteRulesDeps,
): Promise<void> {
  const { run, limitMs, log } = deps;
  const payload = event.body === undefined ? "" : JSON.stringify(event.body);
  const fits = new TextEncoder().encode(payload).length <= MAX_VARIABLE_BYTES;
  const output = await run([program], {
    limitMs,
    site: true,
    maxOutput: MAX_OUTPUT,
    stdin: payload,
    env: {
      HARE_EVENT_TYPE: event.type,
      HARE_EVENT_PAYLOAD: fits ? payload : "",
      HARE_EVENT_EPOCH: String(event.epoch),
    },
  });
  const lines = linesOf(output);
  for (const line of lines.slice(0, MAX_LINES)) {
    log.info("{path}: {line}", { path, line: shown(line) });
  }
  if (lines.length > MAX_LINES) {
    log.info("{path}: {n} lines more", { path, n: lines.length - MAX_LINES });
  }
  if (output.code === 0) return;
  const how = `${path} ended with status ${output.code}`;
  throw output.code === EX_DATAERR ? new UnusableEvent(how) : new HareError(how, {
    hint: `it has ${formatDuration(limitMs)}, and ends with 0 when it is done`,
  });
}

function linesOf({ stdout, stderr }: Output): readonly string[] {
  return `${stdout}\n${stderr}`.split("\n").filter((line) => line !== "");
}
