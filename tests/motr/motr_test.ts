/**
 * Real Motr under Hare, from the compiled binary: where HARE_TEST_MOTR names a directory with
 * `bin/m0d`, `bin/m0mkfs`, `bin/m0cp`, `bin/m0cat` and `lib/libmotr.so`. Elsewhere
 * these tests are skipped.
 *
 * @module
 */

import { PROFILE } from "../../mod/kv/profile.ts";
import { type Output, runHere } from "../../mod/lib/process.ts";
import { join } from "../../mod/lib/std/path.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import type { ProcessJson, StatusJson } from "../../mod/status/json.ts";
import { Dev, EXAMPLES, mustPass } from "../dev/cluster.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import { testUnless } from "../lib/conditional.ts";
import {
  assertAllStarted,
  clientCommand,
  MIB,
  MOTR,
  processesOf,
  SIZE_MIB,
  WHY_NO_MOTR,
} from "./motr.ts";

/** What is lost. */
type Spoil = "note lost" | "data directory lost too";

/** A development cluster of real Motr. */
class MotrCluster implements AsyncDisposable {
  readonly #dev: Dev;
  readonly #motr: string;
  readonly #net: string;
  readonly #cdf: string;

  private constructor(dev: Dev, motr: string, net: string, cdf: string) {
    this.#dev = dev;
    this.#motr = motr;
    this.#net = net;
    this.#cdf = cdf;
  }

  static async make(motr: string, net: string, example: string): Promise<MotrCluster> {
    return new MotrCluster(await Dev.make(net), motr, net, join(EXAMPLES, example));
  }

  async up(): Promise<Output> {
    return mustPass(await this.#up());
  }

  #up(): Promise<Output> {
    const { bin, lib } = this.#paths();
    return this.#dev.dev(
      "up",
      ...["--net", this.#net, this.#cdf],
      ...["--target", "motr", "--disks", "2", "--disk-size", "4G"],
      ...["--m0d", `${bin}/m0d`, "--m0mkfs", `${bin}/m0mkfs`, "--libmotr", `${lib}/libmotr.so`],
    );
  }

