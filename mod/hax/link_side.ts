/**
 * hax's side of the HA link: who is linked, what each is told, what each asks and says (spec:
 * halink.md, HA link side).
 *
 * Everything that comes from the library is answered from memory, at once. What is to be recorded
 * goes into bounded queues; where one is full, what does not fit is counted and named in the log.
 *
 * @module
 */

import type { EntrypointAnswer } from "../entrypoint/entrypoint.ts";
import type {
  EntrypointReply,
  HaLink,
  KnownState,
  LinkEvents,
  LinkId,
  Message,
  Note,
  Peer,
} from "../halink/mod.ts";
import type { HareEvent } from "../kv/event.ts";
import { type Fid, FID_TYPES, formatFid } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";
import { Counter, gauge, Histogram, type Metric } from "../lib/metrics.ts";
import { Outbox } from "./outbox.ts";
import type { Report } from "./transition.ts";

/** The link, as far as this uses it. */
export type Link = Pick<HaLink, "sendStates" | "sendFailureVector">;

/** What a {@linkcode LinkSide} stands on. */
export interface LinkSideDeps {
  /** hax's own process. */
  readonly own: Fid;
  /** The entrypoint of this moment. */
  readonly entrypoint: () => EntrypointAnswer;
  /** The state of an object, for this asker. */
  readonly stateFor: (asker: Fid | null, fid: Fid) => KnownState;
  /** States that a process which is newly linked must know. */
  readonly statesToKnow: (linked: Fid | null) => readonly Note[];
  /** Takes what a process says of itself. */
  readonly report: (fid: Fid, report: Report) => void;
  /** Puts an event on the event queue, later; `false` where there is no room. */
  readonly putEvent: (event: HareEvent) => boolean;
  readonly log: Logger;
}

/** What is known of a link's other end. */
interface Linked {
  readonly peer: Peer | null;
  /** Its process was gone when it was last looked at. */
  isGone: boolean;
  /** m0mkfs speaks for nobody but itself. */
  isMkfs: boolean;
}

