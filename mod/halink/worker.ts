/**
 * The worker of the HA link: a thread of its own for the calls that block, all from one thread as
 * the library wants it. Meanwhile the main thread answers the callbacks; it never waits for this
 * one without serving its own events.
 *
 * The worker is the same program as the main thread: `main.ts` calls {@linkcode serveAsLinkWorker}
 * where it finds itself to be a worker, so that source, bundle and binary are one file.
 *
 * @module
 */

import { messageOf } from "../lib/errors.ts";
import { type BlockingLibrary, openBlocking } from "./symbols.ts";
import { cString } from "./layout.ts";

/** What the worker is asked to do, one thing after the other. */
export type WorkerRequest =
  | { readonly call: "init"; readonly library: string }
  | {
    readonly call: "start";
    readonly endpoint: string;
    /** Fids of the process, of its HA service and of its RM service. */
    readonly fids: readonly [Uint8Array, Uint8Array, Uint8Array];
    /** Addresses of the callbacks, in the library's order. */
    readonly callbacks: readonly bigint[];
  }
  | { readonly call: "stop" }
  | { readonly call: "fini" };

/** A call of the worker's. */
export type WorkerCall = WorkerRequest["call"];

/** The worker's answer. */
export type WorkerAnswer =
  /** `value` is the interface's address after `init`, else 0; `instance` that of the library. */
  | { readonly done: WorkerCall; readonly value: bigint; readonly instance: bigint }
  | { readonly failed: WorkerCall; readonly why: string };

/** This thread's own side, where it is a worker. */
interface WorkerScope {
  postMessage(message: WorkerAnswer): void;
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  close(): void;
}

/** This thread as a worker; `null` where it is none. */
export function workerScope(): WorkerScope | null {
  return "WorkerGlobalScope" in globalThis ? globalThis as unknown as WorkerScope : null;
}

/** Does what the main thread asks for, until it asks for the last thing. */
export function serveAsLinkWorker(scope: WorkerScope): void {
  const calls = new Calls();
  scope.onmessage = ({ data }) => {
    try {
      scope.postMessage(calls.make(data));
    } catch (error) {
      scope.postMessage({ failed: data.call, why: messageOf(error) });
    }
    if (data.call === "fini") scope.close();
  };
}

/** The library's own failures are negative numbers of the system. */
class CallError extends Error {
  constructor(call: WorkerCall, rc: number) {
    super(`its ${call} returned ${rc}`);
  }
}

class Calls {
  #library: BlockingLibrary | null = null;
  #interface: Deno.PointerValue = null;

  make(request: WorkerRequest): WorkerAnswer {
    let instance: Deno.PointerValue = null;
    switch (request.call) {
      case "init":
        this.#library = openBlocking(request.library);
        this.#interface = this.#init(this.#library);
        instance = this.#library.symbols.m0_get?.() ?? null;
        break;
      case "start":
        this.#start(request);
        break;
      case "stop":
        this.#library?.symbols.m0_halon_interface_stop(this.#interface);
        break;
      case "fini":
        this.#library?.symbols.m0_halon_interface_fini(this.#interface);
        this.#library?.close();
        break;
    }
    return {
      done: request.call,
      value: Deno.UnsafePointer.value(this.#interface),
      instance: Deno.UnsafePointer.value(instance),
    };
  }

  #init({ symbols }: BlockingLibrary): Deno.PointerValue {
    const out = new BigUint64Array(1);
    const rc = symbols.m0_halon_interface_init(
      out,
      ...[cString(""), cString("")] as const, // what this was built with: nothing of the library
      cString("disable-compatibility-check"),
      null, // an empty text for the node's UUID is refused
    );
    if (rc !== 0) throw new CallError("init", rc);
    return Deno.UnsafePointer.create(out[0] ?? 0n);
  }

  #start({ endpoint, fids, callbacks }: Extract<WorkerRequest, { call: "start" }>): void {
    const [process, ha, rm] = fids.map((bytes) => Uint8Array.from(bytes));
    const pointer = (i: number) => Deno.UnsafePointer.create(callbacks[i] ?? 0n);
    const rc = this.#library?.symbols.m0_halon_interface_start(
      this.#interface,
      cString(endpoint),
      ...[process ?? null, ha ?? null, rm ?? null] as const,
      ...[pointer(0), pointer(1), pointer(2), pointer(3), pointer(4)] as const,
      ...[pointer(5), pointer(6), pointer(7), pointer(8)] as const,
    ) ?? -1;
    if (rc !== 0) throw new CallError("start", rc);
  }
}