  /** Why a server is not formatted again, when the KV has lost that it was. */
  async refusalWithoutNote(node: string, fid: string, spoil: Spoil): Promise<string> {
    using consul = this.#dev.consul(1);
    const key = `hare/mkfs/${fid}`;
    const note = (await consul.kv.get(key))?.value ?? "";
    await consul.kv.delete(key);
    const directory = join(this.#dev.dir, "hosts", node, "var", "motr", `m0d-${fid}`);
    const aside = join(directory, "..", `aside-${fid}`);
    if (spoil === "data directory lost too") await Deno.rename(directory, aside);
    const { code, stderr } = await this.#up();
    assertEquals(code, 1);
    if (spoil === "data directory lost too") await Deno.rename(aside, directory);
    await consul.kv.put(key, note);
    return stderr;
  }

  async stop(): Promise<void> {
    mustPass(await this.#dev.dev("stop"));
  }

  async kill(fid: string): Promise<void> {
    mustPass(await this.#dev.dev("kill", fid));
  }

  async status(): Promise<StatusJson> {
    return JSON.parse((await this.#dev.ask(1, "status", "--json")).stdout);
  }

  async entrypoint(): Promise<
    { principalRm: { node: string }; confds: unknown[]; quorum: number }
  > {
    return JSON.parse(mustPass(await this.#dev.ask(1, "entrypoint", "--json")).stdout);
  }

  /** Processes of a role, in the order of nodes. */
  async processes(role: ProcessJson["role"]): Promise<readonly ProcessJson[]> {
    return processesOf(await this.status(), role);
  }

  /** Waits until a process has this state. */
  async isIn(fid: string, expected: ProcessJson["state"]): Promise<ProcessJson> {
    return await waitFor(`${fid} to be ${expected}`, async () => {
      const found = (await this.status()).cluster?.processes.find((one) => one.fid === fid);
      return found?.state === expected
        ? { ready: true, value: found }
        : { ready: false, why: `it is ${found?.state}` };
    }, { limitMs: 60_000 });
  }

  async log(node: string, unit: string): Promise<string> {
    return await this.#dev.log(node, unit);
  }

  /** Writes a file into an object. */
  async write(path: string, object: number): Promise<void> {
    mustPass(await this.#client("m0cp", path, object));
  }

  /** Reads an object. */
  async read(object: number): Promise<Uint8Array> {
    const path = join(this.#dev.dir, "out");
    mustPass(await this.#client("m0cat", path, object));
    const bytes = await Deno.readFile(path);
    await Deno.remove(path);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dev[Symbol.asyncDispose]();
  }

  async #client(program: "m0cp" | "m0cat", path: string, object: number): Promise<Output> {
    const { bin, lib } = this.#paths();
    const status = await this.status();
    const node = processesOf(status, "client")[0]?.node ?? "";
    const profile = (await this.#dev.consul(1).kv.get(PROFILE))?.value ?? "";
    const argv = clientCommand(program, { path, object }, { bin, status, node, profile });
    // It leaves its trace where it runs.
    const inDirectory = ["sh", "-c", 'cd "$0" && exec "$@"', this.#dev.dir] as const;
    const options = { env: { LD_LIBRARY_PATH: lib }, limitMs: 120_000 };
    return await runHere([...inDirectory, ...argv], options);
  }

  #paths(): { readonly bin: string; readonly lib: string } {
    return { bin: `${this.#motr}/bin`, lib: `${this.#motr}/lib` };
  }
}

function testMotr(
  name: string,
  example: string,
  net: string,
  test: (cluster: MotrCluster, file: { path: string; bytes: Uint8Array }) => Promise<void>,
): void {
  testUnless(WHY_NO_MOTR, name, async () => {
    await using cluster = await MotrCluster.make(MOTR, net, example);
    const path = await Deno.makeTempFile();
    try {
      const bytes = new Uint8Array(SIZE_MIB * MIB);
      for (let i = 0; i < bytes.length; i += 2 ** 16) {
        crypto.getRandomValues(bytes.subarray(i, i + 2 ** 16));
      }
      await Deno.writeFile(path, bytes);
      await test(cluster, { path, bytes });
    } finally {
      await Deno.remove(path);
    }
  });
}

testMotr("real Motr on one node", "singlenode.yaml", "127.77.40", async (cluster, file) => {
  await cluster.up();
  assertAllStarted(await cluster.status());
  await cluster.write(file.path, 3_000_000);
  assertEquals(await cluster.read(3_000_000), file.bytes);

  const [confd] = await cluster.processes("confd");
  await cluster.kill(confd?.fid ?? "");
  await cluster.isIn(confd?.fid ?? "", "STOPPED");
  // Nobody can lead now, until the confd that starts again is seen to.
  await cluster.up();
  assertAllStarted(await cluster.status());

  const [ios] = await cluster.processes("ios");
  const { node = "", fid = "" } = ios ?? {};
  await cluster.kill(fid);
  await cluster.isIn(fid, "STOPPED");
  // Motr writes no label to its disks, and begins to store at their beginning.
  const lost = await cluster.refusalWithoutNote(node, fid, "note lost");
  assertMatch(lost, new RegExp(`m0d-${fid}: it holds files`));
  const bare = await cluster.refusalWithoutNote(node, fid, "data directory lost too");
  assertMatch(bare, /disks\/0-0\d: data at byte \d{1,7}\b/);
  await cluster.up();
  assertEquals(await cluster.read(3_000_000), file.bytes);

  await cluster.stop();
  await cluster.up();
  assertAllStarted(await cluster.status());
  assertEquals(await cluster.read(3_000_000), file.bytes);
});

testMotr("real Motr on three nodes", "three-nodes.yaml", "127.77.41", async (cluster, file) => {
  const { stderr } = await cluster.up();
  assertStringIncludes(stderr, "[10/11] start the io servers");
  assertAllStarted(await cluster.status());
  await cluster.write(file.path, 3_000_000);
  assertEquals(await cluster.read(3_000_000), file.bytes);

  const [, ios] = await cluster.processes("ios");
  const fid = ios?.fid ?? "";
  await cluster.kill(fid);
  await cluster.isIn(fid, "STOPPED");
  await waitFor("its service to be critical", async () => {
    const found = (await cluster.processes("ios")).find((one) => one.fid === fid);
    const checks = found?.checks.map(({ status }) => status).join() ?? "";
    return checks === "critical"
      ? { ready: true, value: undefined }
      : { ready: false, why: `it is ${checks}` };
  }, { limitMs: 60_000 });
  await waitFor("each node's hax to have told that it failed", async () => {
    const { cluster: found } = await cluster.status();
    const nodes = found?.nodes.map(({ name }) => name) ?? [];
    const logs = await Promise.all(nodes.map((node) => cluster.log(node, "hare-hax")));
    const silent = nodes.filter((_, i) => !logs[i]?.includes(`${fid} is failed`));
    return silent.length === 0
      ? { ready: true, value: undefined }
      : { ready: false, why: `${silent.join(", ")} did not` };
  }, { limitMs: 60_000 });
  assertEquals(await cluster.read(3_000_000), file.bytes, "without one of three");
  await cluster.up();
  assertAllStarted(await cluster.status());

  const leader = (await cluster.entrypoint()).principalRm.node;
  const confds = await cluster.processes("confd");
  const victim = confds.find(({ node }) => node === leader)?.fid ?? "";
  await cluster.kill(victim);
  await cluster.isIn(victim, "STOPPED");
  const moved = await waitFor("leadership to leave the dead confd", async () => {
    const entrypoint = await cluster.entrypoint();
    return entrypoint.principalRm.node !== leader
      ? { ready: true, value: entrypoint }
      : { ready: false, why: `${leader} still leads` };
  }, { limitMs: 60_000 });
  assertEquals([moved.confds.length, moved.quorum], [3, 2]);
  assertEquals(await cluster.read(3_000_000), file.bytes, "without one confd of three");
  await cluster.up();

  await cluster.stop();
  await cluster.up();
  assertAllStarted(await cluster.status());
  assertEquals(await cluster.read(3_000_000), file.bytes);
});
