/**
 * Proxies, as a process of its own meets them.
 *
 * @module
 */

import { assertEquals } from "../../tests/lib/assert.ts";
import { serveBadly } from "../../tests/lib/bad_server.ts";

/** The answers of an agent on loopback, and of another host, to a process with these variables. */
async function ask(env: Record<string, string>, agent: string): Promise<string> {
  const program = `
    import { useProxiesAsConsul } from ${JSON.stringify(import.meta.resolve("./proxy.ts"))};
    useProxiesAsConsul();
    const get = async (url) => {
      try {
        const response = await fetch(url);
        return response.status + " " + await response.text();
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        return "unreachable";
      }
    };
    const [, port] = Deno.args[0].split(":").slice(1);
    console.log(
      [
        await get(Deno.args[0]),
        await get("http://localhost:" + port),
        await get("http://[::ffff:127.0.0.1]:" + port),
        await get("http://hare.invalid/"),
      ].join(", "),
    );
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program, agent],
    env: { ...env, NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const VARIABLES: readonly (readonly [name: string, reachesOthers: boolean])[] = [
  ["HTTP_PROXY", true],
  ["http_proxy", true],
  ["ALL_PROXY", false],
  ["all_proxy", false],
];
for (const [name, reachesOthers] of VARIABLES) {
  Deno.test(`useProxiesAsConsul() keeps what is asked of this machine from the proxy of ${name}`, async () => {
    await using agent = serveBadly(() => ({ answer: "direct" }));
    await using proxy = serveBadly(() => ({ status: 502, answer: "proxy" }));
    const said = await ask({ [name]: proxy.address, no_proxy: ".corp" }, agent.address);
    const others = reachesOthers ? "502 proxy" : "unreachable";
    assertEquals(said, `200 direct, 200 direct, 200 direct, ${others}\n`);
    assertEquals(proxy.requests.length, reachesOthers ? 1 : 0);
  });
}

Deno.test("useProxiesAsConsul() leaves exceptions as they are, and adds this machine", async () => {
  await using agent = serveBadly(() => ({ answer: "direct" }));
  await using proxy = serveBadly(() => ({ status: 502, answer: "proxy" }));
  const env = { HTTP_PROXY: proxy.address, NO_PROXY: "hare.invalid" };
  assertEquals(await ask(env, agent.address), "200 direct, 200 direct, 200 direct, unreachable\n");
  assertEquals(proxy.requests.length, 0);
});
