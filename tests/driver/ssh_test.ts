/**
 * The way to other hosts over the real OpenSSH, both sides of it, on loopback.
 *
 * @module
 */

import { HareError } from "../../mod/lib/errors.ts";
import { systemClock } from "../../mod/lib/clock.ts";
import { runHere } from "../../mod/lib/process.ts";
import { type Readiness, waitFor } from "../../mod/lib/wait_for.ts";
import { runOverSsh, SshError } from "../../mod/host/ssh.ts";
import { SshConnection } from "../../mod/host/ssh_connection.ts";
import { SshConnections } from "../../mod/host/ssh_connections.ts";
import { SystemdHost } from "../../mod/host/systemd.ts";
import { assert, assertEquals, assertRejects } from "../lib/assert.ts";
import { testUnless } from "../lib/conditional.ts";
import { Sshd, whySshdIsMissing } from "../lib/sshd.ts";

const whyNoSshd = await whySshdIsMissing();

function test(name: string, act: (sshd: Sshd) => Promise<void>): void {
  testUnless(whyNoSshd, name, async () => {
    await using sshd = await Sshd.open();
    await act(sshd);
  });
}

const options = { signal: new AbortController().signal };
const LIMIT = { limitMs: 10_000, intervalMs: 10 };

/** A host called `there`, whose root is whoever runs the tests. */
async function hostOn(sshd: Sshd, { run, watch }: SshConnection): Promise<SystemdHost> {
  await program(sshd, "id", "echo 0");
  return new SystemdHost({ name: "there", run, watch });
}

