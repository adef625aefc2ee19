import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { sendDatagram } from "./datagram.ts";
import { HareError } from "./errors.ts";

/** A socket that receives datagrams, by libc, of which nothing is asked but to bind and to read. */
class Receiver implements Disposable {
  readonly #libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  readonly #descriptor: number;

  constructor(name: string) {
    this.#descriptor = this.#libc.symbols.socket(1, 2, 0);
    const path = new TextEncoder().encode(name);
    const address = new Uint8Array([1, 0, ...path]);
    const bound = this.#libc.symbols.bind(this.#descriptor, address, address.length);
    assertEquals(bound, 0);
  }

  /** What has arrived; it does not wait. */
  receive(): string {
    const bytes = new Uint8Array(4096);
    const length = this.#libc.symbols.recv(this.#descriptor, bytes, 4096n, 0x40);
    return new TextDecoder().decode(bytes.subarray(0, Number(length)));
  }

  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#descriptor);
    this.#libc.close();
  }
}

Deno.test("sendDatagram() sends a text to a socket with a path", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/it's "a" söcket`;
  try {
    using receiver = new Receiver(path);
    sendDatagram(path, "READY=1\nSTATUS=ü");
    sendDatagram(path, "STOPPING=1");
    assertEquals(receiver.receive(), "READY=1\nSTATUS=ü");
    assertEquals(receiver.receive(), "STOPPING=1");
    assertThrows(() => sendDatagram(`${path}2`, "x"), HareError, `to ${path}2`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("sendDatagram() sends to an abstract socket", () => {
  const name = `hare-test-${crypto.randomUUID()}`;
  using receiver = new Receiver(`\0${name}`);
  sendDatagram(`@${name}`, "WATCHDOG=1");
  assertEquals(receiver.receive(), "WATCHDOG=1");
});

Deno.test("sendDatagram() refuses a path that does not fit", () => {
  assertThrows(() => sendDatagram(`/${"a".repeat(107)}`, "x"), HareError, "at most 107 bytes");
});

Deno.test("sendDatagram() does not wait for a receiver that has no room", () => {
  const directory = Deno.makeTempDirSync();
  const path = `${directory}/full`;
  using _receiver = new Receiver(path);
  const error = assertThrows(() => {
    for (let i = 0; i < 100_000; i++) sendDatagram(path, "x".repeat(1000));
  }, HareError);
  assertEquals(error.message, `cannot send a datagram to ${path}`);
  Deno.removeSync(directory, { recursive: true });
});
