/**
 * Messages of the HA link, from the library's memory and into it. Pure.
 *
 * @module
 */

import { HA_STATES, type HaState } from "../kv/broadcast.ts";
import type { ProcessType } from "../kv/process_state.ts";
import type { Fid } from "../lib/fid.ts";
import {
  EVENT,
  FAILURE_VECTOR_REPLY,
  FAILURE_VECTOR_REQUEST,
  MAX_NOTES,
  MESSAGE,
  MESSAGE_TYPE,
  NOTE,
  NVEC,
  NVEC_KIND,
  readFid,
  readU64,
  SIZE,
  writeFid,
  writeU32,
  writeU64,
} from "./layout.ts";
import type { Flavour } from "./symbols.ts";

/** A state that can be told: over an unknown one its receiver panics. */
export type KnownState = Exclude<HaState, "unknown">;

/** The state of an object. */
export interface Note {
  readonly fid: Fid;
  readonly state: KnownState;
}

/** What a process may say of itself. */
export const PROCESS_EVENTS = ["starting", "started", "stopping", "stopped"] as const;

/** What a process says of itself. */
export type ProcessEvent = (typeof PROCESS_EVENTS)[number];

/** What a service may say of itself. */
const SERVICE_EVENTS = [...PROCESS_EVENTS, "failed"] as const;

/** What a service says of itself. */
export type ServiceEvent = (typeof SERVICE_EVENTS)[number];

/** The errors that Mero's processes report. */
export type ErrorKind = "stob io" | "rpc" | "be io" | "sns";

/** What a question after a failure vector is known by: two numbers of the asker's own. */
export type Cookie = readonly [bigint, bigint];

/** A message that came in. */
export type Message =
  | {
    readonly kind: "process event";
    readonly process: Fid;
    readonly event: ProcessEvent;
    readonly type: ProcessType;
    readonly pid: number;
  }
  | { readonly kind: "service event"; readonly service: Fid; readonly event: ServiceEvent }
  /** States are asked for; the answer carries the same id. */
  | { readonly kind: "states asked"; readonly id: bigint; readonly objects: readonly Fid[] }
  | { readonly kind: "failure vector asked"; readonly pool: Fid; readonly cookie: Cookie }
  | {
    readonly kind: "error";
    readonly error: ErrorKind;
    /** The object that it is about. */
    readonly fid: Fid;
    readonly source: Fid;
  }
  /** One of no use to hax, or that it cannot read. */
  | { readonly kind: "other"; readonly type: number; readonly why: string };

/** Kinds of processes, by their numbers; the second is the kernel's client. */
const PROCESS_TYPES: readonly ProcessType[] = ["OTHER", "OTHER", "M0MKFS", "M0D"];

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [MESSAGE_TYPE.failureVectorReply]: "a failure vector",
  [MESSAGE_TYPE.keepaliveRequest]: "a request to say that one lives",
  [MESSAGE_TYPE.keepaliveReply]: "a sign of life",
};

/**
 * Reads a message. Whatever is in it, this never throws: it is another program's memory.
 *
 * @param view {@linkcode SIZE}.message bytes
 */
export function readMessage(view: DataView, flavour: Flavour): Message {
  const type = Number(readU64(view, MESSAGE.type));
  switch (type) {
    case MESSAGE_TYPE.processEvent:
      return readProcessEvent(view, type);
    case MESSAGE_TYPE.serviceEvent:
      return readServiceEvent(view, type);
    case MESSAGE_TYPE.nvec:
      return readNvec(view, type);
    case MESSAGE_TYPE.failureVectorRequest:
      return {
        kind: "failure vector asked",
        pool: readFid(view, FAILURE_VECTOR_REQUEST.pool),
        cookie: [
          readU64(view, FAILURE_VECTOR_REQUEST.cookie),
          readU64(view, FAILURE_VECTOR_REQUEST.cookie + 8),
        ],
      };
  }
  const error = errorKind(type, flavour);
  if (error === null) return { kind: "other", type, why: TYPE_NAMES[type] ?? "of unknown type" };
  const source = readFid(view, MESSAGE.sourceProcess);
  return { kind: "error", error, fid: readFid(view, MESSAGE.fid), source };
}

