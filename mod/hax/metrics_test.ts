import { assertEquals } from "../../tests/lib/assert.ts";
import { Counter, renderMetrics } from "./metrics.ts";

Deno.test("renderMetrics() writes help, type and samples, and escapes what must be", () => {
  const counter = new Counter("hare_things_total", "Things\nwith a \\.");
  counter.add({ path: "/", why: 'a "b" \\ \n' });
  counter.add({ path: "/", why: 'a "b" \\ \n' });
  counter.add({});
  const gauge = { name: "up", help: "Up.", type: "gauge", samples: [] } as const;
  assertEquals(
    renderMetrics([counter.metric(), gauge]),
    String.raw`# HELP hare_things_total Things\nwith a \\.
# TYPE hare_things_total counter
hare_things_total{path="/",why="a \"b\" \\ \n"} 2
hare_things_total 1
# HELP up Up.
# TYPE up gauge
`,
  );
});
