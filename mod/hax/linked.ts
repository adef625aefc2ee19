/**
 * Who is linked with hax, hax's own process among them.
 *
 * @module
 */

import type { LinkId, Peer } from "../halink/mod.ts";
import { type Fid, formatFid } from "../lib/fid.ts";
import type { StartOf } from "./presence.ts";

/** What is known of a link's other end. */
interface End {
  readonly peer: Peer | null;
  /** Start time of the peer's process; `null` if it had already ended. */
  readonly start: number | null;
  /** Its process was gone when it was last looked at. */
  isGone: boolean;
  /** m0mkfs speaks for nobody but itself. */
  isMkfs: boolean;
}

/** The links of one interface. */
export class Linked {
  readonly #own: Fid;
  readonly #startOf: StartOf;
  readonly #ends = new Map<LinkId, End>();

  /** @param own hax's own process */
  constructor(own: Fid, startOf: StartOf) {
    this.#own = own;
    this.#startOf = startOf;
  }

  /** How many links there are. */
  get size(): number {
    return this.#ends.size;
  }

  /** Links of hax's own process: one, once its library has let it in. */
  get own(): readonly LinkId[] {
    return [...this.#ends.keys()].filter((link) => this.isOwn(link));
  }

  /** Links of others. */
  get others(): readonly LinkId[] {
    return [...this.#ends.keys()].filter((link) => !this.isOwn(link));
  }

  /** A link is there. */
  add(link: LinkId, peer: Peer | null): void {
    const start = peer === null ? null : this.#startOf(peer.pid);
    this.#ends.set(link, { peer, start, isGone: false, isMkfs: false });
  }

  /** A link is there no more; whose it was. */
  remove(link: LinkId): Peer | null {
    const peer = this.peerOf(link);
    this.#ends.delete(link);
    return peer;
  }

  /** Who is at the other end; `null` where nobody knows. */
  peerOf(link: LinkId): Peer | null {
    return this.#ends.get(link)?.peer ?? null;
  }

  /** Whether it is a link of hax's own process. */
  isOwn(link: LinkId): boolean {
    const peer = this.peerOf(link);
    return peer !== null && isSame(peer.process, this.#own);
  }

  /**
   * Whether the process with this pid is linked. A link outlives its process, whose pid another
   * process may have by now.
   */
  has(process: Fid, pid: number | null): boolean {
    return [...this.#ends.values()].some((end) =>
      end.peer !== null && isSame(end.peer.process, process) && end.peer.pid === pid &&
      end.start === this.#startOf(end.peer.pid)
    );
  }

  /** Whether the peer's process has ended; `false` if the process is unknown. */
  hasEnded(link: LinkId): boolean {
    const end = this.#ends.get(link);
    return end !== undefined && this.#isOver(end);
  }

  #isOver({ peer, start }: End): boolean {
    if (peer === null) return false;
    const now = this.#startOf(peer.pid);
    return now === null || now !== start;
  }

  /** Whether m0mkfs has spoken over it last. */
  isOfMkfs(link: LinkId): boolean {
    return this.#ends.get(link)?.isMkfs === true;
  }

  /** What has spoken over a link. */
  spoke(link: LinkId, isMkfs: boolean): void {
    const end = this.#ends.get(link);
    if (end !== undefined) end.isMkfs = isMkfs;
  }

  /**
   * Processes of all links that have ended. A process must be absent in two checks in a row,
   * because it may just be ending.
   */
  gone(): readonly Fid[] {
    const gone = new Map<string, Fid>();
    const alive = new Set<string>();
    for (const end of this.#ends.values()) {
      if (end.peer === null) continue;
      const { process } = end.peer;
      const wasGone = end.isGone;
      end.isGone = this.#isOver(end);
      if (wasGone && end.isGone) gone.set(formatFid(process), process);
      else alive.add(formatFid(process));
    }
    return [...gone].flatMap(([name, fid]) => alive.has(name) ? [] : [fid]);
  }
}

function isSame(a: Fid, b: Fid): boolean {
  return a.container === b.container && a.key === b.key;
}

/** What the log calls who is at the other end. */
export function nameOf(peer: Peer | null): string {
  return peer === null ? "a process that did not ask" : formatFid(peer.process);
}
