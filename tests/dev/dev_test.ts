/**
 * Development clusters of the examples, from the compiled binary, as a newcomer meets them.
 *
 * @module
 */

import { systemClock } from "../../mod/lib/clock.ts";
import { runHere } from "../../mod/lib/process.ts";
import { join } from "../../mod/lib/std/path.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import { Dev, EXAMPLES, mustPass, until } from "./cluster.ts";

async function leaderOf(dev: Dev, n: number): Promise<string> {
  using consul = dev.consul(n);
  return await waitFor("a leader", async (signal) => {
    const leader = await consul.kv.get("leader", { signal });
    return leader?.session
      ? { ready: true, value: leader.value }
      : { ready: false, why: "no session holds the key" };
  }, { limitMs: 60_000 });
}

Deno.test("one node: up, asked, down, and nothing is left", async () => {
  await using dev = await Dev.make("127.77.10");
  const { stdout, stderr } = await dev.up(join(EXAMPLES, "singlenode.yaml"));
  assertMatch(stdout, /^1 node is up, after \d+\.\d s\.$/m);
  assertStringIncludes(stderr, "[ 3/11] start the Consul servers");

  const status = await dev.ask(1, "status");
  assertEquals(status.code, 0, status.stdout + status.stderr);
  assertEquals(
    mustPass(await dev.ask(1, "entrypoint")).stdout,
    [
      "principal-RM: localhost",
      "confds:",
      "  - node: localhost",
      "    fid: 0x7200000000000001:0x9",
      "    address: 127.77.10.1@tcp:12345:2:1",
      "",
    ].join("\n"),
  );
  assertEquals((await dev.ask(1, "check-service", "--hax")).code, 0);
  assertEquals((await dev.ask(1, "check-service", "--fid", "0x7200000000000001:0x9")).code, 0);
  const again = await dev.up(join(EXAMPLES, "singlenode.yaml"));
  assertStringIncludes(again.stderr, "start the io servers .................... was done already");

  mustPass(await dev.dev("down"));
  await dev.assertGone(1);
});

Deno.test("a server that is told to fail stops the bring-up, which then resumes", async () => {
  await using dev = await Dev.make("127.77.11");
  const fid = "0x7200000000000001:0x9";
  const directory = join(dev.dir, "hosts", "localhost", "var", "mero", `m0d-${fid}`);
  const order = `${directory}.fail`;
  await dev.up(join(EXAMPLES, "singlenode.yaml"));
  // As if it had never been formatted.
  mustPass(await dev.dev("kill", fid));
  using consul = dev.consul(1);
  await consul.kv.delete(`hare/mkfs/${fid}`);
  await Deno.remove(directory, { recursive: true });
  await Deno.writeTextFile(order, "mkfs\n");
  const args = ["--net", "127.77.11", "--disk-size", "16M", join(EXAMPLES, "singlenode.yaml")];
  const failed = await dev.dev("up", ...args);
  assertEquals(failed.code, 1);
  assertStringIncludes(failed.stderr, "could not start the confds:");
  assertStringIncludes(failed.stderr, "unit mero-mkfs@0x7200000000000001:0x9: exit status 1");
  assertStringIncludes(failed.stderr, "mkfs was told to fail");
  await Deno.remove(order);
  const resumed = mustPass(await dev.dev("up", ...args));
  assertStringIncludes(
    resumed.stderr,
    "import the KV ........................... was done already",
  );
});

Deno.test("an up that is interrupted says what it has started, and what ends that", async () => {
  await using dev = await Dev.make("127.77.19");
  const cdf = join(EXAMPLES, "singlenode.yaml");
  const { code, stdout, stderr } = await dev.interruptUp(cdf, "import the KV");
  assertEquals([code, stdout], [130, ""]);
  assertMatch(stderr, /^hare: interrupted by SIGINT, in phase .*; this run has started:$/m);
  assertMatch(stderr, /^\s+localhost: hare-consul-agent/m);
  assertStringIncludes(stderr, `\`hare dev down --dir ${dev.dir}\` ends it`);
  await dev.up(cdf);
  mustPass(await dev.dev("down"));
  await dev.assertGone(1);
});

