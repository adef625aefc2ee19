/**
 * Those who ask for the entrypoint. Each gets exactly one answer, whatever happens.
 *
 * While there is no entrypoint (Consul has no leader, or is away) an asker is kept waiting for up to
 * a second and then told to come again: told at once, Mero's processes would come again every few
 * milliseconds, hax's own the first of them. Either answer links it, so that whoever may not be linked
 * yet gets none. Who comes back from an earlier hax is never told to come again: it would at once,
 * before it has taken its new link, and the library would take it for one whose link was ended, of
 * which it dies.
 *
 * @module
 */

import { systemClock } from "../lib/clock.ts";
import { formatFid } from "../lib/fid.ts";
import type { EntrypointReply, LinkEvents, Peer } from "./interface.ts";
import { cString, fidArray, readFid } from "./layout.ts";
import type { PromptLibrary } from "./symbols.ts";

/** Id of a request: the bytes, copied. */
export type RequestId = Uint8Array<ArrayBuffer>;

interface Waiting {
  readonly halink: Deno.PointerValue;
  readonly id: RequestId;
  readonly peer: Peer;
  /** Milliseconds of a clock that only counts. */
  readonly since: number;
}

/** The system's number for "come again". */
const EAGAIN = 11;
/** How long an asker waits for an entrypoint. */
const PATIENCE_MS = 1_000;
/** Askers that wait at most; any more are told to come again at once. */
const MAX_WAITING = 1_000;
/** Askers whose link is to come yet, at most; the library forgets some without a word. */
const MAX_ANSWERED = 10_000;

/** What is told of askers, and asked for them. */
type AskerEvents = Pick<LinkEvents, "mayLink" | "entrypoint" | "answered" | "fault">;

/** Askers that wait for an answer, and those whose link is to come. */
export class Askers {
  readonly #library: PromptLibrary;
  readonly #events: AskerEvents;
  readonly #peers = new Map<string, Peer>();
  #waiting: Waiting[] = [];
  #maxWaiting = MAX_WAITING;

  constructor(library: PromptLibrary, events: AskerEvents) {
    this.#library = library;
    this.#events = events;
  }

  /** Whether somebody waits. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Answers a request, or keeps it waiting. */
  ask(halink: Deno.PointerValue, id: RequestId, peer: Peer): void {
    const [oldest] = this.#peers.keys();
    if (oldest !== undefined && this.#peers.size >= MAX_ANSWERED) this.#peers.delete(oldest);
    this.#peers.set(textOf(id), peer);
    const asker = { halink, id, peer, since: systemClock.monotonic() };
    const isPatient = this.#waiting.length < this.#maxWaiting;
    if (!this.#settle(asker, 0, isPatient)) this.#waiting.push(asker);
  }

  /** Answers those who wait, where there is an answer now or they have waited long enough. */
  answerWaiting(): void {
    const now = systemClock.monotonic();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const asker of waiting) {
      const waitedMs = now - asker.since;
      const isPatient = waitedMs < PATIENCE_MS && this.#maxWaiting > 0;
      if (!this.#settle(asker, waitedMs, isPatient)) this.#waiting.push(asker);
    }
  }

  /** Lets nobody wait any longer, now or later. */
  close(): void {
    this.#maxWaiting = 0;
    this.answerWaiting();
  }

  /** Who made the request with this id, whose link has come or never will. */
  take(id: RequestId): Peer | null {
    const key = textOf(id);
    const peer = this.#peers.get(key) ?? null;
    this.#peers.delete(key);
    return peer;
  }

  /** Answers an asker, unless it is to wait. */
  #settle(asker: Waiting, waitedMs: number, isPatient: boolean): boolean {
    const { peer } = asker;
    const isClosed = this.#maxWaiting === 0;
    if (!isClosed && !this.#guard(() => this.#events.mayLink(peer, waitedMs), true)) return false;
    const reply = this.#guard(() => this.#events.entrypoint(peer), null);
    if (reply === null && (isPatient || !isClosed && !peer.isFirst)) return false;
    this.#answer(asker, reply);
    return true;
  }

  #guard<T>(ask: () => T, otherwise: T): T {
    try {
      return ask();
    } catch (error) {
      this.#events.fault(error);
      return otherwise;
    }
  }

  #answer({ halink, id, since }: Waiting, reply: EntrypointReply | null): void {
    this.#events.answered(reply !== null, systemClock.monotonic() - since);
    const send = this.#library.symbols.m0_halon_interface_entrypoint_reply;
    const idPointer = Deno.UnsafePointer.of(id);
    if (reply === null) return send(halink, idPointer, -EAGAIN, 0, null, null, 0, null, null);
    const { confds, quorum, rm } = reply;
    const texts = confds.map(({ endpoint }) => cString(endpoint));
    const pointers = BigUint64Array.from(
      texts,
      (text) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(text)),
    );
    const fids = fidArray(confds.map(({ fid }) => fid));
    send(
      ...[halink, idPointer, 0, confds.length, fids, pointers, quorum] as const,
      ...[fidArray([rm.fid]), cString(rm.endpoint)] as const,
    );
    texts.length = 0; // what the pointers point to had to live until here
  }
}

function textOf(id: RequestId): string {
  return formatFid(readFid(new DataView(id.buffer), 0));
}