function readProcessEvent(view: DataView, type: number): Message {
  const event = PROCESS_EVENTS[Number(readU64(view, EVENT.event))];
  const processType = PROCESS_TYPES[Number(readU64(view, EVENT.type))];
  if (event === undefined || processType === undefined) {
    return { kind: "other", type, why: "an event of a process that says nothing of its life" };
  }
  const pid = Number(readU64(view, EVENT.pid));
  return {
    kind: "process event",
    process: readFid(view, MESSAGE.fid),
    event,
    type: processType,
    pid,
  };
}

function readServiceEvent(view: DataView, type: number): Message {
  const event = SERVICE_EVENTS[Number(readU64(view, EVENT.event))];
  if (event === undefined) return { kind: "other", type, why: "an unknown event of a service" };
  return { kind: "service event", service: readFid(view, MESSAGE.fid), event };
}

function readNvec(view: DataView, type: number): Message {
  if (readU64(view, NVEC.kind) !== NVEC_KIND.get) {
    return { kind: "other", type, why: "states that a process tells" };
  }
  const count = readU64(view, NVEC.count);
  if (count > MAX_NOTES) return { kind: "other", type, why: `a question after ${count} states` };
  return {
    kind: "states asked",
    id: readU64(view, NVEC.idOfGet),
    objects: Array.from(
      { length: Number(count) },
      (_, i) => readFid(view, NVEC.notes + i * SIZE.note + NOTE.fid),
    ),
  };
}

function errorKind(type: number, flavour: Flavour): ErrorKind | null {
  switch (type) {
    case MESSAGE_TYPE.stobIo:
      return "stob io";
    case MESSAGE_TYPE.rpc:
      return "rpc";
    case MESSAGE_TYPE.beIo:
      return "be io";
    case MESSAGE_TYPE.sns[flavour]:
      return "sns";
    default:
      return null;
  }
}

/** A message that tells states; with an id it is the answer to who asked. */
export interface StatesMessage {
  readonly notes: readonly Note[];
  readonly idOfGet?: bigint | undefined;
}

/** Writes messages, all into the same memory: the library is done with one when `send` returns. */
export class MessageWriter {
  readonly #bytes = new Uint8Array(SIZE.message);
  readonly #view = new DataView(this.#bytes.buffer);

  /** @param source the process and service that all messages come from */
  constructor(readonly source: { readonly process: Fid; readonly service: Fid }) {}

  /**
   * A message that tells states.
   *
   * @throws {RangeError} when there are more than {@linkcode MAX_NOTES}
   */
  states({ notes, idOfGet = 0n }: StatesMessage): Uint8Array<ArrayBuffer> {
    if (notes.length > MAX_NOTES) {
      throw new RangeError(`${notes.length} states in a message that holds ${MAX_NOTES}`);
    }
    this.#begin(MESSAGE_TYPE.nvec);
    writeU64(this.#view, NVEC.kind, NVEC_KIND.set);
    writeU64(this.#view, NVEC.idOfGet, idOfGet);
    writeU64(this.#view, NVEC.count, BigInt(notes.length));
    notes.forEach(({ fid, state }, i) => {
      const at = NVEC.notes + i * SIZE.note;
      writeFid(this.#view, at + NOTE.fid, fid);
      writeU32(this.#view, at + NOTE.state, HA_STATES.indexOf(state));
    });
    return this.#bytes;
  }

  /** The answer to a question after a failure vector: Hare keeps none, so it is empty. */
  failureVector(pool: Fid, cookie: Cookie): Uint8Array<ArrayBuffer> {
    this.#begin(MESSAGE_TYPE.failureVectorReply);
    writeFid(this.#view, FAILURE_VECTOR_REPLY.pool, pool);
    cookie.forEach((word, i) => {
      writeU64(this.#view, FAILURE_VECTOR_REPLY.cookie + 8 * i, word);
    });
    return this.#bytes;
  }

  #begin(type: number): void {
    this.#bytes.fill(0);
    writeFid(this.#view, MESSAGE.sourceProcess, this.source.process);
    writeFid(this.#view, MESSAGE.sourceService, this.source.service);
    writeU64(this.#view, MESSAGE.type, BigInt(type));
  }
}
