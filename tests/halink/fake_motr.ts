/**
 * The test library: compiled with the machine's C compiler, opened beside hax's own handle of it,
 * and told from here what Mero is to do.
 *
 * @module
 */

import { HaLink } from "../../mod/halink/link.ts";
import type { LinkEvents } from "../../mod/halink/interface.ts";
import type { Flavour } from "../../mod/halink/symbols.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { dirname } from "../../mod/lib/std/path.ts";
import { assertEquals } from "../lib/assert.ts";

const SYMBOLS = {
  fake_ask: {
    parameters: ["u64", "u64", "pointer", "bool", "buffer", "buffer", "usize"],
    result: "void",
    nonblocking: true,
  },
  fake_events: {
    parameters: ["pointer", "u64", "u64", "u64", "u64", "u64"],
    result: "void",
    nonblocking: true,
  },
  fake_get: {
    parameters: ["pointer", "u64", "u64", "u64", "u64"],
    result: "void",
    nonblocking: true,
  },
  fake_service: { parameters: ["pointer", "u64", "u64"], result: "void", nonblocking: true },
  fake_vector: { parameters: ["pointer", "u64", "u64"], result: "void", nonblocking: true },
  fake_rubbish: { parameters: ["pointer", "u64", "u64"], result: "void", nonblocking: true },
  fake_end: { parameters: ["pointer"], result: "void", nonblocking: true },
  fake_link: { parameters: ["pointer", "buffer"], result: "void" },
  fake_violations: { parameters: ["buffer", "usize"], result: "usize" },
} as const;

/** Variable that has the library built with the address sanitizer (see sanitized_test.ts). */
export const ADDRESS_SANITIZER = "HARE_TEST_ASAN";

/** What an asker got. */
export interface Asked {
  readonly rc: number;
  readonly confds: number;
  readonly quorum: number;
  readonly rmKey: number;
  readonly link: bigint;
  readonly ms: number;
  /** Endpoint of the last confd, and of the RM. */
  readonly endpoints: string;
}

/** What was told over a link. */
export interface Told {
  readonly messages: number;
  readonly notes: number;
  /** Of the notes in their order. */
  readonly checksum: bigint;
  readonly vectors: number;
  readonly lastIdOfGet: bigint;
  readonly lastCookie: bigint;
  readonly lastKey: number;
  readonly lastState: number;
  readonly worstInFlight: number;
}