Deno.test("dev leaves a directory alone that is not its own", async () => {
  await using dev = await Dev.make("127.77.18");
  await Deno.mkdir(dev.dir);
  await Deno.writeTextFile(join(dev.dir, "hosts"), "127.0.0.1 localhost\n");
  for (const verb of ["down", "stop", "status"]) {
    const { code, stderr } = await dev.dev(verb);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "no development cluster");
  }
  const { code, stderr } = await dev.dev("up", join(EXAMPLES, "singlenode.yaml"));
  assertEquals(code, 1);
  assertStringIncludes(stderr, "is not empty: hosts");
  const left = await Array.fromAsync(Deno.readDir(dev.dir));
  assertEquals(left.map(({ name }) => name), ["hosts"]);
});

Deno.test("what was killed, a server or a whole host, is up again after another up", async () => {
  await using dev = await Dev.make("127.77.16");
  await dev.up(join(EXAMPLES, "singlenode.yaml"));
  for (const victim of ["0x7200000000000001:0x9", "localhost/consul", "localhost"]) {
    mustPass(await dev.dev("kill", victim));
    // Before hax or Consul have noticed, everything would still look well.
    await until(`${victim} to be missed`, async () => {
      const { code, ...output } = await dev.ask(1, "status");
      return { ...output, code: code === 0 ? 1 : 0 };
    });
    await dev.up(join(EXAMPLES, "singlenode.yaml"));
    await until("a healthy cluster", () => dev.ask(1, "status"));
  }
});

Deno.test("target motr: what was stopped in order is started again, and nothing is formatted", async () => {
  await using dev = await Dev.make("127.77.17");
  const up = () => dev.up(join(EXAMPLES, "singlenode.yaml"), "--target", "motr");
  const formats = () => dev.log("localhost", "motr-mkfs@0x7200000000000001:0xc");
  await up();
  const { confds } = JSON.parse(mustPass(await dev.ask(1, "entrypoint", "--json")).stdout);
  assertEquals(confds.map(({ address }: { address: string }) => address), [
    "inet:tcp:127.77.17.1@21001",
  ]);
  const formatted = await formats();
  mustPass(await dev.dev("stop"));
  assertEquals(await dev.processes(), 0);
  const units = JSON.parse(mustPass(await dev.dev("status", "--json")).stdout);
  assertEquals(new Set(units.map(({ state }: { state: string }) => state)), new Set(["inactive"]));
  await up();
  assertEquals((await dev.ask(1, "status")).code, 0);
  mustPass(await dev.dev("stop"));
  mustPass(await dev.dev("stop"));
  assertEquals(await formats(), formatted);
});

Deno.test("a second cluster on the same addresses is refused, and named", async () => {
  await using dev = await Dev.make("127.77.12");
  await using other = await Dev.make("127.77.12");
  await dev.up(join(EXAMPLES, "singlenode.yaml"));
  const args = ["--net", "127.77.12", join(EXAMPLES, "singlenode.yaml")];
  const refused = await other.dev("up", ...args);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "127.77.12.1 has ports in use: 8500, 8300");
  mustPass(await other.dev("down"));
  assertEquals((await dev.ask(1, "status")).code, 0);
});

