/**
 * Messages of D-Bus, as far as Hare sends and reads them: it calls methods with strings and lists
 * of strings, and reads answers and signals.
 *
 * @module
 */

import { BusError } from "./errors.ts";
import { alignedTo, type BusValue, ValueReader, ValueWriter } from "./system_bus_values.ts";

/** A call of a method. */
export interface MethodCall {
  /** Name on the bus of whoever is called. */
  readonly destination: string;
  /** Path of the object. */
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args?: readonly (string | readonly string[])[] | undefined;
}

/** A message that was read. */
export interface BusMessage {
  /** `other` are those that are no answer and no signal, which nobody waits for. */
  readonly type: "return" | "error" | "signal" | "other";
  /** Serial of the call that this is the answer to. */
  readonly replySerial: number | null;
  readonly path: string | null;
  readonly member: string | null;
  readonly errorName: string | null;
  /**
   * Its values.
   *
   * @throws {BusError} when they are malformed, or of types that are not read here
   */
  readonly body: () => readonly BusValue[];
}

/** Bytes after which a message's length is known. */
export const PRELUDE_BYTES = 16;

/** Hare asks for some units by name: some hundred bytes each. */
const MAX_BYTES = 4 * 1024 * 1024;

const LITTLE_ENDIAN = "l".charCodeAt(0);
const PROTOCOL_VERSION = 1;
const METHOD_CALL = 1;
const TYPES: Readonly<Record<number, BusMessage["type"]>> = {
  2: "return",
  3: "error",
  4: "signal",
};
/** A service that does not run is not to be started for the sake of a question. */
const NO_AUTO_START = 2;

/** Numbers of header fields. */
const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  replySerial: 5,
  destination: 6,
  signature: 8,
} as const;

/** The bytes of a call, by whose serial its answer is known. */
export function encodeCall(serial: number, call: MethodCall): Uint8Array {
  const { args = [] } = call;
  const body = new ValueWriter();
  for (const arg of args) typeof arg === "string" ? body.text(arg) : body.texts(arg);

  const fields = new ValueWriter();
  const field = (number: number, type: string) => fields.align(8).raw([number]).signature(type);
  field(FIELD.path, "o").text(call.path);
  field(FIELD.interface, "s").text(call.interface);
  field(FIELD.member, "s").text(call.member);
  field(FIELD.destination, "s").text(call.destination);
  if (args.length > 0) {
    const signature = args.map((arg) => typeof arg === "string" ? "s" : "as").join("");
    field(FIELD.signature, "g").signature(signature);
  }

  const message = new ValueWriter()
    .raw([LITTLE_ENDIAN, METHOD_CALL, NO_AUTO_START, PROTOCOL_VERSION])
    .uint32(body.bytes.length)
    .uint32(serial)
    .uint32(fields.bytes.length)
    .raw(fields.bytes)
    .align(8)
    .raw(body.bytes);
  return Uint8Array.from(message.bytes);
}

/**
 * Length in bytes of the message that begins so.
 *
 * @param prelude its first {@linkcode PRELUDE_BYTES}
 * @throws {BusError} when it is no message, or one that is too long
 */
export function messageLength(prelude: Uint8Array): number {
  const view = new DataView(prelude.buffer, prelude.byteOffset, PRELUDE_BYTES);
  if (prelude[0] !== LITTLE_ENDIAN || prelude[3] !== PROTOCOL_VERSION) {
    throw new BusError("what the bus sends is no message");
  }
  const length = bodyStart(view) + view.getUint32(4, true);
  if (length > MAX_BYTES) throw new BusError(`the bus sends a message of ${length} bytes`);
  return length;
}

/**
 * Reads a message.
 *
 * @throws {BusError} when its header is malformed
 */
export function decodeMessage(bytes: Uint8Array): BusMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [list] = new ValueReader(bytes, PRELUDE_BYTES - 4).read("a(yv)");
  const fields = new Map(list as readonly (readonly [number, BusValue])[]);
  const text = (number: number) => {
    const value = fields.get(number);
    return typeof value === "string" ? value : null;
  };
  const replySerial = fields.get(FIELD.replySerial);
  return {
    type: TYPES[bytes[1] ?? 0] ?? "other",
    replySerial: typeof replySerial === "number" ? replySerial : null,
    path: text(FIELD.path),
    member: text(FIELD.member),
    errorName: text(FIELD.errorName),
    body: () => new ValueReader(bytes.subarray(bodyStart(view))).read(text(FIELD.signature) ?? ""),
  };
}

function bodyStart(view: DataView): number {
  return alignedTo(8, PRELUDE_BYTES + view.getUint32(12, true));
}
