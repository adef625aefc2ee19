import { assertEquals } from "../../tests/lib/assert.ts";
import { COMMANDS, HOSTILE, hostileWorld, runAll, RUNS } from "../../tests/cli/hostile.ts";
import { Consul } from "../consul/mod.ts";

/** Every source of the program under a directory. */
function* sourcesIn(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* sourcesIn(path);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) yield path;
  }
}

Deno.test("standard output and error are written in one place each", () => {
  const mod = new URL("..", import.meta.url).pathname;
  const writers = [...sourcesIn(mod)].filter((path) =>
    /Deno\.(stdout|stderr)(?!\.isTerminal)\b/.test(Deno.readTextFileSync(path))
  );
  assertEquals(writers.map((path) => path.slice(mod.length)).sort(), [
    "/cli/world.ts",
    "/lib/log.ts",
  ]);
});

Deno.test("there is a hostile run for every command", () => {
  assertEquals(Object.keys(RUNS).sort(), COMMANDS.map(([path]) => path).sort());
});

Deno.test("no command shows its arguments, files and other programs' words raw", async () => {
  using consul = new Consul({ address: "http://127.0.0.1:1" });
  await runAll("words", () => hostileWorld({ consul: () => consul }));
});

Deno.test("no command shows the words of Consul's agent raw", async () => {
  const ended = new AbortController(); // a server that is shut down waits for idle connections
  const agent = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: ended.signal },
    () => new Response(HOSTILE, { status: 403 }),
  );
  try {
    using consul = new Consul({ address: `http://127.0.0.1:${agent.addr.port}` });
    await runAll("agent", () => hostileWorld({ consul: () => consul }));
  } finally {
    ended.abort();
    await agent.finished;
  }
});
