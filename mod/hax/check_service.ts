/**
 * The state of this node's hax, or of one of its Mero processes, for scripts (spec: commands.md,
 * `hare check-service`).
 *
 * Where systemd knows the unit, it is asked; elsewhere, and in the development cluster, the node's
 * hax is, which the local Consul agent knows.
 *
 * @module
 */

import type { Agent } from "../consul/mod.ts";
import { messageOf } from "../lib/errors.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import { formatListen } from "../lib/listen.ts";
import type { Run } from "../lib/process.ts";
import { statusOf } from "./health.ts";
import { HAX_SERVICE } from "./identity.ts";

/** Whose state is asked for. */
export type Checked = { readonly what: "hax" } | { readonly what: "process"; readonly fid: Fid };

/** A state, and how it is known. */
export interface UnitState {
  readonly state: "active" | "failed" | "other";
  readonly why: string;
}

/** What {@linkcode checkService} stands on. */
export interface CheckServiceDeps {
  readonly run: Run;
  readonly consul: { readonly agent: Pick<Agent, "self" | "services"> };
  readonly signal: AbortSignal;
  /** Whether systemd runs this machine. */
  readonly hasSystemd: () => Promise<boolean>;
}

/** hax answers from memory: one that takes longer hangs. */
const ANSWER_LIMIT_MS = 5_000;

/**
 * The state of hax or of a process.
 *
 * @throws {HareError} when it cannot be found out
 */
export async function checkService(checked: Checked, deps: CheckServiceDeps): Promise<UnitState> {
  return await checkUnit(checked, deps) ?? await checkOverHttp(checked, deps);
}

/** Whether systemd runs this machine: as sd_booted(3) tells it. */
export async function hasSystemd(): Promise<boolean> {
  try {
    return (await Deno.stat("/run/systemd/system")).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What systemd says; `null` where it has no such unit. */
async function checkUnit(checked: Checked, deps: CheckServiceDeps): Promise<UnitState | null> {
  if (!await deps.hasSystemd()) return null;
  const unit = checked.what === "hax"
    ? "hare-hax.service"
    : `m0d@${formatFid(checked.fid)}.service`;
  // `is-active` would call a unit that does not exist inactive.
  const show = ["systemctl", "show", "--property=LoadState,ActiveState", "--", unit] as const;
  const { stdout } = await deps.run(show, { signal: deps.signal });
  const property = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(stdout)?.[1] ?? "";
  if (["", "not-found"].includes(property("LoadState"))) return null;
  const active = property("ActiveState");
  return { state: stateOfUnit(active), why: `${unit} is ${active}` };
}

function stateOfUnit(active: string): UnitState["state"] {
  switch (active) {
    case "active":
    case "reloading":
      return "active";
    case "failed":
      return "failed";
    default:
      return "other";
  }
}

/** What the node's hax says, or that it says nothing. */
async function checkOverHttp(checked: Checked, deps: CheckServiceDeps): Promise<UnitState> {
  const hax = await findHax(deps);
  if (hax === null) return { state: "other", why: `no ${HAX_SERVICE} is registered on this node` };
  const isHax = checked.what === "hax";
  const url = `${hax}/${isHax ? "" : `health/${formatFid(checked.fid)}`}`;
  const limit = AbortSignal.any([deps.signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { signal: limit });
    text = (await response.text()).trim();
  } catch (error) {
    deps.signal.throwIfAborted();
    // Without hax nothing is known of a process, though it may well run.
    return { state: isHax ? "failed" : "other", why: `${url}: ${messageOf(error)}` };
  }
  return { state: stateOfAnswer(response.status), why: `${url}: ${text}` };
}

function stateOfAnswer(status: number): UnitState["state"] {
  switch (status) {
    case statusOf("passing"):
      return "active";
    case statusOf("critical"):
      return "failed";
    default:
      return "other";
  }
}

/** Where the node's hax answers, or `null` where the agent knows of none. */
async function findHax({ consul, signal }: CheckServiceDeps): Promise<string | null> {
  const services = await consul.agent.services({ signal });
  const service = services.find(({ name }) => name === HAX_SERVICE);
  if (service === undefined) return null;
  const host = service.address || (await consul.agent.self({ signal })).address;
  return `http://${formatListen({ hostname: host, port: service.port })}`;
}