/** All links of one interface. */
export class LinkSide implements LinkEvents {
  readonly #deps: LinkSideDeps;
  readonly #linked = new Map<LinkId, Linked>();
  readonly #outbox: Outbox;
  readonly #asked = new Counter(
    "hare_hax_entrypoint_requests_total",
    "Requests for the entrypoint over the HA link.",
  );
  readonly #waits = new Histogram(
    "hare_hax_entrypoint_seconds",
    "How long those who ask for the entrypoint wait for an answer.",
    [0.001, 0.005, 0.02, 0.1, 0.5, 1],
  );
  readonly #messages = new Counter("hare_hax_link_messages_total", "Messages over the HA link.");
  /** Pids of those that asked last, by the fid of the process that they want to be. */
  readonly #pids = new Map<string, number>();
  #link: Link | null = null;

  constructor(deps: LinkSideDeps) {
    this.#deps = deps;
    this.#outbox = new Outbox({
      send: (to, notes) => this.#link?.sendStates(to, { notes }),
    });
  }

  /** The link that answers go over; set before it is started. */
  use(link: Link): void {
    this.#link = link;
  }

  /** Whether the process with this pid is linked; a link outlives its process. */
  isLinked(process: Fid, pid: number | null): boolean {
    return [...this.#linked.values()].some(({ peer }) =>
      peer !== null && isSame(peer.process, process) && peer.pid === pid
    );
  }

  /** Pid of the process that asked last for the entrypoint as `process`, if any has. */
  pidOf(process: Fid): number | null {
    return this.#pids.get(formatFid(process)) ?? null;
  }

  /** Tells every linked process these states, in this order. */
  tell(notes: readonly Note[]): void {
    for (const link of this.#outbox.links) this.#outbox.tell(link, notes);
  }

  /**
   * Has the library let go of processes that have ended: it would keep their links for ever. It does
   * so when its own process is told that the other has failed, having known it as online; and then of
   * all links of that process, so that none may be there that lives.
   *
   * @param pidExists whether a process is there; one must be gone twice, as it may just be ending
   */
  letGo(pidExists: (pid: number) => boolean): void {
    const gone = new Map<string, Fid>();
    const alive = new Set<string>();
    for (const linked of this.#linked.values()) {
      if (linked.peer === null) continue;
      const { process, pid } = linked.peer;
      const wasGone = linked.isGone;
      linked.isGone = !pidExists(pid);
      if (wasGone && linked.isGone) gone.set(formatFid(process), process);
      else alive.add(formatFid(process));
    }
    for (const [name, fid] of gone) if (!alive.has(name)) this.#tellOwn(fid);
  }

  #tellOwn(fid: Fid): void {
    for (const [link, { peer }] of this.#linked) {
      if (peer === null || !isSame(peer.process, this.#deps.own)) continue;
      this.#outbox.tell(link, [{ fid, state: "online" }, { fid, state: "failed" }]);
    }
  }

  entrypoint(peer: Peer): EntrypointReply | null {
    this.#pids.set(formatFid(peer.process), peer.pid);
    const answer = this.#deps.entrypoint();
    if (!answer.known) {
      this.#deps.log.debug("{process} asks for the entrypoint, of which there is none: {why}", {
        process: formatFid(peer.process),
        why: answer.why,
      });
      return null;
    }
    const { confds, quorum, principalRm } = answer.entrypoint;
    return {
      confds: confds.map(({ fid, address }) => ({ fid, endpoint: address })),
      quorum,
      rm: { fid: principalRm.fid, endpoint: principalRm.address },
    };
  }

  answered(hasEntrypoint: boolean, waitedMs: number): void {
    this.#asked.add({ answer: hasEntrypoint ? "entrypoint" : "come again" });
    this.#waits.observe(waitedMs / 1000);
  }

  connected(link: LinkId, peer: Peer | null): void {
    this.#linked.set(link, { peer, isGone: false, isMkfs: false });
    this.#outbox.open(link);
    this.#outbox.tell(link, this.#deps.statesToKnow(peer?.process ?? null));
    this.#deps.log.info("{process} is linked", { process: nameOf(peer) });
  }

  message(link: LinkId, message: Message): void {
    this.#messages.add({ direction: "in", kind: message.kind });
    switch (message.kind) {
      case "process event":
        return this.#hearProcess(link, message);
      case "service event":
        return this.#hearService(link, message);
      case "states asked":
        return this.#answerStates(link, message);
      case "failure vector asked":
        this.#outbox.sentPast(link);
        this.#link?.sendFailureVector(link, message.pool, message.cookie);
        return;
      case "error":
        return this.#putEvent({
          type: "io-error",
          body: {
            fid: formatFid(message.fid),
            error: message.error,
            process: formatFid(message.source),
          },
        });
      case "other":
        this.#deps.log.debug("a message of type {type} is passed over: {why}", {
          type: message.type,
          why: message.why,
        });
    }
  }

  sent(link: LinkId, isDelivered: boolean): void {
    this.#messages.add({ direction: "out", kind: isDelivered ? "delivered" : "not delivered" });
    this.#outbox.ended(link);
  }

  closed(link: LinkId): void {
    const peer = this.#linked.get(link)?.peer ?? null;
    this.#linked.delete(link);
    this.#outbox.close(link);
    this.#deps.log.info("{process} is linked no more", { process: nameOf(peer) });
  }

  fault(error: unknown): void {
    this.#messages.add({ direction: "in", kind: "fault" });
    this.#deps.log.error("a callback failed, a fault of the program itself: {error}", {
      error: error instanceof Error ? error.stack : error,
    });
  }

  /** What there is to be measured. */
  metrics(): readonly Metric[] {
    return [
      gauge("hare_hax_links", "Links, some to processes that have ended.", this.#linked.size),
      gauge("hare_hax_link_states_waiting", "States that wait to be told.", this.#outbox.length),
      gauge(
        "hare_hax_link_states_collapsed",
        "States never told, as a newer one of the same object waited.",
        this.#outbox.collapsed,
      ),
      this.#asked.metric(),
      this.#waits.metric(),
      this.#messages.metric(),
    ];
  }

  #hearProcess(link: LinkId, message: Extract<Message, { kind: "process event" }>): void {
    const { process, event, type, pid } = message;
    const linked = this.#linked.get(link);
    if (linked !== undefined) linked.isMkfs = type === "M0MKFS";
    this.#deps.report(process, { event, type, pid });
  }

  #hearService(link: LinkId, message: Extract<Message, { kind: "service event" }>): void {
    const { service, event } = message;
    const isConfigured = Number(service.container >> 56n) === FID_TYPES.service;
    const isNews = event === "started" || event === "failed";
    if (!isConfigured || !isNews || this.#linked.get(link)?.isMkfs === true) return;
    const state = `M0_CONF_HA_SERVICE_${event.toUpperCase()}`;
    this.#putEvent({ type: "service", body: { fid: formatFid(service), state } });
  }

  #answerStates(link: LinkId, { id, objects }: Extract<Message, { kind: "states asked" }>): void {
    const asker = this.#linked.get(link)?.peer?.process ?? null;
    const notes = objects.map((fid) => ({ fid, state: this.#deps.stateFor(asker, fid) }));
    this.#outbox.sentPast(link);
    this.#link?.sendStates(link, { notes, idOfGet: id });
  }

  #putEvent(event: HareEvent): void {
    if (this.#deps.putEvent(event)) return;
    this.#messages.add({ direction: "in", kind: "lost" });
    this.#deps.log.error("there is no room for an event, which is lost: {event}", { event });
  }
}

function isSame(a: Fid, b: Fid): boolean {
  return a.container === b.container && a.key === b.key;
}

function nameOf(peer: Peer | null): string {
  return peer === null ? "a process that did not ask" : formatFid(peer.process);
}
