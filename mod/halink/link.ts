/**
 * The HA link: one interface of the library, from its opening to its end (see `worker.ts` for the
 * two threads).
 *
 * @module
 */

import { HareError } from "../lib/errors.ts";
import type { Fid } from "../lib/fid.ts";
import { Callbacks } from "./callbacks.ts";
import { Caller } from "./caller.ts";
import type { LinkEvents, LinkId } from "./interface.ts";
import { fidArray, SIZE } from "./layout.ts";
import { type Cookie, MessageWriter, type StatesMessage } from "./message.ts";
import { findLibrary, type Flavour, flavourOf, openPrompt, type PromptLibrary } from "./symbols.ts";

/** Who this process is on the link. */
export interface LinkIdentity {
  readonly process: Fid;
  /** Its HA service. */
  readonly ha: Fid;
  /** Its RM service. */
  readonly rm: Fid;
  /** Its endpoint, with its transport: `libfab:inet:tcp:10.0.0.1@22001`. */
  readonly endpoint: string;
}

/** What a {@linkcode HaLink} is made of. */
export interface HaLinkOptions {
  /** Path of libmotr.so or libmero.so. {@default what the system's loader finds} */
  readonly library?: string | undefined;
  readonly identity: LinkIdentity;
  readonly events: LinkEvents;
  /** Starts this program once more, as a worker. */
  readonly startWorker: () => Worker;
}

const INIT_LIMIT_MS = 60_000;
/** A stop takes 1 s, and about 5 s more for each process that died. */
const STOP_LIMIT_MS = 60_000;

/** Longer than it takes until a process of this machine has heard something and says so. */
const LAST_WORD_MS = 300;

/** Keeps a dependency of libfabric from taking SIGTERM and SIGINT. */
const NO_SIGNALS = "IPATH_NO_BACKTRACE";

/** The interface, opened. */
export class HaLink {
  readonly #library: PromptLibrary;
  readonly #worker: Caller;
  readonly #identity: LinkIdentity;
  readonly #callbacks: Callbacks;
  readonly #writer: MessageWriter;
  readonly #interface: Deno.PointerValue;
  readonly #shun: () => void;
  readonly #tag = new BigUint64Array(1);

  private constructor(
    library: PromptLibrary,
    worker: Caller,
    halink: Deno.PointerValue,
    thread: { readonly flavour: Flavour; readonly shun: () => void },
    { identity, events }: HaLinkOptions,
  ) {
    this.#library = library;
    this.#worker = worker;
    this.#interface = halink;
    this.#shun = thread.shun;
    this.#identity = identity;
    this.#callbacks = new Callbacks(library, thread.flavour, events);
    this.#writer = new MessageWriter({ process: identity.process, service: identity.ha });
  }

  /**
   * Opens the library. Nothing is heard of it before {@linkcode HaLink.start}.
   *
   * @throws {HareError} when it cannot be used
   */
  static async open(options: HaLinkOptions): Promise<HaLink> {
    Deno.env.set(NO_SIGNALS, "1"); // the library's dependencies read it when they are loaded
    const path = options.library ?? findLibrary();
    const library = openPrompt(path);
    const flavour = flavourOf(library, path);
    const worker = new Caller(options.startWorker());
    const init = await worker.call({ call: "init", library: path }, INIT_LIMIT_MS);
    const halink = Deno.UnsafePointer.create(init.value);
    const shun = adopt(library, flavour, halink, Deno.UnsafePointer.create(init.instance));
    return new HaLink(library, worker, halink, { flavour, shun }, options);
  }

  /**
   * Starts the interface. Events come from now on: the first, the library's own request for an
   * entrypoint, before this has ended, which it does once that request has an answer.
   *
   * @throws {HareError} when the library fails; nothing of it is left then
   */
  async start(): Promise<void> {
    const { process, ha, rm, endpoint } = this.#identity;
    try {
      await this.#worker.call({
        call: "start",
        endpoint,
        fids: [fidArray([process]), fidArray([ha]), fidArray([rm])],
        callbacks: this.#callbacks.addresses,
      }, null);
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  /** Whether somebody waits for an entrypoint. */
  get isAsked(): boolean {
    return this.#callbacks.askers.hasWaiting;
  }

  /**
   * Stops the interface, in order; events come until this has ended, and none later. Nobody but this
   * process itself should be linked or ask (see {@linkcode HaLink.leave}).
   *
   * @throws {HareError} when the library does not stop: then only the end of this process helps
   */
  async stop(): Promise<void> {
    this.#callbacks.askers.close();
    await this.#worker.call({ call: "stop" }, STOP_LIMIT_MS);
    await this.#end();
  }

  /**
   * Leaves the interface as it is to the end of this process, which is near: from now on nothing is
   * answered. A stop would tell the processes at the other ends nothing, and those that speak meanwhile
   * that they have failed, of which they die.
   *
   * They notice that hax is gone, and link with the next one, when something of theirs stays without an
   * answer: `lastWord` tells each of them something, and the process ends before it answers what they
   * say to that.
   */
  leave(lastWord: () => void): void {
    this.#callbacks.leave();
    globalThis.addEventListener("unload", () => {
      lastWord();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORD_MS);
    }, { once: true });
  }

  /** Answers those who wait for an entrypoint, where there is one now. To be called now and then. */
  answerWaiting(): void {
    this.#callbacks.askers.answerWaiting();
  }

  /** Tells the process at the other end states of objects. */
  sendStates(link: LinkId, states: StatesMessage): void {
    this.#send(link, this.#writer.states(states));
  }

  /** Answers a question after the failure vector of a pool. */
  sendFailureVector(link: LinkId, pool: Fid, cookie: Cookie): void {
    this.#send(link, this.#writer.failureVector(pool, cookie));
  }

  #send(link: LinkId, message: Uint8Array<ArrayBuffer>): void {
    this.#library.symbols.m0_halon_interface_send(
      this.#interface,
      Deno.UnsafePointer.create(link),
      message,
      this.#tag,
    );
  }

  async #end(): Promise<void> {
    this.#shun();
    await this.#worker.call({ call: "fini" }, STOP_LIMIT_MS);
    this.#callbacks.close();
    this.#library.close();
  }
}

/** Lets this thread make the library's calls; returns what undoes that. */
function adopt(
  { symbols }: PromptLibrary,
  flavour: Flavour,
  halink: Deno.PointerValue,
  instance: Deno.PointerValue,
): () => void {
  const thread = new Uint8Array(SIZE.thread);
  const rc = flavour === "motr"
    ? symbols.m0_halon_interface_thread_adopt?.(halink, thread)
    : symbols.m0_thread_adopt?.(thread, instance);
  if (rc !== 0) throw new HareError(`the HA link's library does not take this thread: ${rc}`);
  return () => {
    if (flavour === "motr") symbols.m0_halon_interface_thread_shun?.();
    else symbols.m0_thread_shun?.();
    thread.fill(0); // it was the library's until now, and must not be collected before
  };
}
