import { assertEquals } from "../../tests/lib/assert.ts";
import { Counter, Histogram, renderMetrics } from "./metrics.ts";

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

Deno.test("Histogram counts each value in all buckets above it", () => {
  const seconds = new Histogram("hare_x_seconds", "X.", [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value);
  assertEquals(
    renderMetrics([seconds.metric()]),
    `# HELP hare_x_seconds X.
# TYPE hare_x_seconds histogram
hare_x_seconds_bucket{le="0.1"} 2
hare_x_seconds_bucket{le="1"} 3
hare_x_seconds_bucket{le="+Inf"} 4
hare_x_seconds_sum 7.65
hare_x_seconds_count 4
`,
  );
});
