/**
 * Proxies, as a process of its own meets them.
 *
 * @module
 */

import { assertEquals } from "../../tests/lib/assert.ts";
import { serveBadly } from "../../tests/lib/bad_server.ts";

Deno.test("keepLoopbackDirect() keeps a loopback address, and only those, from the proxy", async () => {
  await using agent = serveBadly(() => ({ answer: "direct" }));
  await using proxy = serveBadly(() => ({ status: 502, answer: "" }));
  const program = `
    import { keepLoopbackDirect } from ${JSON.stringify(import.meta.resolve("./proxy.ts"))};
    keepLoopbackDirect();
    const { status } = await fetch("http://hare.example/");
    const answer = await fetch(Deno.args[0]);
    console.log(status, await answer.text(), Deno.env.get("NO_PROXY"));
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program, agent.address],
    env: {
      HTTP_PROXY: proxy.address,
      http_proxy: proxy.address,
      no_proxy: ".corp",
      NO_COLOR: "1",
    },
  }).output();
  assertEquals(
    new TextDecoder().decode(stdout),
    "502 direct .corp,localhost,127.0.0.0/8,::1\n",
  );
  assertEquals(proxy.requests.length, 1);
});
