/**
 * Datagrams to a Unix socket, by libc: Deno has none of its own. (The alternative, one
 * `systemd-notify` a message, costs a fork each, needs the unit to trust all of its processes, and
 * fails just when the machine is out of memory.)
 *
 * @module
 */

import { HareError } from "./errors.ts";

/** Values of <sys/socket.h>, the same on every Linux that Deno runs on. */
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const MSG_NOSIGNAL = 0x4000;
/** Fails when the receiver's buffer is full, instead of waiting without limit. */
const MSG_DONTWAIT = 0x40;
/** Room for the path in a `sockaddr_un`. */
const PATH_BYTES = 108;

const LIBC = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/**
 * Sends a text as one datagram. Does not wait for a receiver with a full buffer.
 *
 * @param path of the socket; an `@` in front stands for the NUL of an abstract one
 * @throws {HareError} when it cannot be sent
 */
export function sendDatagram(path: string, text: string): void {
  const address = socketAddress(path);
  const bytes = new TextEncoder().encode(text);
  const libc = Deno.dlopen("libc.so.6", LIBC);
  try {
    const { socket, sendto, close } = libc.symbols;
    const descriptor = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    if (descriptor < 0) throw new HareError("cannot make a socket");
    const { length } = bytes;
    const sent = sendto(
      ...[
        descriptor,
        bytes,
        BigInt(length),
        MSG_NOSIGNAL | MSG_DONTWAIT,
        address,
        address.length,
      ] as const,
    );
    close(descriptor);
    if (sent !== BigInt(length)) throw new HareError(`cannot send a datagram to ${path}`);
  } finally {
    libc.close();
  }
}

/** A `sockaddr_un`, as long as its path and no longer: that counts for abstract ones. */
function socketAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path.replace(/^@/, "\0"));
  if (name.length >= PATH_BYTES) {
    throw new HareError(`a socket's path has at most ${PATH_BYTES - 1} bytes, not ${name.length}`);
  }
  const terminator = path.startsWith("@") ? 0 : 1;
  const address = new Uint8Array(2 + name.length + terminator);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}