function program({ directory }: Sshd, name: string, script: string): Promise<void> {
  return Deno.writeTextFile(`${directory}/bin/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

function connectionsOf({ run, directory }: Sshd): Promise<SshConnections> {
  const env = (name: string) => name === "XDG_RUNTIME_DIR" ? `${directory}/my 100% run` : undefined;
  return SshConnections.open({ run, env, clock: systemClock, random: Math.random });
}

/** An impatient connection to one of the sshd's hosts. */
function connectionTo(
  destination: string,
  { run, directory }: Sshd,
  patienceMs = 10,
): SshConnection {
  const controlPath = `${directory}/socket`;
  const common = { clock: systemClock, random: () => 0.1 };
  return new SshConnection(destination, { run, controlPath, patienceMs, ...common });
}

async function thereIs(path: string): Promise<Readiness<void>> {
  await Deno.lstat(path);
  return { ready: true, value: undefined };
}

const ODD_WORDS = ["it's", "$HOME", "-oProxyCommand=id", "", "a\nb", "~", "ü \\ %h"];

test("runOverSsh() carries arguments, input and status through the real ssh", async (sshd) => {
  const { run, directory } = sshd;
  const args = [`x; touch ${directory}/owned`, `$(touch ${directory}/owned)`, ...ODD_WORDS];
  const there = runOverSsh("there", { run });
  const { stdout } = await there(["printf", "%s\\0", ...args]);
  assertEquals(stdout.split("\0").slice(0, -1), args);
  await assertRejects(() => Deno.stat(`${directory}/owned`), Deno.errors.NotFound);
  const counted = await there(["sh", "-c", "wc -c; exit 7"], { stdin: "seven\n\n" });
  assertEquals([counted.code, counted.stdout.trim()], [7, "7"]);
});

test("SshConnections share one connection a host, and leave nothing", async (sshd) => {
  {
    await using connections = await connectionsOf(sshd);
    const [a, b] = [connections.to("there"), connections.to("there")];
    const say = (word: string) => a.run(["echo", word], { env: { A: "b" }, stdin: "unread" });
    const words = Array.from({ length: 20 }, (_, i) => `word ${i}`);
    const outputs = await Promise.all([...words.map(say), b.run(["sleep", "0.1"])]);
    assertEquals(outputs.map(({ code }) => code), Array(21).fill(0));
    assertEquals(outputs.slice(0, -1).map(({ stdout }) => stdout.trim()), words);
    assertEquals((await sshd.connections()).length, 1);
  }
  await waitFor("the end of the connection", async () => {
    const { length } = await sshd.connections();
    return { ready: length === 0, value: undefined, why: `there are ${length}` };
  }, LIMIT);
  assertEquals(await Array.fromAsync(Deno.readDir(`${sshd.directory}/my 100% run`)), []);
});

test("SshConnection has no more than eight sessions at a time", async (sshd) => {
  const { directory } = sshd;
  await using connection = connectionTo("there", sshd);
  await Deno.mkdir(`${directory}/here`);
  const script = 'touch "$1/$$"; ls "$1" | wc -l; sleep 0.2; rm "$1/$$"';
  const look = () => connection.run(["sh", "-c", script, "sh", `${directory}/here`]);
  const outputs = await Promise.all(Array.from({ length: 14 }, look));
  const most = Math.max(...outputs.map(({ stdout }) => Number(stdout)));
  assert(most > 1 && most <= 6, `${most} at a time`);
  assertEquals((await sshd.connections()).length, 1);
});

test("SshConnection waits for a host that is not up yet", async (sshd) => {
  await sshd.stop();
  await using connection = connectionTo("there", sshd, 30_000);
  const { stderr } = await runOverSsh("there", sshd)(["true"]).catch((error) => ({
    stderr: String(error),
  }));
  assert(stderr.includes("Connection refused"), stderr);
  const running = connection.run(["echo", "up"]);
  await waitFor("a try", () => thereIs(`${sshd.directory}/socket.log`), LIMIT);
  await sshd.start();
  assertEquals((await running).stdout, "up\n");
});

for (
  const [host, kind] of [
    ["closed", "unreachable"],
    ["stranger", "login-refused"],
    ["unknown-key", "host-key"],
  ] as const
) {
  test(`SshConnection tells what is wrong with a host: ${kind}`, async (sshd) => {
    const patienceMs = kind === "unreachable" ? 10 : 600_000;
    await using connection = connectionTo(host, sshd, patienceMs);
    const error = await assertRejects(() => connection.run(["true"]), SshError);
    assertEquals(error.kind, kind);
  });
}

test("SshConnection starts nothing twice when it breaks, and connects again", async (sshd) => {
  const { directory } = sshd;
  await using connection = connectionTo("there", sshd, 10_000);
  const host = await hostOn(sshd, connection);
  const running = host.ask(["sh", "-c", `echo once >>'${directory}/ran'; sleep 60`], options);
  await waitFor("the program", () => thereIs(`${directory}/ran`), LIMIT);
  await sshd.breakConnections();
  const error = await assertRejects(() => running, HareError);
  assert(error.message.startsWith("there: ") && error.cause instanceof SshError, error.message);
  assertEquals(error.cause.kind, "disconnected");
  assertEquals((await host.ask(["echo", "again"], options)).stdout, "again\n");
  assertEquals(await Deno.readTextFile(`${directory}/ran`), "once\n");
});

test("SystemdHost keeps names of files names on another host", async (sshd) => {
  await using connections = await connectionsOf(sshd);
  const host = await hostOn(sshd, connections.to("there"));
  const above = `${sshd.directory}/with 'a' "space"\n$(touch owned)`;
  for (const name of ["x; touch owned", ...ODD_WORDS.filter((word) => word !== "")]) {
    const path = `${above}/${name}`;
    await host.putFile({ path, content: name, mode: 0o640 }, options);
    assertEquals(await Deno.readTextFile(path), name);
    assertEquals(await host.readFile(path, options), name);
    await host.removeFile(path, options);
  }
  assertEquals(await Array.fromAsync(Deno.readDir(above)), []);
});

test("SystemdHost keeps the old file when the connection breaks under a new one", async (sshd) => {
  await using connection = connectionTo("there", sshd);
  const host = await hostOn(sshd, connection);
  const path = `${sshd.directory}/files/hare`;
  await host.putFile({ path, content: "old", mode: 0o755 }, options);
  const content = new ReadableStream<Uint8Array>({
    pull: (stream) => stream.enqueue(new Uint8Array(65_536)),
  });
  const names = async () =>
    (await Array.fromAsync(Deno.readDir(`${sshd.directory}/files`))).map(({ name }) => name);
  const putting = host.putFile({ path, content, sha256: "0".repeat(64), mode: 0o755 }, options);
  const failed = assertRejects(() => putting, HareError, "there: ");
  await waitFor("the new file", async () => {
    const { length } = await names();
    return { ready: length === 2, value: undefined, why: "there is only the old one" };
  }, LIMIT);
  await sshd.breakConnections();
  await failed;
  await waitFor("the new file to go", async () => {
    const { length } = await names();
    return { ready: length === 1, value: undefined, why: "it is there" };
  }, LIMIT);
  assertEquals(await Deno.readTextFile(path), "old");
});

test("SystemdHost.unitEnd() is cancelled on the other host too", async (sshd) => {
  const { directory } = sshd;
  await using connections = await connectionsOf(sshd);
  const host = await hostOn(sshd, connections.to("there"));
  await program(sshd, "systemctl", "echo active");
  await program(sshd, "journalctl", `touch '${directory}/follows'; exec tail -f '${directory}/id'`);
  const stop = new AbortController();
  const why = new HareError("enough");
  const watching = host.unitEnd(["m0d@1"], { signal: stop.signal });
  await waitFor("a look at the journal", () => thereIs(`${directory}/follows`), LIMIT);
  stop.abort(why);
  assertEquals(await assertRejects(() => watching), why);
  await waitFor("its end there", async () => {
    const { stdout } = await runHere(["pgrep", "-f", `${directory}/id|^bash -c.*hare-watch`]);
    return { ready: stdout === "", value: undefined, why: `these run: ${stdout}` };
  }, LIMIT);
});