/** Whether this machine has a C compiler. */
export async function hasCompiler(): Promise<boolean> {
  try {
    return (await new Deno.Command("cc", { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Compiles the library; returns its path. */
async function buildFakeMotr(flavour: Flavour): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "hare-test-halink-" });
  const library = `${directory}/lib${flavour}.so`;
  const sources = ["interface.c", "play.c"].map((name) => new URL(name, import.meta.url).pathname);
  const options = [
    ...["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-shared", "-fPIC"],
    ...["-fsanitize=undefined", "-fno-sanitize-recover=undefined"],
    ...(Deno.env.has(ADDRESS_SANITIZER) ? ["-fsanitize=address"] : []),
    ...(flavour === "mero" ? ["-DMERO_2019"] : []),
  ];
  const { success, stderr } = await new Deno.Command("cc", {
    args: [...options, "-o", library, ...sources, "-lpthread"],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return library;
}

/**
 * Compiles the library for a test file, in each flavour, until that file's tests have ended; without
 * a compiler there is none, and that is said loudly.
 *
 * @param what what is not tested then
 * @returns paths by flavour
 */
export async function buildForTests(
  what: string,
  flavours: readonly Flavour[],
): Promise<ReadonlyMap<Flavour, string>> {
  const libraries = new Map<Flavour, string>();
  if (!await hasCompiler()) {
    const warning = `\n*** ${what} is NOT TESTED: this machine has no C compiler, cc ***\n\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(warning));
    Deno.test({ name: `${what}: NOT TESTED, as there is no C compiler`, ignore: true, fn() {} });
    return libraries;
  }
  for (const flavour of flavours) libraries.set(flavour, await buildFakeMotr(flavour));
  globalThis.addEventListener("unload", () => {
    for (const library of libraries.values()) {
      Deno.removeSync(dirname(library), { recursive: true });
    }
  });
  return libraries;
}

/** Mero, as the test has it act. */
export class FakeMotr implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #links = new Set<bigint>();

  constructor(readonly path: string) {
    this.#library = Deno.dlopen(path, SYMBOLS);
  }

  /**
   * A process asks for the entrypoint, and is linked when it gets one.
   *
   * @param link the link that it has already
   * @param isFirst it asks for the first time; else it has a link, or had one with an earlier hax
   */
  async ask(key: number, pid = 1, link = 0n, isFirst = link === 0n): Promise<Asked> {
    const out = new BigInt64Array(6);
    const endpoints = new Uint8Array(256);
    await this.#library.symbols.fake_ask(
      ...[BigInt(key), BigInt(pid), at(link), isFirst, out, endpoints, 256n] as const,
    );
    const [rc, confds, quorum, rmKey] = [...out.subarray(0, 4)].map(Number);
    if (rc === 0) this.#links.add(out[4] ?? 0n);
    return {
      rc: rc ?? 0,
      confds: confds ?? 0,
      quorum: quorum ?? 0,
      rmKey: rmKey ?? 0,
      link: out[4] ?? 0n,
      ms: Number(out[5] ?? 0n) / 1e6,
      endpoints: new TextDecoder().decode(endpoints).replace(/\0.*/s, ""),
    };
  }

  /** `count` events of a process, with pids from `pid` on. */
  async events(
    link: bigint,
    key: number,
    event: number,
    { type = 3, pid = 1, count = 1 } = {},
  ): Promise<void> {
    await this.#library.symbols.fake_events(
      ...[at(link), BigInt(key), BigInt(event), BigInt(type), BigInt(pid), BigInt(count)] as const,
    );
  }

  /** An event of a service. */
  async service(link: bigint, key: number, event: number): Promise<void> {
    await this.#library.symbols.fake_service(at(link), BigInt(key), BigInt(event));
  }

  /** Asks for states of `count` objects from `first` on. */
  async get(
    link: bigint,
    id: bigint,
    container: bigint,
    first: number,
    count: number,
  ): Promise<void> {
    await this.#library.symbols.fake_get(at(link), id, container, BigInt(first), BigInt(count));
  }

  /** Asks for a failure vector. */
  async vector(link: bigint, pool: number, cookie: bigint): Promise<void> {
    await this.#library.symbols.fake_vector(at(link), BigInt(pool), cookie);
  }

  /** A message of a type, with nothing in it that makes sense. */
  async rubbish(link: bigint, type: number, seed: bigint): Promise<void> {
    await this.#library.symbols.fake_rubbish(at(link), BigInt(type), seed);
  }

  /** Ends a link, as when its process has gone. */
  async end(link: bigint): Promise<void> {
    this.#links.delete(link);
    await this.#library.symbols.fake_end(at(link));
  }

  /** Ends all links: hax stops in order only when nobody is linked. */
  async endAll(): Promise<void> {
    for (const link of [...this.#links]) await this.end(link);
  }

  /** What was told over a link. */
  told(link: bigint): Told {
    const out = new BigUint64Array(9);
    this.#library.symbols.fake_link(at(link), out);
    const n = (i: number) => Number(out[i] ?? 0n);
    return {
      messages: n(0),
      notes: n(1),
      checksum: out[2] ?? 0n,
      vectors: n(3),
      lastIdOfGet: out[4] ?? 0n,
      lastCookie: out[5] ?? 0n,
      lastKey: n(6),
      lastState: n(7),
      worstInFlight: n(8),
    };
  }

  /** Fails when hax has broken the interface's contract. */
  assertContractHeld(): void {
    const out = new Uint8Array(4096);
    const length = Number(this.#library.symbols.fake_violations(out, 4096n));
    assertEquals(new TextDecoder().decode(out.subarray(0, length)), "");
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }
}

/** An interface of the test library, opened for a process with fid key 6. */
export function openLink(
  library: string,
  events: LinkEvents,
  endpoint = "127.80.0.1@tcp:12345:1:1",
): Promise<HaLink> {
  return HaLink.open({
    library,
    identity: {
      process: makeFid("process", 6),
      ha: makeFid("service", 7),
      rm: makeFid("service", 8),
      endpoint,
    },
    events,
    startWorker: () => new Worker(new URL("../../main.ts", import.meta.url), { type: "module" }),
  });
}

function at(link: bigint): Deno.PointerValue {
  return Deno.UnsafePointer.create(link);
}
