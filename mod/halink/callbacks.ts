/**
 * The callbacks that the library makes on its own threads. Deno runs each on the thread that made
 * it, while the library's thread waits: so nothing in here waits, and nothing is thrown.
 *
 * @module
 */

import type { Fid } from "../lib/fid.ts";
import { Askers, type RequestId } from "./askers.ts";
import type { LinkEvents, LinkId } from "./interface.ts";
import { readFid, SIZE } from "./layout.ts";
import { readMessage } from "./message.ts";
import {
  type CallbackName,
  callbackNames,
  CALLBACKS,
  type Flavour,
  type PromptLibrary,
} from "./symbols.ts";

type Pointer = Deno.PointerValue;

/** A callback, whatever it is called with. */
interface Callback {
  readonly pointer: Deno.PointerObject;
  close(): void;
}

const { threadSafe } = Deno.UnsafeCallback;

/** One interface's callbacks. */
export class Callbacks {
  readonly #library: PromptLibrary;
  readonly #flavour: Flavour;
  readonly #events: LinkEvents;
  readonly #made: Readonly<Record<CallbackName, Callback>>;
  /** Those who ask for the entrypoint. */
  readonly askers: Askers;
  #hasLeft = false;

  constructor(library: PromptLibrary, flavour: Flavour, events: LinkEvents) {
    this.#library = library;
    this.#flavour = flavour;
    this.#events = events;
    this.askers = new Askers(library, events);
    this.#made = this.#make();
  }

  /** Addresses in the order of `start`. */
  get addresses(): readonly bigint[] {
    return callbackNames(this.#flavour).map((name) =>
      Deno.UnsafePointer.value(this.#made[name].pointer)
    );
  }

  /** Answers nothing any more: whoever speaks says it again to the next one who is there. */
  leave(): void {
    this.#hasLeft = true;
  }

  /** Frees them; the library must have ended. Until then they keep this process alive. */
  close(): void {
    for (const callback of Object.values(this.#made)) callback.close();
  }

  #make(): Readonly<Record<CallbackName, Callback>> {
    const events = this.#events;
    const { symbols } = this.#library;
    const bringsNoLink = (id: Pointer): void =>
      this.#guard(() => void this.askers.take(copyOf(id)));
    const hasEnded = (link: Pointer, isDelivered: boolean): void =>
      this.#guard(() => events.sent(idOf(link), isDelivered));
    return {
      entrypointRequest: threadSafe(
        CALLBACKS.entrypointRequest,
        (halink, id, endpoint, process, _revision, pid, isFirst) => {
          if (this.#hasLeft) return;
          this.#guard(() =>
            this.askers.ask(halink, copyOf(id), {
              process: fidAt(process),
              endpoint: textAt(endpoint),
              pid: Number(pid),
              isFirst,
            })
          );
        },
      ),
      messageReceived: threadSafe(CALLBACKS.messageReceived, (halink, link, message, _tag) => {
        if (this.#hasLeft) return;
        this.#guard(() => {
          events.message(idOf(link), readMessage(viewAt(message, SIZE.message), this.#flavour));
        });
        symbols.m0_halon_interface_delivered(halink, link, message);
      }),
      messageDelivered: threadSafe(
        CALLBACKS.messageDelivered,
        (_, link, _tag) => hasEnded(link, true),
      ),
      messageNotDelivered: threadSafe(
        CALLBACKS.messageNotDelivered,
        (_, link, _tag) => hasEnded(link, false),
      ),
      linkConnected: threadSafe(CALLBACKS.linkConnected, (_, id, link) => {
        this.#guard(() => events.connected(idOf(link), this.askers.take(copyOf(id))));
      }),
      linkReused: threadSafe(CALLBACKS.linkReused, (_, id, _link) => bringsNoLink(id)),
      linkAbsent: threadSafe(CALLBACKS.linkAbsent, (_, id) => bringsNoLink(id)),
      linkIsDisconnecting: threadSafe(CALLBACKS.linkIsDisconnecting, (halink, link) => {
        this.#guard(() => events.closed(idOf(link)));
        symbols.m0_halon_interface_disconnect(halink, link);
      }),
      // The library's own end of the link, of which nothing was used since it was disconnecting.
      linkDisconnected: threadSafe(CALLBACKS.linkDisconnected, () => {}),
    };
  }

  /** Whatever fails in `work` ends here: the library could do nothing with it. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#events.fault(error);
    }
  }
}

function idOf(link: Pointer): LinkId {
  return Deno.UnsafePointer.value(link);
}

/** Valid only while the library waits for the callback. */
function viewAt(pointer: Pointer, length: number): DataView {
  if (pointer === null) throw new TypeError("the library handed over no pointer");
  return new DataView(Deno.UnsafePointerView.getArrayBuffer(pointer, length));
}

function fidAt(pointer: Pointer): Fid {
  return readFid(viewAt(pointer, SIZE.fid), 0);
}

function copyOf(id: Pointer): RequestId {
  return new Uint8Array(viewAt(id, SIZE.uint128).buffer.slice(0) as ArrayBuffer);
}

function textAt(pointer: Pointer): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}
