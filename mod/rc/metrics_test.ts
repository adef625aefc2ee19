import * as YAML from "yaml";
import * as z from "zod";
import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { captureLog } from "../../tests/lib/capture_log.ts";
import { loggerOf } from "../lib/log.ts";
import { renderMetrics } from "../lib/metrics.ts";
import { RcMetrics } from "./metrics.ts";
import { serveMetrics } from "./metrics_server.ts";

/** Metrics with something in each. */
function leading(): RcMetrics {
  const metrics = new RcMetrics();
  metrics.event("drive", "handled", 3);
  metrics.event("other", "rejected", 2000);
  metrics.election("won");
  metrics.consulError("timeout");
  metrics.leaderNumbers = () => ({ queues: { eq: 3, bq: 0, timeout: 1 }, oldestMs: 1500 });
  metrics.isPaused = () => true;
  return metrics;
}

Deno.test("RcMetrics tells what a leader knows", () => {
  const lines = renderMetrics(leading().metrics()).split("\n");
  for (
    const line of [
      "hare_rc_leader 1",
      "hare_rc_paused 1",
      'hare_rc_queue_length{queue="eq"} 3',
      "hare_rc_oldest_event_seconds 1.5",
      'hare_rc_events_total{type="drive",result="handled"} 1',
      'hare_rc_events_total{type="other",result="rejected"} 1',
      'hare_rc_event_seconds_bucket{le="0.005"} 1',
      "hare_rc_event_seconds_count 2",
      'hare_rc_elections_total{result="won"} 1',
      'hare_rc_consul_errors_total{kind="timeout"} 1',
    ]
  ) assert(lines.includes(line), `no ${line}`);
});

Deno.test("RcMetrics of a follower says nothing of queues, which it does not know", () => {
  const text = renderMetrics(new RcMetrics().metrics());
  assertEquals(text.includes("\nhare_rc_leader 0\n"), true);
  assertEquals(/queue_length|oldest/.test(text), false);
});

const OPTIONS = { names: [], log: loggerOf("rc") };

Deno.test("serveMetrics() answers at /metrics alone", async () => {
  const listen = { hostname: "127.79.0.1", port: 8009 };
  await using _ = serveMetrics(listen, () => leading().metrics(), OPTIONS);
  const answer = await fetch("http://127.79.0.1:8009/metrics");
  assertEquals(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assertEquals(await answer.text(), renderMetrics(leading().metrics()));
  const other = await fetch("http://127.79.0.1:8009/");
  assertEquals([other.status, await other.text()], [404, "see /metrics\n"]);
});

Deno.test("serveMetrics() says so where it cannot listen, and that is all", async () => {
  await using log = await captureLog();
  const listen = { hostname: "127.79.0.2", port: 8009 };
  await using _other = serveMetrics(listen, () => [], OPTIONS);
  await using _ = serveMetrics(listen, () => [], OPTIONS);
  assertEquals(log.matching(/^error: there are no metrics: cannot listen at 127/).length, 1);
});

const alertsSchema = z.object({
  groups: z.array(z.object({
    name: z.string(),
    rules: z.array(z.object({
      alert: z.string(),
      expr: z.string(),
      for: z.string().optional(),
      labels: z.object({ severity: z.enum(["critical", "warning"]) }),
      annotations: z.object({ summary: z.string(), description: z.string() }),
    })),
  })),
});

Deno.test("examples/alerts.yaml asks for metrics that there are, by labels that they have", async () => {
  const file = new URL("../../examples/alerts.yaml", import.meta.url);
  const { groups } = alertsSchema.parse(YAML.parse(await Deno.readTextFile(file)));
  const text = renderMetrics(leading().metrics());
  const rules = groups.flatMap(({ rules }) => rules);
  assert(rules.length > 4);
  for (const { alert, expr } of rules) {
    const used = [...expr.matchAll(/(hare_rc_\w+)(?:\{(\w+)="(\w+)"\})?/g)];
    assert(used.length > 0, alert);
    for (const [, name = "", label, value] of used) {
      const sample = label === undefined ? `\n${name}` : `${label}="${value}"`;
      assert(
        text.split("\n").some((line) =>
          `\n${line}`.startsWith(`\n${name}`) &&
          `\n${line}`.includes(sample)
        ),
        `${alert}: ${name} ${sample}`,
      );
    }
  }
});