Deno.test("timeouts: one by hand fires at once, the next a minute later, and again", async () => {
  await using dev = await Dev.make("127.77.13");
  await dev.up(join(EXAMPLES, "singlenode.yaml"));
  using consul = dev.consul(1);
  const twoMinutesAgo = mustPass(
    await runHere(["date", "--date=2 minutes ago", "+%Y%m%d%H%M.%S"]),
  ).stdout.trim();
  await consul.kv.put(`timeout/${twoMinutesAgo}`, "tmo1");
  await consul.kv.put("eq/0", "wake_RC");
  const processed = async (pattern: RegExp, limitMs: number) =>
    await waitFor(`${pattern} in the RC's log`, async () => {
      const log = await dev.log("localhost", "hare-rc");
      return pattern.test(log) ? { ready: true, value: log } : { ready: false, why: log };
    }, { limitMs });
  await processed(/eq\/0 wake_RC:/, 10_000);
  await processed(/eq\/\d{9} tmo1: set tmo/, 10_000);
  const due = await waitFor("a new timeout", async (signal) => {
    const [key] = await consul.kv.keys("timeout/", { signal });
    return key === undefined ? { ready: false, why: "there is none" } : { ready: true, value: key };
  }, { limitMs: 10_000 });
  assert(due !== `timeout/${twoMinutesAgo}`);
  const next = (await consul.kv.get(due))?.value;
  assertMatch(next ?? "", /^tmo\d+$/);
  await processed(new RegExp(`eq/\\d{9} ${next}: set tmo`), 75_000);
  const after = await waitFor("the timeout after it", async (signal) => {
    const keys = await consul.kv.keys("timeout/", { signal });
    return keys[0] !== undefined && keys[0] !== due
      ? { ready: true, value: keys }
      : { ready: false, why: keys.join() };
  }, { limitMs: 10_000 });
  assertEquals(after.length, 1);
});

Deno.test("three nodes: the leader's RC is killed, then a whole host", async () => {
  await using dev = await Dev.make("127.77.14");
  await dev.up(join(EXAMPLES, "three-nodes.yaml"));
  const statuses = JSON.parse(mustPass(await dev.dev("status", "--json")).stdout);
  const hosts: string[] = [...new Set<string>(statuses.map((u: { host: string }) => u.host))];
  assertEquals(hosts.length, 3);
  const numberOf = (host: string) => hosts.indexOf(host) + 1;

  const first = await leaderOf(dev, 1);
  assertStringIncludes(mustPass(await dev.ask(1, "entrypoint")).stdout, `principal-RM: ${first}\n`);
  mustPass(await dev.dev("kill", `${first}/rc`));
  const second = await until("another leader", async () => {
    const output = await dev.ask(1, "entrypoint");
    return output.stdout.includes(`principal-RM: ${first}\n`) ? { ...output, code: 1 } : output;
  });
  const secondNode = /^principal-RM: (.*)$/m.exec(second)?.[1] ?? "";
  assert(hosts.includes(secondNode) && secondNode !== first);
  const degraded = await dev.ask(1, "status");
  assertEquals(degraded.code, 1, degraded.stdout + degraded.stderr);
  assertStringIncludes(degraded.stdout, secondNode);

  mustPass(await dev.dev("kill", secondNode));
  const third = hosts.find((host) => host !== first && host !== secondNode) ?? "";
  // The RC of the first node is still dead, so only one is left to lead.
  const answer = await until("the last leader", async () => {
    const output = await dev.ask(numberOf(third), "entrypoint");
    return output.stdout.includes(`principal-RM: ${third}\n`) ? output : { ...output, code: 1 };
  });
  assertEquals(answer.match(/fid:/g)?.length, 3);
  const again = await dev.ask(numberOf(third), "status");
  assertEquals(again.code, 1, again.stdout + again.stderr);
  assertStringIncludes(again.stdout, secondNode);

  // The agent that a bring-up asks is dead too, while others run.
  const [asked = ""] = hosts;
  if (secondNode !== asked) mustPass(await dev.dev("kill", asked));
  await dev.up(join(EXAMPLES, "three-nodes.yaml"));
  await until("a healthy cluster", () => dev.ask(1, "status"));
  mustPass(await dev.dev("down"));
  await dev.assertGone(3);
});

Deno.test("four nodes, two of them io only; then everything is killed, and down cleans up", async () => {
  await using dev = await Dev.make("127.77.15");
  await dev.up(join(EXAMPLES, "ees.yaml"));
  const entrypoint = JSON.parse(mustPass(await dev.ask(4, "entrypoint", "--json")).stdout);
  assertEquals(entrypoint.confds.length, 2);
  const processes = await dev.marked();
  assert(processes.length > 12);
  // The keepers first, or they would still note how their programs ended.
  for (const { pid } of processes.toSorted((a, b) => a.role < b.role ? -1 : 1)) {
    Deno.kill(pid, "SIGKILL");
  }
  while (await dev.processes() > 0) await systemClock.sleep(10);
  mustPass(await dev.dev("down"));
  await dev.assertGone(4);
});
