/**
 * The HA link: Mero's own library, called through Deno's FFI, without a line of C.
 *
 * {@linkcode HaLink} opens it, starts it and stops it; {@linkcode LinkEvents} is what it tells.
 * `link.ts` says how, `worker.ts` has the two threads, `symbols.ts` and `layout.ts` the C interface.
 *
 * @module
 */

export { HaLink, type HaLinkOptions, type LinkIdentity } from "./link.ts";
export { checkLibrary } from "./symbols.ts";
export type {
  ConfdPlace,
  EntrypointReply,
  ErrorKind,
  LinkEvents,
  LinkId,
  Message,
  Peer,
} from "./interface.ts";
export { MAX_NOTES } from "./layout.ts";
export { PROCESS_EVENTS } from "./message.ts";
export type { Cookie, KnownState, Note, ProcessEvent, ServiceEvent } from "./message.ts";
