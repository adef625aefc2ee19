/**
 * The functions and callbacks of the HA link's library, as Deno's FFI is told of them: the one
 * table of the C interface's calls. `layout.ts` is the one of its data.
 *
 * There are two libraries: `libmotr.so` of today, with nine callbacks, and `libmero.so` of 2019,
 * with eight. A symbol that only the former has tells them apart.
 *
 * @module
 */

import { HareError, messageOf } from "../lib/errors.ts";

/** Which of the two libraries it is. */
export type Flavour = "motr" | "mero";

/** The calls that block. They are made from one and the same thread, the worker's. */
const BLOCKING = {
  m0_halon_interface_init: {
    parameters: ["buffer", "buffer", "buffer", "buffer", "pointer"],
    result: "i32",
  },
  m0_halon_interface_start: {
    parameters: [
      ...["pointer", "buffer", "buffer", "buffer", "buffer"] as const,
      // The callbacks. The older library takes eight and does not look at a ninth.
      ...["pointer", "pointer", "pointer", "pointer", "pointer"] as const,
      ...["pointer", "pointer", "pointer", "pointer"] as const,
    ],
    result: "i32",
  },
  m0_halon_interface_stop: { parameters: ["pointer"], result: "void" },
  m0_halon_interface_fini: { parameters: ["pointer"], result: "void" },
  /** The instance that the calling thread belongs to. */
  m0_get: { parameters: [], result: "pointer", optional: true },
} as const;

/** The calls that return at once. They are made from the thread that owns the callbacks. */
const PROMPT = {
  m0_halon_interface_entrypoint_reply: {
    parameters: [
      ...["pointer", "pointer", "i32", "u32", "buffer", "buffer", "u32", "buffer", "buffer"],
    ] as const,
    result: "void",
  },
  m0_halon_interface_send: {
    parameters: ["pointer", "pointer", "buffer", "buffer"],
    result: "void",
  },
  m0_halon_interface_delivered: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  m0_halon_interface_disconnect: { parameters: ["pointer", "pointer"], result: "void" },
  // What lets a thread that is not the library's own make calls: the first two in libmotr.so, the
  // others in libmero.so.
  m0_halon_interface_thread_adopt: {
    parameters: ["pointer", "buffer"],
    result: "i32",
    optional: true,
  },
  m0_halon_interface_thread_shun: { parameters: [], result: "void", optional: true },
  m0_thread_adopt: { parameters: ["buffer", "pointer"], result: "i32", optional: true },
  m0_thread_shun: { parameters: [], result: "void", optional: true },
} as const;

/** The callbacks, in the order of `start`. The first parameter of each is the interface. */
export const CALLBACKS = {
  entrypointRequest: {
    parameters: ["pointer", "pointer", "pointer", "pointer", "pointer", "u64", "bool"],
    result: "void",
  },
  messageReceived: { parameters: ["pointer", "pointer", "pointer", "u64"], result: "void" },
  messageDelivered: { parameters: ["pointer", "pointer", "u64"], result: "void" },
  messageNotDelivered: { parameters: ["pointer", "pointer", "u64"], result: "void" },
  linkConnected: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  linkReused: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  linkAbsent: { parameters: ["pointer", "pointer"], result: "void" },
  linkIsDisconnecting: { parameters: ["pointer", "pointer"], result: "void" },
  linkDisconnected: { parameters: ["pointer", "pointer"], result: "void" },
} as const;

/** Name of a callback. */
export type CallbackName = keyof typeof CALLBACKS;

/** Names of the callbacks that a library takes, in its order. */
export function callbackNames(flavour: Flavour): readonly CallbackName[] {
  const names = Object.keys(CALLBACKS) as CallbackName[];
  return flavour === "motr" ? names : names.filter((name) => name !== "linkAbsent");
}

/** The library as the worker opens it. */
export type BlockingLibrary = Deno.DynamicLibrary<typeof BLOCKING>;
/** The library as the main thread opens it. */
export type PromptLibrary = Deno.DynamicLibrary<typeof PROMPT>;

/** Opens the library for the calls that block. */
export function openBlocking(path: string): BlockingLibrary {
  return open(path, BLOCKING);
}

/** Opens the library for the calls that return at once. */
export function openPrompt(path: string): PromptLibrary {
  return open(path, PROMPT);
}

/** Names under which the system's loader may know the library, the newest first. */
const NAMES = ["libmotr.so.2", "libmotr.so", "libmero.so.2", "libmero.so"] as const;

/**
 * The library that the system's loader finds.
 *
 * @throws {HareError} when there is none that can be loaded
 */
export function findLibrary(): string {
  const failures: string[] = [];
  for (const name of NAMES) {
    try {
      Deno.dlopen(name, {}).close();
      return name;
    } catch (error) {
      if (!(error instanceof Error)) throw error; // there is no class for a library that is not there
      failures.push(messageOf(error));
    }
  }
  // A library that is there may lack another one that it needs.
  const broken = failures.find((failure, i) => !failure.includes(`${NAMES[i]}: cannot open`));
  const why = broken === undefined ? "no libmotr.so" : broken;
  throw new HareError(`there is no library for the HA link on this machine: ${why}`, {
    hint: "give its path with --libmotr, or do without: --no-halink",
  });
}

/**
 * Loads and unloads the library, with all that Hare calls in it.
 *
 * @param path {@default what the system's loader finds}
 * @returns the library's path or name
 * @throws {HareError} when it cannot be used
 */
export function checkLibrary(path: string = findLibrary()): string {
  using prompt = closing(openPrompt(path));
  using _blocking = closing(openBlocking(path));
  flavourOf(prompt.library, path);
  return path;
}

function closing<T extends { close(): void }>(library: T): Disposable & { readonly library: T } {
  return { library, [Symbol.dispose]: () => library.close() };
}

/**
 * Which library this is.
 *
 * @throws {HareError} when it is neither
 */
export function flavourOf({ symbols }: PromptLibrary, path: string): Flavour {
  if (symbols.m0_halon_interface_thread_adopt !== null) return "motr";
  if (symbols.m0_thread_adopt !== null) return "mero";
  throw new HareError(`${path} has the HA link's interface, but lets no thread make its calls`);
}

function open<T extends Deno.ForeignLibraryInterface>(
  path: string,
  symbols: T,
): Deno.DynamicLibrary<T> {
  try {
    return Deno.dlopen(path, symbols);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new HareError(`cannot use the HA link's library ${path}: ${messageOf(error)}`, {
      hint: "give the path of libmotr.so or libmero.so with --libmotr, or do without: --no-halink",
      cause: error,
    });
  }
}
