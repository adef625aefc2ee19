/**
 * The system bus of this host, over D-Bus: calls of methods and signals.
 *
 * Own code, as the libraries on npm bring XML parsers and streams of Node's along and are kept by
 * nobody, or by one person in a fork; what Hare needs of the protocol is these three files.
 *
 * @module
 */

import type * as z from "zod";
import { messageOf } from "../lib/errors.ts";
import { abortable } from "../lib/std/async.ts";
import { BusError } from "./errors.ts";
import {
  type BusMessage,
  decodeMessage,
  encodeCall,
  messageLength,
  type MethodCall,
  PRELUDE_BYTES,
} from "./system_bus_message.ts";

/** Where the system bus is on every Linux. */
export const SYSTEM_BUS = "/run/dbus/system_bus_socket";

/** Options of {@linkcode SystemBus.connect}. */
export interface SystemBusOptions {
  /** Path of the bus's socket. {@default SYSTEM_BUS} */
  readonly path?: string | undefined;
  /** How long it may take to be let in, and to get an answer, in milliseconds. {@default 5000} */
  readonly limitMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** A server's lines before the first message are some dozen bytes long. */
const MAX_LINE_BYTES = 512;

const HELLO: MethodCall = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  member: "Hello",
};

/** A connection to the bus; it ends when it is disposed of. */
export class SystemBus implements Disposable {
  readonly #connection: Deno.UnixConn;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #limitMs: number;
  /** Who waits for an answer, by the serial of the call. */
  readonly #waiting = new Map<number, (answer: BusMessage) => void>();
  #serial = 0;

  private constructor(connection: Deno.UnixConn, limitMs: number) {
    this.#connection = connection;
    this.#writer = connection.writable.getWriter();
    this.#limitMs = limitMs;
  }

  /**
   * Connects to the bus, as the user who runs this process.
   *
   * @throws {BusError} when the bus is not there, or does not let this user in
   */
  static async connect(options: SystemBusOptions): Promise<SystemBus> {
    const { path = SYSTEM_BUS, limitMs = 5_000, signal } = options;
    const bus = new SystemBus(await open(path), limitMs);
    try {
      await bus.#within(`${path} to let hare in`, signal, bus.#introduce());
      return bus;
    } catch (error) {
      bus[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Calls a method; somebody must {@linkcode SystemBus.listen} meanwhile.
   *
   * @param answer what the answer's values must be
   * @throws {BusError} when there is no answer in time, or it is an error, or another than expected
   */
  async call<T>(call: MethodCall, answer: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const name = `${call.interface}.${call.member}`;
    const serial = this.#nextSerial();
    const { promise, resolve } = Promise.withResolvers<BusMessage>();
    this.#waiting.set(serial, resolve);
    try {
      await this.#within(`${name} to be sent`, signal, this.#write(encodeCall(serial, call)));
      const message = await this.#within(`an answer to ${name}`, signal, promise);
      const body = message.body();
      if (message.type === "error") {
        const why = typeof body[0] === "string" ? `: ${body[0]}` : "";
        throw new BusError(`${name} failed: ${message.errorName}${why}`);
      }
      const parsed = answer.safeParse(body);
      if (!parsed.success) {
        throw new BusError(`${name} is answered in an unknown form`, { cause: parsed.error });
      }
      return parsed.data;
    } finally {
      this.#waiting.delete(serial);
    }
  }

  /**
   * Reads what the bus sends, for as long as it sends: answers are given to whoever waits for them,
   * signals to `onSignal`.
   *
   * @throws {BusError} when the connection ends, or what comes is malformed; what `onSignal` throws;
   * the signal's reason when `signal` is aborted
   */
  async listen(onSignal: (message: BusMessage) => void, signal: AbortSignal): Promise<never> {
    while (true) {
      const message = await abortable(this.#readMessage(), signal);
      if (message.type === "signal") onSignal(message);
      if (message.replySerial !== null) this.#waiting.get(message.replySerial)?.(message);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch (error) {
      // A write that failed has closed it.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  /** Is let in as whom the socket says, and greets; what the bus calls it then, nobody needs. */
  async #introduce(): Promise<void> {
    const text = new TextEncoder();
    await this.#write(text.encode("\0AUTH EXTERNAL\r\nDATA\r\n"));
    for (const expected of ["DATA", "OK "]) {
      const line = await this.#readLine();
      if (!line.startsWith(expected)) throw new BusError(`the bus answers ${JSON.stringify(line)}`);
    }
    await this.#write(text.encode("BEGIN\r\n"));
    await this.#write(encodeCall(this.#nextSerial(), HELLO));
  }

  async #within<T>(what: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
    const limit = AbortSignal.timeout(this.#limitMs);
    try {
      return await abortable(work, AbortSignal.any([signal, limit]));
    } catch (error) {
      if (error !== limit.reason) throw error;
      throw new BusError(`waited ${this.#limitMs / 1000} s for ${what}`);
    }
  }

  #nextSerial(): number {
    this.#serial = (this.#serial + 1) >>> 0 || 1; // 0 is none
    return this.#serial;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#writer.write(bytes);
    } catch (error) {
      throw lost(error);
    }
  }

  async #readMessage(): Promise<BusMessage> {
    const prelude = await this.#read(PRELUDE_BYTES);
    const bytes = new Uint8Array(messageLength(prelude));
    bytes.set(prelude);
    bytes.set(await this.#read(bytes.length - PRELUDE_BYTES), PRELUDE_BYTES);
    return decodeMessage(bytes);
  }

  async #readLine(): Promise<string> {
    let line = "";
    while (!line.endsWith("\r\n")) {
      if (line.length === MAX_LINE_BYTES) throw new BusError("the bus does not end its line");
      line += String.fromCharCode(...await this.#read(1));
    }
    return line.trimEnd();
  }

  async #read(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const length = await this.#connection.read(bytes.subarray(at)).catch((error) => {
        throw lost(error);
      });
      if (length === null) throw new BusError("the bus has closed the connection");
      at += length;
    }
    return bytes;
  }
}

async function open(path: string): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    throw new BusError(`cannot connect to ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function lost(error: unknown): BusError {
  return new BusError(`the connection to the bus is lost: ${messageOf(error)}`, { cause: error });
}
