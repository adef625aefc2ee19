/**
 * Default-deny ACLs and TLS with certificates for both sides, through the environment as a user
 * would set it.
 *
 * @module
 */

import { type Consul, ConsulError, consulFromEnv, txn } from "../../mod/consul/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../lib/assert.ts";
import { startConsul } from "../lib/consul.ts";
import { makeTlsFiles, makeToken, putPolicy } from "../lib/consul_security.ts";
import { startRelay } from "../lib/relay.ts";

Deno.test("ACLs: a token may do what its policy says, and no error tells a token", async (t) => {
  const managementToken = crypto.randomUUID();
  await using agent = await startConsul({ address: "127.78.2.4", managementToken });
  const token = await makeToken(
    agent,
    'key_prefix "eq/" { policy = "write" } key "epoch" { policy = "read" }',
    managementToken,
  );
  const dir = await Deno.makeTempDir();
  const file = `${dir}/token`;
  await Deno.writeTextFile(file, `${token}\n`);
  const withEnv = (variables: Record<string, string>) =>
    consulFromEnv((name) => ({ CONSUL_HTTP_ADDR: "127.78.2.4:8500", ...variables })[name]);
  const consul = withEnv({ CONSUL_HTTP_TOKEN_FILE: file });
  const refused = async (call: () => Promise<unknown>): Promise<ConsulError> => {
    const error = await assertRejects(call, ConsulError);
    assertEquals([error.kind, error.retryable], ["forbidden", false]);
    assert(!Deno.inspect(error, { depth: 9 }).includes(token));
    return error;
  };
  try {
    await t.step("what is allowed works", async () => {
      await consul.kv.put("eq/1", "wake_RC");
      assertEquals((await consul.kv.get("eq/1"))?.value, "wake_RC");
      assert((await consul.txn([txn.set("eq/2", "x"), txn.delete("eq/1")])).ok);
    });

    await t.step(
      "what is not is forbidden: a write, a transaction, a session, a watch",
      async () => {
        const error = await refused(() => consul.kv.put("epoch", "5"));
        assertEquals(error.status, 403);
        await refused(() => consul.txn([txn.set("eq/3", "x"), txn.set("epoch", "5")]));
        assertEquals(await consul.kv.get("eq/3"), null);
        const definition = { name: "x", lockDelay: "1s", nodeChecks: [], serviceChecks: [] };
        await refused(() => consul.session.create(definition));
        const signal = AbortSignal.timeout(30_000);
        await refused(() => consul.kv.watch("leader", { signal }).next());
      },
    );

    await t.step("a token that Consul does not know is forbidden, not told", async () => {
      const unknown = crypto.randomUUID();
      const error = await refused(() => withEnv({ CONSUL_HTTP_TOKEN: unknown }).kv.get("eq/2"));
      assert(!Deno.inspect(error, { depth: 9 }).includes(unknown));
      assert(error.hint?.includes("CONSUL_HTTP_TOKEN"));
    });

    await t.step("a token's file is read again when Consul refuses its token", async () => {
      const rotated = `${dir}/rotated`;
      await Deno.writeTextFile(rotated, crypto.randomUUID());
      const running = withEnv({ CONSUL_HTTP_TOKEN_FILE: rotated });
      await refused(() => running.kv.get("eq/2"));
      await Deno.writeTextFile(rotated, token);
      assertEquals((await running.kv.get("eq/2"))?.value, "x");
    });

    await t.step(
      "a list without its right is no empty list, and says which right that is",
      async () => {
        const others = await makeToken(
          agent,
          'key_prefix "x/" { policy = "write" }',
          managementToken,
        );
        await agent.consul.kv.put("eq/2", "x");
        const session = await agent.consul.session.create({
          ...{ name: "x", lockDelay: "1s", nodeChecks: [], serviceChecks: [] },
        });
        const calls: readonly (readonly [string, (consul: Consul) => Promise<unknown>])[] = [
          ['key_prefix "eq/"', ({ kv }) => kv.list("eq/")],
          ['key_prefix "eq/"', ({ kv }) => kv.list("eq/", { stale: true })],
          ['key_prefix "eq/"', ({ kv }) => kv.list("eq/", { consistent: true })],
          ['key_prefix "eq/"', ({ kv }) => kv.keys("eq/")],
          ['node_prefix ""', ({ catalog }) => catalog.nodes()],
          ['service_prefix ""', ({ catalog }) => catalog.services()],
          ['service_prefix ""', ({ catalog }) => catalog.service("consul")],
          ['node_prefix ""', ({ catalog }) => catalog.nodeServices(agent.node)],
          ['service_prefix ""', ({ health }) => health.service("consul")],
          ['node_prefix ""', ({ health }) => health.node(agent.node)],
          ['node_prefix ""', ({ health }) => health.state("any")],
          ['session_prefix ""', ({ session }) => session.list()],
          ['session_prefix ""', ({ session }) => session.listNode(agent.node)],
          ['session_prefix ""', (consul) => consul.session.info(session)],
          ['node_prefix ""', ({ agent }) => agent.members()],
        ];
        for (const consul of [withEnv({ CONSUL_HTTP_TOKEN: others }), withEnv({})]) {
          for (const [right, call] of calls) {
            const error = await assertRejects(() => call(consul), ConsulError);
            assertEquals([error.kind, error.retryable], ["filtered", true], error.message);
            assert(
              error.message.includes(`it needs `) && error.message.includes(right),
              error.message,
            );
          }
          await refused(() => consul.kv.get("eq/2"));
          await refused(() => consul.kv.get("nothing"));
          await refused(() => consul.agent.self());
        }
        assertEquals(await withEnv({ CONSUL_HTTP_TOKEN: others }).kv.list("x/"), []);
      },
    );

    await t.step("a watch goes on when the right that it waits for is granted", async () => {
      const name = `test-${crypto.randomUUID()}`;
      const late = await makeToken(
        agent,
        'key_prefix "x/" { policy = "write" }',
        managementToken,
        name,
      );
      const signal = AbortSignal.timeout(30_000);
      const errors: ConsulError[] = [];
      const waits = Promise.withResolvers<void>();
      const onError = (error: ConsulError) => {
        errors.push(error);
        waits.resolve();
      };
      const found = withEnv({ CONSUL_HTTP_TOKEN: late }).kv
        .watchPrefix("eq/", { signal, onError }).next();
      await waits.promise;
      await putPolicy(agent, name, 'key_prefix "eq/" { policy = "read" }', managementToken);
      assertEquals((await found).value?.map(({ key }: { key: string }) => key), ["eq/2"]);
      assert(errors.every(({ kind }) => kind === "filtered"));
    });

    await t.step("without a token little is seen", async () => {
      await refused(() => withEnv({}).kv.get("eq/2"));
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("TLS: both sides show certificates, and none goes without", async (t) => {
  const dir = await Deno.makeTempDir();
  try {
    const tls = await makeTlsFiles(dir, "127.78.2.5");
    await using _agent = await startConsul({ address: "127.78.2.5", tls });
    const withEnv = (variables: Record<string, string>) =>
      consulFromEnv((name) =>
        ({ CONSUL_HTTP_ADDR: "127.78.2.5:8501", CONSUL_HTTP_SSL: "true", ...variables })[name]
      );
    const pair = { CONSUL_CLIENT_CERT: tls.clientCert, CONSUL_CLIENT_KEY: tls.clientKey };

    await t.step("with the authority and a certificate, also from a directory", async () => {
      await Deno.mkdir(`${dir}/cas`);
      await Deno.copyFile(tls.ca, `${dir}/cas/ca.pem`);
      for (const ca of [{ CONSUL_CACERT: tls.ca }, { CONSUL_CAPATH: `${dir}/cas` }]) {
        using consul = withEnv({ ...pair, ...ca });
        await consul.kv.put("a", "b");
        assertEquals((await consul.kv.get("a"))?.value, "b");
      }
    });

    for (
      const [name, says, variables] of [
        ["an authority of one's own that is not named", /UnknownIssuer/, pair],
        ["no certificate to show", /cannot reach Consul/, { CONSUL_CACERT: tls.ca }],
        ["plain HTTP", /answered 400: .*HTTPS server/, { CONSUL_HTTP_SSL: "" }],
        [
          "another authority",
          /UnknownIssuer|BadSignature/,
          {
            ...pair,
            CONSUL_CACERT: (await makeTlsFiles(await Deno.makeTempDir({ dir }), "127.0.0.1")).ca,
          },
        ],
      ] as const
    ) {
      await t.step(`${name} is refused`, async () => {
        using consul = withEnv(variables);
        const error = await assertRejects(() => consul.kv.get("a"), ConsulError);
        assertMatch(error.message, says);
      });
    }

    await t.step("an address that the certificate lacks is refused", async () => {
      await using relay = startRelay("127.78.2.5", 8501, "127.78.2.6");
      using consul = withEnv({
        ...pair,
        CONSUL_CACERT: tls.ca,
        CONSUL_HTTP_ADDR: relay.address,
      });
      const error = await assertRejects(() => consul.kv.get("a"), ConsulError);
      assertMatch(error.message, /cannot reach Consul: .*certificate not valid for name/);
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
