/**
 * What the benches have in common.
 *
 * @module
 */

/** Prints a line. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Memory of a process in use, in whole MB. */
export async function rssMb(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Math.round(Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1000);
}

/** Seconds that the processors have worked for a process. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const TICKS_PER_SECOND = 100; // Linux, on every architecture that Deno runs on
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** `median, worst`, in ms. */
export function medianAndWorst(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${sorted[sorted.length >> 1]?.toFixed(0)} ms, ${sorted.at(-1)?.toFixed(0)} ms`;
}

/** How many threads this process has. */
export async function threadCount(): Promise<number> {
  return (await Array.fromAsync(Deno.readDir("/proc/self/task"))).length;
}

/** The lines of a stream, as they come. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
