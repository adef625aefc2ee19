/**
 * The HA link's interface as the rest of Hare sees it: what it tells, what it is told.
 *
 * @module
 */

import type { Fid } from "../lib/fid.ts";
import type { ErrorKind, Message } from "./message.ts";

export type { ErrorKind, Message };

/** A link to a process; the library knows it by this number until it is closed. */
export type LinkId = bigint;

/** Who is at the other end of a link. */
export interface Peer {
  readonly process: Fid;
  readonly endpoint: string;
  readonly pid: number;
  /** It asks to be let in; else it is in, and asks again or comes back from an earlier hax. */
  readonly isFirst: boolean;
}

/** A confd, as a client is told of it. */
export interface ConfdPlace {
  readonly fid: Fid;
  readonly endpoint: string;
}

/** The answer to a request for the entrypoint. */
export interface EntrypointReply {
  readonly confds: readonly ConfdPlace[];
  /** How many confds must agree. */
  readonly quorum: number;
  readonly rm: ConfdPlace;
}

/**
 * What is told of the link. Each is called while a thread of the library waits: it answers from
 * memory, keeps what it needs, and returns. What one throws is caught and goes to `fault`.
 */
export interface LinkEvents {
  /** Whether whoever asks, and has waited so long, may be answered now, which links it. */
  mayLink(peer: Peer, waitedMs: number): boolean;
  /** Somebody asks for the entrypoint; `null` while there is none (see `askers.ts`). */
  entrypoint(peer: Peer): EntrypointReply | null;
  /** Who asked has an answer, the entrypoint or to come again, after this time in milliseconds. */
  answered(hasEntrypoint: boolean, waitedMs: number): void;
  connected(link: LinkId, peer: Peer | null): void;
  message(link: LinkId, message: Message): void;
  /** A message that was sent has come to its end, delivered or not. */
  sent(link: LinkId, isDelivered: boolean): void;
  /** Nothing can be sent over this link any more. */
  closed(link: LinkId): void;
  /** A callback failed: a fault of the program. */
  fault(error: unknown): void;
}
