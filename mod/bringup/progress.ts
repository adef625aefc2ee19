/**
 * What a person sees of a bring-up: one line a phase, and on a terminal one line that lives while
 * the phase does. Pure: state and time in, text out.
 *
 * @module
 */

import { fitted, visible } from "../lib/visible.ts";
import type { BringUpEvent } from "./engine.ts";

/** The phase at work. */
export interface ProgressState {
  readonly number: number;
  readonly of: number;
  readonly title: string;
  /** When it began, in milliseconds since the epoch. */
  readonly since: number;
  /** Hosts not finished yet. */
  readonly waiting: readonly string[];
  readonly hosts: number;
}

/**
 * The state after an event; `null` between phases.
 *
 * @param now milliseconds since the epoch
 */
export function progressAfter(
  state: ProgressState | null,
  event: BringUpEvent,
  now: number,
): ProgressState | null {
  switch (event.event) {
    case "phase":
      return { ...event, since: now, waiting: event.hosts, hosts: event.hosts.length };
    case "host":
      return state && { ...state, waiting: state.waiting.filter((host) => host !== event.host) };
    case "phase-end":
      return null;
  }
}

/**
 * The line that lives: `[3/11] start the Consul servers: 1 of 3 hosts, 1.2 s (ssc-vm2, ssc-vm3)`.
 *
 * @param now milliseconds since the epoch
 * @param columns width that it must not exceed
 */
export function liveLine(state: ProgressState, now: number, columns: number): string {
  const seconds = ((now - state.since) / 1000).toFixed(1);
  const done = state.hosts - state.waiting.length;
  const hosts = state.hosts > 1 ? `${done} of ${state.hosts} hosts, ` : "";
  const names = state.hosts > 1 && done > 0 && done < state.hosts
    ? ` (waiting for ${state.waiting.join(", ")})`
    : "";
  const line = `${head(state)} ${state.title}: ${hosts}${seconds} s${names}`;
  // The last column stays free: a terminal may begin a new line after it.
  return fitted(visible(line), columns - 1);
}

/** The lines that stay, for an event that ends something: none for most. */
export function lastingLines(state: ProgressState | null, event: BringUpEvent): readonly string[] {
  if (event.event === "host" && event.outcome === "failed") {
    return [`       ${event.host}: FAILED after ${event.seconds.toFixed(1)} s`];
  }
  if (event.event !== "phase-end" || state === null) return [];
  const how = {
    done: `${event.seconds.toFixed(1)} s`,
    already: "was done already",
    none: "no host needs it",
    failed: `FAILED after ${event.seconds.toFixed(1)} s`,
  }[event.outcome];
  return [
    `${head(state)} ${state.title} ${".".repeat(Math.max(2, 40 - state.title.length))} ${how}`,
  ];
}

function head({ number, of }: ProgressState): string {
  const width = String(of).length;
  return `[${String(number).padStart(width)}/${of}]`;
}
