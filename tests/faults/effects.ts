/**
 * What the coordinators did, as it stands in Consul, and whether that is right. It knows nothing of
 * the coordinator's code and takes nothing from it: plain HTTP, and the keys as they are documented.
 *
 * - The broadcast queue is read as a hax would read it: each entry is taken once, in the order of
 *   numbers; what appears below a number that was taken is too late.
 * - The history's records are read with Consul's index of their making. Each names the term of the
 *   leader that wrote it; a record of an older term after one of a newer term is a deposed leader's.
 *
 * @module
 */

/** Everything that was seen. */
export interface Seen {
  /** Values of the broadcast queue's entries, in their order. */
  readonly broadcasts: readonly string[];
  /** Entries that appeared below a number that had been taken. */
  readonly late: readonly string[];
  /** Terms of the history's records, in the order of Consul's index. */
  readonly terms: readonly {
    readonly index: number;
    readonly term: number;
    readonly key: string;
  }[];
  /** Events that were moved aside. */
  readonly rejected: readonly string[];
}

/** What is wrong. */
export interface Verdict {
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  readonly outOfOrder: readonly string[];
  /** Writes of a leader after its successor's first one. */
  readonly byDeposed: readonly string[];
  readonly rejected: readonly string[];
}

/** Nothing is. */
export const CLEAN: Verdict = { lost: [], twice: [], outOfOrder: [], byDeposed: [], rejected: [] };

/**
 * Judges what was seen.
 *
 * @param expected the broadcasts that all the events come to, in the order of the events' numbers
 */
export function judge(expected: readonly string[], seen: Seen): Verdict {
  const counts = new Map<string, number>();
  for (const value of seen.broadcasts) counts.set(value, (counts.get(value) ?? 0) + 1);
  const places = new Map(expected.map((value, place) => [value, place]));
  const outOfOrder = [...seen.late];
  let last = -1;
  for (const value of seen.broadcasts) {
    const place = places.get(value) ?? -1;
    if (place < last) outOfOrder.push(value);
    last = Math.max(last, place);
  }
  const byDeposed: string[] = [];
  let term = 0;
  for (const record of seen.terms) {
    if (record.term < term) byDeposed.push(`${record.key} by term ${record.term} after ${term}`);
    term = Math.max(term, record.term);
  }
  return {
    lost: expected.filter((value) => !counts.has(value)),
    twice: [...counts].filter(([, count]) => count > 1).map(([value]) => value),
    outOfOrder,
    byDeposed,
    rejected: seen.rejected,
  };
}

interface RawEntry {
  readonly Key: string;
  readonly Value: string | null;
  readonly CreateIndex: number;
}

/** How often the effects are read. */
const PERIOD_MS = 250;
const CALL_LIMIT_MS = 1500;

/** Reads effects until it is stopped; any agent will do. */
export class Observer {
  readonly #addresses: readonly string[];
  readonly #nodes: readonly string[];
  readonly #broadcasts: string[] = [];
  readonly #late: string[] = [];
  readonly #taken = new Set<number>();
  readonly #records = new Map<string, { index: number; term: number; key: string }>();
  readonly #rejected = new Set<string>();
  readonly #stop = new AbortController();
  #position = -1;
  #turn = 0;
  readonly #reading: Promise<void>;

  /** @param nodes those whose position in the broadcast queue is moved on, as their hax would */
  constructor(addresses: readonly string[], nodes: readonly string[]) {
    this.#addresses = addresses;
    this.#nodes = nodes;
    this.#reading = this.#read();
  }

  /** What has been seen so far. */
  get seen(): Seen {
    const terms = [...this.#records.values()].toSorted((a, b) => a.index - b.index);
    return { broadcasts: this.#broadcasts, late: this.#late, terms, rejected: [...this.#rejected] };
  }

  /** Ends the reading. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#turn += 1;
      try {
        await this.#look();
      } catch (error) {
        // An agent that is away, or has no leader: the next one is asked.
        if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    }
  }

  async #look(): Promise<void> {
    for (const { Key, Value, CreateIndex } of await this.#list("hare/history/")) {
      const { term } = JSON.parse(textOf(Value));
      this.#records.set(`${Key} ${CreateIndex}`, { index: CreateIndex, term, key: Key });
    }
    for (const { Key, Value } of await this.#list("eq-rejected/")) {
      this.#rejected.add(`${Key} ${textOf(Value)}`);
    }
    const entries = (await this.#list("bq/"))
      .map(({ Key, Value }) => ({ number: Number(Key.slice(3)), value: textOf(Value) }))
      .toSorted((a, b) => a.number - b.number);
    for (const { number, value } of entries) {
      if (this.#taken.has(number)) continue;
      this.#taken.add(number);
      if (number < this.#position) this.#late.push(value);
      this.#broadcasts.push(value);
      this.#position = Math.max(this.#position, number);
    }
    for (const node of this.#nodes) {
      await this.#call(`bq-seen/${node}`, { method: "PUT", body: String(this.#position) });
    }
  }

  async #list(prefix: string): Promise<readonly RawEntry[]> {
    const answer = await this.#call(`${prefix}?recurse&consistent`, {});
    return answer === null ? [] : JSON.parse(answer);
  }

  /** The text of the answer; `null` where there is no such key. */
  async #call(path: string, init: RequestInit): Promise<string | null> {
    const address = this.#addresses[this.#turn % this.#addresses.length];
    const signal = AbortSignal.timeout(CALL_LIMIT_MS);
    const response = await fetch(`http://${address}:8500/v1/kv/${path}`, { ...init, signal });
    const text = await response.text();
    if (response.status === 404) return null;
    if (!response.ok) throw new TypeError(`${response.status}: ${text}`);
    return text;
  }
}

function textOf(base64: string | null): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64 ?? ""), (c) => c.charCodeAt(0)));
}
