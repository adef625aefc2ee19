/**
 * `hare check-service`: a state as an exit status, for scripts.
 *
 * @module
 */

import { type Checked, checkService, hasSystemd, type UnitState } from "../hax/check_service.ts";
import { processOfServiceIdIfAny } from "../hax/service_id.ts";
import { ConsulError } from "../consul/mod.ts";
import { UsageError } from "../lib/errors.ts";
import type { Fid } from "../lib/fid.ts";
import { loggerOf } from "../lib/log.ts";
import {
  command,
  type CommandUnknownOpts,
  examples,
  InvalidArgumentError,
  Option,
} from "./command.ts";
import type { Context } from "./context.ts";
import { processFids } from "./live_values.ts";
import { completedBy } from "./values.ts";

/** Options of `hare check-service`. */
export interface CheckServiceOptions {
  readonly hax?: boolean | undefined;
  readonly fid?: Fid | undefined;
}

const log = loggerOf("check-service");

/** Exit statuses: the result of the command. */
const STATUS = { active: 0, other: 1, failed: 2 } as const satisfies Record<
  UnitState["state"],
  number
>;

/** The sub-command. */
export function checkServiceCommand(context: Context): CommandUnknownOpts {
  return command("check-service")
    .description("Exit 0 when a service of this node is active, 2 when it failed, 1 otherwise.")
    .addOption(new Option("--hax", "this node's hax").conflicts("fid"))
    .addOption(
      completedBy(
        new Option("--fid <fid>", "the Mero process with this fid").argParser(parseProcess),
        processFids,
      ),
    )
    .addHelpText(
      "after",
      examples(
        ["hare check-service --hax && echo hax runs"],
        ["hare --verbose check-service --fid 0x7200000000000001:0x9", "says why, too"],
      ),
    )
    .action((options) => runCheckService(options, context));
}

/** Sets the exit status; prints nothing. */
export async function runCheckService(
  options: CheckServiceOptions,
  context: Context,
): Promise<void> {
  const { state, why } = await stateOf(checkedOf(options), context);
  log.debug("{state}: {why}", { state, why });
  context.setExitStatus(STATUS[state]);
}

async function stateOf(checked: Checked, context: Context): Promise<UnitState> {
  const { run, signal } = context;
  try {
    return await checkService(checked, { run, signal, consul: context.consul(), hasSystemd });
  } catch (error) {
    if (!(error instanceof ConsulError)) throw error;
    return { state: "other", why: error.message };
  }
}

function checkedOf({ hax, fid }: CheckServiceOptions): Checked {
  if (fid !== undefined) return { what: "process", fid };
  if (hax === true) return { what: "hax" };
  throw new UsageError("check-service was not told of what", { hint: "give --hax or --fid FID" });
}

function parseProcess(text: string): Fid {
  const fid = processOfServiceIdIfAny(text);
  if (fid !== null) return fid;
  throw new InvalidArgumentError("Write a process fid, as in 0x7200000000000001:0x9.");
}
