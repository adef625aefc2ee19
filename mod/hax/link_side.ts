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
import { type Fid, formatFid, isFidOf } from "../lib/fid.ts";
import type { Logger } from "../lib/log.ts";
import { Counter, gauge, Histogram, type Metric } from "../lib/metrics.ts";
import { Linked, nameOf } from "./linked.ts";
import { Outbox } from "./outbox.ts";
import type { StartOf } from "./presence.ts";
import type { Report } from "./transition.ts";
import { isTurnOf } from "./turns.ts";

/** The link, as far as this uses it. */
export type Link = Pick<HaLink, "sendStates" | "sendFailureVector">;

/** What a {@linkcode LinkSide} stands on. */
export interface LinkSideDeps {
  /** hax's own process. */
  readonly own: Fid;
  /** Pids of processes that run and are to link again, as they were linked with an earlier hax. */
  readonly awaited: () => readonly number[];
  /** Is told that somebody asks to be let in, and each time that whoever waits is looked at. */
  readonly onAsked: () => void;
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
  readonly startOf: StartOf;
  readonly log: Logger;
}

/** All links of one interface. */
export class LinkSide implements LinkEvents {
  readonly #deps: LinkSideDeps;
  readonly #linked: Linked;
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
  /** The processes that asked last, by the fid of the Mero process that they want to be. */
  readonly #askers = new Map<string, { readonly pid: number; readonly start: number | null }>();
  /** Processes that the library is told to let go of, and how many messages on it has heard so. */
  readonly #lettingGo = new Map<string, number>();
  #link: Link | null = null;
  /** hax's own library has asked: whoever asks is behind it. */
  #hasAsked = false;

  constructor(deps: LinkSideDeps) {
    this.#deps = deps;
    this.#linked = new Linked(deps.own, deps.startOf);
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
    return this.#linked.has(process, pid);
  }

  /** Pid of the process that asked last for the entrypoint as `process`, while it runs. */
  pidOf(process: Fid): number | null {
    const asker = this.#askers.get(formatFid(process));
    if (asker === undefined || asker.start === null) return null;
    return this.#deps.startOf(asker.pid) === asker.start ? asker.pid : null;
  }

  /** Whether nobody but hax itself is linked. */
  get isAlone(): boolean {
    return this.#linked.others.length === 0;
  }

  /** Tells every linked process these states, in this order. */
  tell(notes: readonly Note[]): void {
    for (const link of this.#outbox.links) this.#tell(link, notes);
  }

  /**
   * Whether the others have taken all that they were told. One that comes back takes nothing for some
   * seconds, and one that has ended never will.
   */
  isHeard(): boolean {
    return this.#linked.others.every((link) =>
      this.#outbox.isIdle(link) || this.#linked.hasEnded(link)
    );
  }

  /** Tells every other process something that it knows. */
  lastWord(): void {
    for (const link of this.#linked.others) {
      this.#link?.sendStates(link, { notes: [{ fid: this.#deps.own, state: "online" }] });
    }
  }

  /**
   * Has the library let go of processes that have ended: it would keep their links for ever. It does
   * so when its own process is told that the other has failed, having known it as online; and then of
   * all links of that process, so that none may be there that lives.
   */
  letGo(): void {
    for (const fid of this.#linked.gone()) {
      for (const link of this.#linked.own) {
        for (const state of ["online", "failed"] as const) {
          this.#outbox.sentPast(link);
          this.#link?.sendStates(link, { notes: [{ fid, state }] });
        }
        this.#lettingGo.set(formatFid(fid), this.#outbox.inFlight(link));
      }
    }
  }

  /**
   * The library ends a process's links when it hears that it has failed, and one that lives all the
   * same dies when it asks next: that is heard by {@linkcode LinkSide.letGo} alone.
   */
  #tell(link: LinkId, notes: readonly Note[]): void {
    const isOwn = this.#linked.isOwn(link);
    this.#outbox.tell(link, isOwn ? notes.filter((note) => !isFailedProcess(note)) : notes);
  }

  mayLink(peer: Peer, waitedMs: number): boolean {
    const { own, awaited, onAsked } = this.#deps;
    const process = formatFid(peer.process);
    onAsked();
    if (process === formatFid(own)) return this.#hasAsked = true;
    if (this.isLinked(peer.process, peer.pid)) return true;
    const isReady = this.#hasAsked && !this.#lettingGo.has(process);
    return isReady && isTurnOf(peer, waitedMs, awaited());
  }

  entrypoint(peer: Peer): EntrypointReply | null {
    const { pid, process } = peer;
    this.#askers.set(formatFid(process), { pid, start: this.#deps.startOf(pid) });
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
    this.#linked.add(link, peer);
    this.#outbox.open(link);
    this.#tell(link, this.#deps.statesToKnow(peer?.process ?? null));
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
    if (!this.#linked.isOwn(link)) return;
    for (const [process, left] of this.#lettingGo) {
      if (left > 1) this.#lettingGo.set(process, left - 1);
      else this.#lettingGo.delete(process);
    }
  }

  closed(link: LinkId): void {
    const peer = this.#linked.remove(link);
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
    this.#linked.spoke(link, type === "M0MKFS");
    this.#deps.report(process, { event, type, pid });
  }

  #hearService(link: LinkId, message: Extract<Message, { kind: "service event" }>): void {
    const { service, event } = message;
    const isConfigured = isFidOf("service", service);
    const isNews = event === "started" || event === "failed";
    if (!isConfigured || !isNews || this.#linked.isOfMkfs(link)) return;
    const state = `M0_CONF_HA_SERVICE_${event.toUpperCase()}`;
    this.#putEvent({ type: "service", body: { fid: formatFid(service), state } });
  }

  #answerStates(link: LinkId, { id, objects }: Extract<Message, { kind: "states asked" }>): void {
    const asker = this.#linked.peerOf(link)?.process ?? null;
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

function isFailedProcess({ fid, state }: Note): boolean {
  return state === "failed" && isFidOf("process", fid);
}
