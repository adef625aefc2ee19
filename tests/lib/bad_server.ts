/**
 * An HTTP server on a loopback address that misbehaves as it is told: the counterpart for tests of
 * HTTP clients. It speaks TCP itself, since a proper HTTP server would refuse to lie.
 *
 * @module
 */

import { isDisconnect } from "../../mod/lib/io_error.ts";

/** What the server was asked. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
}

/** What the server does with a request. */
export type Behaviour =
  | {
    readonly answer: string;
    /** {@default 200} */
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  }
  /** Announces the whole text, sends half of it, closes. */
  | { readonly half: string }
  /** Sends one byte of the text every `everyMs` milliseconds. */
  | { readonly drip: string; readonly everyMs: number }
  /** Sends these bytes as they are and closes. */
  | { readonly raw: string }
  /** Closes without an answer. */
  | "close"
  /** Answers never. */
  | "hang";

/** A server; it ends, with all its connections, when it is disposed of. */
export interface BadServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly address: string;
  readonly requests: readonly SeenRequest[];
  /** How many connections have been made to it. */
  connections(): number;
  /** Closes all connections that are open, as a restart would. */
  cut(): void;
}

/** Starts a server that treats each request as `behave` says. */
export function serveBadly(
  behave: (request: SeenRequest) => Behaviour | Promise<Behaviour>,
): BadServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, transport: "tcp" });
  const requests: SeenRequest[] = [];
  const open = new Set<Deno.TcpConn>();
  const serving = new Set<Promise<void>>();
  let connections = 0;
  const end = new AbortController();

  const serve = async (connection: Deno.TcpConn): Promise<void> => {
    open.add(connection);
    try {
      const read = reader(connection);
      for (let request = await read(); request !== null; request = await read()) {
        requests.push(request);
        if (!await act(connection, await behave(request), end.signal)) break;
      }
    } catch (error) {
      if (!isDisconnect(error)) throw error;
    } finally {
      if (open.delete(connection)) connection.close();
    }
  };
  const cut = () => {
    for (const connection of open) connection.close();
    open.clear();
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      connections += 1;
      const done = serve(connection).finally(() => serving.delete(done));
      serving.add(done);
    }
  })();
  return {
    address: `http://127.0.0.1:${listener.addr.port}`,
    requests,
    connections: () => connections,
    cut,
    async [Symbol.asyncDispose]() {
      end.abort();
      listener.close();
      cut();
      await accepting;
      await Promise.all(serving);
    },
  };
}

/** Whether the connection goes on. */
async function act(
  connection: Deno.TcpConn,
  behaviour: Behaviour,
  end: AbortSignal,
): Promise<boolean> {
  if (behaviour === "close") return false;
  if (behaviour === "hang") {
    await new Promise((resolve) => end.addEventListener("abort", resolve, { once: true }));
    return false;
  }
  if ("raw" in behaviour) {
    await write(connection, behaviour.raw);
    return false;
  }
  if ("half" in behaviour) {
    const { half } = behaviour;
    await write(connection, head(200, half) + half.slice(0, half.length / 2));
    return false;
  }
  if ("drip" in behaviour) {
    await write(connection, head(200, behaviour.drip));
    for (const character of behaviour.drip) {
      await write(connection, character);
      await new Promise((resolve) => setTimeout(resolve, behaviour.everyMs));
    }
    return true;
  }
  const { answer, status = 200, headers = {} } = behaviour;
  await write(connection, head(status, answer, headers) + answer);
  return true;
}

function head(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const length = new TextEncoder().encode(body).length;
  const lines = Object.entries({ "content-length": String(length), ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`;
}

/** Reads requests one after another; `null` at the end of the connection. */
function reader(connection: Deno.TcpConn): () => Promise<SeenRequest | null> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let pending = new Uint8Array();
  const more = async (): Promise<boolean> => {
    const n = await connection.read(buffer);
    if (n === null) return false;
    const joined = new Uint8Array(pending.length + n);
    joined.set(pending);
    joined.set(buffer.subarray(0, n), pending.length);
    pending = joined;
    return true;
  };
  return async () => {
    let at = -1;
    while ((at = decoder.decode(pending).indexOf("\r\n\r\n")) < 0) if (!await more()) return null;
    const [first = "", ...lines] = decoder.decode(pending.subarray(0, at)).split("\r\n");
    const headers = new Headers(
      lines.map((line) => line.split(/:\s*(.*)/s, 2) as [string, string]),
    );
    const length = Number(headers.get("content-length") ?? 0);
    while (pending.length < at + 4 + length) if (!await more()) return null;
    const body = decoder.decode(pending.subarray(at + 4, at + 4 + length));
    pending = pending.slice(at + 4 + length);
    const [method = "", target = ""] = first.split(" ");
    const url = new URL(target, "http://server");
    return { method, path: url.pathname, query: url.searchParams, headers, body };
  };
}

async function write(connection: Deno.TcpConn, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}
