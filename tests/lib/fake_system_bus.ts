/**
 * A D-Bus server on a socket of its own that does what a test says, with a marshalling of its own:
 * the counterpart for tests of who asks the system bus.
 *
 * @module
 */

import { decodeMessage, messageLength } from "../../mod/host/system_bus_message.ts";

/** A value with its type. */
export type Typed =
  | { readonly type: "y" | "u"; readonly value: number }
  | { readonly type: "s" | "o" | "g"; readonly value: string }
  | { readonly type: "v"; readonly value: Typed }
  | { readonly type: "("; readonly value: readonly Typed[] }
  /** `of` is the signature of its elements. */
  | { readonly type: "a"; readonly of: string; readonly value: readonly Typed[] };

/** The signature of a value. */
export function signatureOf(typed: Typed): string {
  switch (typed.type) {
    case "a":
      return `a${typed.of}`;
    case "(":
      return `(${typed.value.map(signatureOf).join("")})`;
    default:
      return typed.type;
  }
}

/** The bytes of values, of which the first stands at `start`. */
export function marshal(values: readonly Typed[], start = 0): number[] {
  const out: number[] = [];
  const pad = (to: number) => {
    while ((start + out.length) % to !== 0) out.push(0);
  };
  const number = (value: number) => {
    pad(4);
    out.push(...new Uint8Array(Uint32Array.of(value).buffer));
  };
  const put = (typed: Typed): void => {
    switch (typed.type) {
      case "y":
        return void out.push(typed.value);
      case "u":
        return number(typed.value);
      case "g":
        return void out.push(typed.value.length, ...new TextEncoder().encode(typed.value), 0);
      case "s":
      case "o": {
        const bytes = new TextEncoder().encode(typed.value);
        number(bytes.length);
        return void out.push(...bytes, 0);
      }
      case "v":
        put({ type: "g", value: signatureOf(typed.value) });
        return put(typed.value);
      case "(":
        pad(8);
        return typed.value.forEach(put);
      case "a": {
        number(0);
        const length = out.length - 4;
        pad(typed.of[0] === "(" ? 8 : /^[soua]/.test(typed.of) ? 4 : 1);
        const from = out.length;
        typed.value.forEach(put);
        out.splice(length, 4, ...new Uint8Array(Uint32Array.of(out.length - from).buffer));
      }
    }
  };
  values.forEach(put);
  return out;
}

/** A message to be sent. */
export interface Sent {
  readonly type: "return" | "error" | "signal";
  /** Header fields by number. */
  readonly fields: Readonly<Record<number, Typed>>;
  readonly body?: readonly Typed[];
}

/** The bytes of a message. */
export function messageBytes({ type, fields, body = [] }: Sent): Uint8Array {
  const signature: Typed = { type: "g", value: body.map(signatureOf).join("") };
  const all = body.length === 0 ? fields : { ...fields, 8: signature };
  const list = Object.entries(all).map(([number, value]): Typed => ({
    type: "(",
    value: [{ type: "y", value: Number(number) }, { type: "v", value }],
  }));
  const marshalled = marshal(body);
  const header = marshal([
    ...[0x6c, { return: 2, error: 3, signal: 4 }[type], 1, 1].map((value): Typed => ({
      type: "y",
      value,
    })),
    ...[marshalled.length, 77].map((value): Typed => ({ type: "u", value })),
    { type: "a", of: "(yv)", value: list },
  ]);
  while (header.length % 8 !== 0) header.push(0);
  return Uint8Array.from([...header, ...marshalled]);
}

/** What the bus was asked. */
export interface SeenCall {
  readonly member: string;
  readonly args: ReturnType<ReturnType<typeof decodeMessage>["body"]>;
}

/** What becomes of a call. */
export type Answer =
  | { readonly values: readonly Typed[] }
  | { readonly error: string; readonly text: string }
  /** Sends these bytes as they are. */
  | { readonly raw: Uint8Array }
  | "silence"
  | "close";

