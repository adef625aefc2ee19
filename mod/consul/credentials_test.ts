import { assert, assertEquals, assertRejects, assertThrows } from "../../tests/lib/assert.ts";
import { type BadServer, serveBadly } from "../../tests/lib/bad_server.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { Consul } from "./consul.ts";
import { Credentials } from "./credentials.ts";
import { ConsulError } from "./errors.ts";

/** A token's file, and a server that takes one token. */
interface World {
  readonly file: string;
  readonly clock: FakeClock;
  readonly consul: Consul;
  readonly server: BadServer;
  /** The tokens of the requests. */
  readonly sent: () => (string | null)[];
  right: string;
}

async function withFile(test: (world: World) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  const file = `${dir}/token`;
  try {
    await Deno.writeTextFile(file, "old-token\n");
    const world = { right: "old-token" };
    await using server = serveBadly(({ headers }) =>
      headers.get("x-consul-token") === world.right
        ? { answer: "[]" }
        : { status: 403, answer: `ACL not found: ${headers.get("x-consul-token")}` }
    );
    const clock = new FakeClock();
    const consul = new Consul({ address: server.address, tokenFile: file, token: "other", clock });
    const sent = () => server.requests.map(({ headers }) => headers.get("x-consul-token"));
    await test(Object.assign(world, { file, clock, consul, server, sent }));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a request that is refused is made again with the token that the file has now", () =>
  withFile(async (world) => {
    await world.consul.kv.list("eq/");
    world.right = "new-token";
    await Deno.writeTextFile(world.file, "new-token\n");
    await world.consul.kv.list("eq/");
    await world.consul.kv.list("eq/");
    assertEquals(world.sent(), ["old-token", "old-token", "new-token", "new-token"]);
  }));

Deno.test("an update of a check over a kept connection has the new token, too", () =>
  withFile(async (world) => {
    using connection = world.consul.agent.keepConnection();
    world.right = "new-token";
    await Deno.writeTextFile(world.file, "new-token\n");
    for (let i = 0; i < 2; i++) {
      await world.consul.agent.updateCheck("service:1", "passing", "", { connection });
    }
    assertEquals(world.sent().at(-1), "new-token");
  }));

Deno.test("the file is looked at now and then while the old token still works", () =>
  withFile(async (world) => {
    await world.consul.kv.list("eq/");
    await Deno.writeTextFile(world.file, "new-token\n");
    await world.consul.kv.list("eq/");
    await world.clock.advance(30_000);
    await assertRejects(() => world.consul.kv.list("eq/"), ConsulError);
    assertEquals(world.sent(), ["old-token", "old-token", "new-token"]);
  }));

Deno.test("a file that is gone, empty or no token leaves the old token, and an error says so", () =>
  withFile(async (world) => {
    const refusal = async () => {
      const error = await assertRejects(() => world.consul.kv.list("eq/"), ConsulError);
      assertEquals([error.kind, error.status], ["forbidden", 403]);
      assert(!/old-token|naïve/.test(Deno.inspect(error, { depth: 9 })));
      return error.message;
    };
    world.right = "another";
    assert(!(await refusal()).includes(world.file));
    await Deno.writeTextFile(world.file, "");
    assert((await refusal()).includes(`cannot use ${world.file}: it is empty`));
    await Deno.writeTextFile(world.file, "naïve");
    assert((await refusal()).includes("characters that no token has"));
    await Deno.remove(world.file);
    assert((await refusal()).includes("No such file"));
    world.right = "old-token";
    await world.consul.kv.list("eq/");
    assertEquals(new Set(world.sent()), new Set(["old-token"]));
  }));

Deno.test("Credentials take the token of the file before the other, which an empty file leaves", async () => {
  const file = await Deno.makeTempFile();
  try {
    const token = () =>
      new Credentials({ token: "of-variable", tokenFile: file }, () => 0)
        .headers()["x-consul-token"];
    assertEquals(token(), "of-variable");
    await Deno.writeTextFile(file, "of-file\n");
    assertEquals(token(), "of-file");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("Credentials refuse a file that is not there, and a token that cannot be sent", () => {
  const missing = assertThrows(
    () => new Credentials({ tokenFile: "/nowhere/token" }, () => 0),
    UsageError,
  );
  assert(missing.message.startsWith("CONSUL_HTTP_TOKEN_FILE: cannot read /nowhere/token: No such"));
  const wrong = assertThrows(() => new Credentials({ token: "a b" }, () => 0), HareError);
  assert(!wrong.message.includes("a b"));
});
