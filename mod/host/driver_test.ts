import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { FakeClock } from "../../tests/lib/fake_clock.ts";
import { framedRun } from "../../tests/lib/framed_run.ts";
import { HareError } from "../lib/errors.ts";
import { driverOf } from "./driver.ts";
import { SshConnections } from "./ssh_connections.ts";

/** Does so with a world that notes which programs were started here. */
async function withWorld(
  act: (driver: (destination: string) => ReturnType<typeof driverOf>) => Promise<void>,
): Promise<readonly (readonly string[])[]> {
  const started: (readonly string[])[] = [];
  const run = framedRun(async (argv) => {
    started.push(argv);
    const socket = argv[argv.indexOf("-S") + 1];
    if (argv.includes("-M") && socket !== undefined) await Deno.writeTextFile(socket, "");
    return { code: 0, stdout: "", stderr: "" };
  });
  const directory = await Deno.makeTempDir();
  const env = () => directory;
  try {
    await using connections = await SshConnections.open({
      ...{ run, env, clock: new FakeClock(), random: () => 0.5 },
    });
    await act((destination) => driverOf(destination, { hostname: "vm1", run, connections }));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  return started;
}

const options = { signal: new AbortController().signal };

Deno.test("driverOf() takes no ssh to this host, whoever is to log in", async () => {
  const started = await withWorld(async (driver) => {
    for (const destination of ["vm1", "alice@vm1", "localhost"]) {
      const host = driver(destination);
      assertEquals(host.name, destination.slice(destination.lastIndexOf("@") + 1));
      await host.exists("/etc", options);
    }
  });
  assertEquals(started, Array(3).fill(["test", "-e", "/etc"]));
});

Deno.test("driverOf() takes one connection to another host", async () => {
  const started = await withWorld(async (driver) => {
    const host = driver("alice@vm10");
    assertEquals(host.name, "vm10");
    await host.exists("/etc", options);
    await driver("alice@vm10").exists("/usr", options);
  });
  const [connect, first, second, exit, ...more] = started;
  assertEquals(connect?.includes("-M"), true);
  assertEquals(first, ["ssh", "alice@vm10", "test", "-e", "/etc"]);
  assertEquals(second, ["ssh", "alice@vm10", "test", "-e", "/usr"]);
  assertEquals(exit?.slice(-4), ["-O", "exit", "--", "alice@vm10"]);
  assertEquals(more, []);
});

Deno.test("driverOf() refuses what could be more than a host", async () => {
  await withWorld((driver) => {
    for (const destination of ["x; touch /owned", "-oProxyCommand=id", "alice@-oX"]) {
      assertThrows(() => driver(destination), HareError, "is no [user@]hostname");
    }
    return Promise.resolve();
  });
});