/** Options of {@linkcode FakeSystemBus}. */
export interface FakeSystemBusOptions {
  readonly path: string;
  readonly answer: (call: SeenCall) => Answer;
  /** What it says to who introduces himself. {@default OK 12} */
  readonly welcome?: string;
}

/** The server; it ends, with all its connections, when it is disposed of. */
export class FakeSystemBus implements AsyncDisposable {
  readonly calls: SeenCall[] = [];
  /** What clients said of themselves. */
  readonly introductions: (readonly string[])[] = [];
  readonly #options: FakeSystemBusOptions;
  readonly #listener: Deno.UnixListener;
  readonly #open = new Set<Deno.UnixConn>();
  readonly #serving: Promise<void>;

  constructor(options: FakeSystemBusOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ transport: "unix", path: options.path });
    this.#serving = this.#serve();
  }

  /** Sends a signal to all who are connected. */
  async signal(path: string, member: string): Promise<void> {
    const fields = {
      1: { type: "o", value: path },
      2: { type: "s", value: "test.Interface" },
      3: { type: "s", value: member },
    } as const;
    const bytes = messageBytes({ type: "signal", fields, body: [{ type: "s", value: "x" }] });
    for (const connection of this.#open) await write(connection, bytes);
  }

  /** Closes all connections, as a restart would. */
  cut(): void {
    for (const connection of this.#open) connection.close();
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      serving.push(
        this.#talk(connection).catch(ignoreDisconnect).finally(() => {
          if (this.#open.delete(connection)) connection.close();
        }),
      );
    }
    await Promise.all(serving);
  }

  async #talk(connection: Deno.UnixConn): Promise<void> {
    const { answer, welcome = "OK 12" } = this.#options;
    const say = (line: string) => write(connection, new TextEncoder().encode(`${line}\r\n`));
    const mechanism = await readLine(connection);
    await say("DATA");
    const identity = await readLine(connection);
    await say(welcome);
    this.introductions.push([mechanism, identity, await readLine(connection)]);
    while (true) {
      const prelude = await read(connection, 16);
      const rest = await read(connection, messageLength(prelude) - 16);
      const bytes = Uint8Array.from([...prelude, ...rest]);
      const { member, body } = decodeMessage(bytes);
      const call = { member: member ?? "", args: body() };
      this.calls.push(call);
      const serial: Typed = { type: "u", value: new Uint32Array(bytes.buffer, 8, 1)[0] ?? 0 };
      const answered = answer(call);
      if (answered === "close") return;
      if (answered === "silence") continue;
      await write(connection, "raw" in answered ? answered.raw : bytesOf(answered, serial));
    }
  }
}

function bytesOf(answer: Extract<Answer, { values: unknown } | { error: unknown }>, serial: Typed) {
  if ("values" in answer) {
    return messageBytes({ type: "return", fields: { 5: serial }, body: answer.values });
  }
  const fields = { 4: { type: "s", value: answer.error }, 5: serial } as const;
  return messageBytes({ type: "error", fields, body: [{ type: "s", value: answer.text }] });
}

async function readLine(connection: Deno.UnixConn): Promise<string> {
  let line = "";
  while (!line.endsWith("\r\n")) line += String.fromCharCode(...await read(connection, 1));
  return line.trimEnd();
}

async function read(connection: Deno.UnixConn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const length = await connection.read(bytes.subarray(at));
    if (length === null) throw new Deno.errors.UnexpectedEof();
    at += length;
  }
  return bytes;
}

async function write(connection: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function ignoreDisconnect(error: unknown): void {
  const { BadResource, BrokenPipe, ConnectionReset, Interrupted, UnexpectedEof } = Deno.errors;
  const expected = [BadResource, BrokenPipe, ConnectionReset, Interrupted, UnexpectedEof];
  if (!expected.some((kind) => error instanceof kind)) throw error;
}
