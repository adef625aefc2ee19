/**
 * What is said and decided of real images of disks, and of devices in use.
 *
 * @module
 */

import { systemClock } from "../../mod/lib/clock.ts";
import { type Run, runHere } from "../../mod/lib/process.ts";
import { decide, type MkfsNote, type MkfsPolicy } from "../../mod/storage/decide.ts";
import {
  type DeviceInspection,
  findingsOf,
  FORMAT,
  inspectStorage,
} from "../../mod/storage/mod.ts";
import { isInstalled } from "../../tools/debian.ts";
import { outputOf } from "../../tools/exec.ts";
import { assert, assertEquals, assertStringIncludes } from "../lib/assert.ts";
import { testUnless } from "../lib/conditional.ts";
import { hasLoopDevices, type Image, IMAGES, makeImage, withLoop } from "./images.ts";

const DEPS = { run: runHere, clock: systemClock, signal: AbortSignal.timeout(60_000) };

/** Asks about devices as a bring-up does. */
async function inspect(...paths: readonly string[]): Promise<readonly DeviceInspection[]> {
  const { devices } = await inspectStorage({
    format: FORMAT,
    devices: paths.map((path) => ({ path, content: true })),
    dataDirectories: [],
  }, DEPS);
  return devices;
}

/** What is decided on a process with these devices. */
function decisionOn(devices: readonly DeviceInspection[], policy: MkfsPolicy, note: MkfsNote) {
  const findings = findingsOf({
    host: "h1",
    directory: "/var/motr/m0d-1",
    devices,
    known: devices.map((device) => ({ host: "h1", device })),
    filledDirectories: { value: [] },
    knownDirectories: new Set(),
  });
  return decide({ policy, note, findings });
}

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "hare-images-" }));
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A test with a directory of its own. */
function testIn(
  why: string | null,
  name: string,
  test: (directory: string) => Promise<void>,
): void {
  testUnless(why, name, () => withDirectory(test));
}

const NO_LOOP = hasLoopDevices() ? null : "no loop devices here, or not root";

async function whyNot({ tool, needsLoop }: Image): Promise<string | null> {
  if (tool !== undefined && !await isInstalled(tool)) return `${tool} is not installed`;
  return needsLoop === undefined ? null : NO_LOOP;
}

const LOST: readonly MkfsNote[] = ["nothing", "unproven"];

for (const image of IMAGES) {
  const { name, signature, hasData } = image;
  testIn(
    await whyNot(image),
    `a disk with ${name} is ${hasData ? "not " : ""}blank`,
    async (dir) => {
      const path = `${dir}/disk`;
      await makeImage(image, path);
      const [device] = await inspect(path);
      assert(device !== undefined);
      assertEquals(device.dataAt !== null, hasData);
      assertEquals([device.uses, device.problems], [[], []]);
      assertEquals(device.signatures.length > 0, signature !== null, device.signatures.join());
      assertStringIncludes(device.signatures.join(), signature ?? "");
      for (const policy of ["new", "unless-data"] as const) {
        for (const note of LOST) {
          assertEquals(decisionOn([device], policy, note).kind, hasData ? "refuse" : "format");
        }
      }
      assertEquals(decisionOn([device], "all", "nothing").kind, "format");
    },
  );
}

const POLICIES = ["new", "unless-data", "all"] as const;

function assertNeverFormatted(device: DeviceInspection | undefined, why: string): void {
  assert(device !== undefined);
  for (const policy of POLICIES) {
    for (const note of LOST) {
      const decision = decisionOn([device], policy, note);
      assert(decision.kind === "refuse", `${policy} ${note}: ${decision.kind}`);
      assertStringIncludes(decision.reason, why);
      assert(!decision.hint.includes("--mkfs"), decision.hint);
    }
  }
}

function sparse(path: string, mib: number): void {
  using file = Deno.openSync(path, { createNew: true, write: true });
  file.truncateSync(mib * 2 ** 20);
}

testIn(NO_LOOP, "a device that is mounted, and the file behind it, are in use", async (dir) => {
  const path = `${dir}/disk`;
  sparse(path, 16);
  await withLoop(path, async (loop) => {
    await outputOf(["mkfs.ext4", "-q", loop]);
    await Deno.mkdir(`${dir}/mount`);
    await outputOf(["mount", loop, `${dir}/mount`]);
    try {
      const [device, image] = await inspect(loop, path);
      assertNeverFormatted(device, `${loop}: mounted on ${dir}/mount`);
      assertNeverFormatted(image, `${path}: held by ${loop} (loop)`);
    } finally {
      await outputOf(["umount", `${dir}/mount`]);
    }
  });
});

testIn(NO_LOOP, "a swap device is in use", async (dir) => {
  const path = `${dir}/disk`;
  sparse(path, 16);
  await withLoop(path, async (loop) => {
    await outputOf(["mkswap", loop]);
    const { code } = await runHere(["swapon", loop]);
    try {
      const [device] = await inspect(loop);
      if (code === 0) assertNeverFormatted(device, `${loop}: used as swap`);
      else assertEquals(device?.signatures, ["swap"]); // no more swap may be used here
    } finally {
      if (code === 0) await outputOf(["swapoff", loop]);
    }
  });
});

testIn(NO_LOOP, "a blank block device is blank; one byte on it is found", async (dir) => {
  const path = `${dir}/disk`;
  sparse(path, 64);
  await withLoop(path, async (loop) => {
    const [blank] = await inspect(loop);
    assertEquals([blank?.kind, blank?.size, blank?.dataAt], ["block", 64 * 2 ** 20, null]);
    assertEquals([blank?.uses, blank?.signatures, blank?.problems], [[], [], []]);
    using device = Deno.openSync(loop, { write: true });
    device.seekSync(33_333_333, Deno.SeekMode.Start);
    device.writeSync(new Uint8Array([1]));
    device.syncSync();
    device.close();
    assertEquals((await inspect(loop))[0]?.dataAt, 33_333_333);
  });
});

testIn(null, "a file that a process has open is in use", async (dir) => {
  const path = `${dir}/disk`;
  sparse(path, 1);
  const child = new Deno.Command("sh", { args: ["-c", 'exec sleep 60 <"$1"', "sh", path] }).spawn();
  try {
    const isOpen = async () => await Deno.realPath(`/proc/${child.pid}/fd/0`) === path;
    while (!await isOpen()) await systemClock.sleep(5);
    assertNeverFormatted((await inspect(path))[0], `open in sleep (pid ${child.pid})`);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
});

testIn(null, "one disk under two names is found, whatever the names", async (dir) => {
  sparse(`${dir}/disk`, 1);
  await Deno.link(`${dir}/disk`, `${dir}/hard`);
  await Deno.symlink(`${dir}/disk`, `${dir}/soft`);
  const devices = await inspect(`${dir}/disk`, `${dir}/hard`, `${dir}/soft`);
  for (const policy of POLICIES) {
    const decision = decisionOn(devices, policy, "nothing");
    assert(decision.kind === "refuse");
    assertStringIncludes(decision.reason, `${dir}/disk: it is the same as ${dir}/hard`);
    assertStringIncludes(decision.reason, `${dir}/soft: it is the same as ${dir}/disk`);
  }
});

testIn(null, "what is not there, or no disk, is not proven blank", async (dir) => {
  for (const path of [`${dir}/none`, dir, "/dev/null"]) {
    const [device] = await inspect(path);
    assert(device !== undefined);
    assertEquals(decisionOn([device], "new", "nothing").kind, "refuse");
  }
});

testIn(null, "without its tools nothing that is only sampled is proven blank", async (dir) => {
  const path = `${dir}/disk`;
  const blank = new Uint8Array(2 ** 20);
  Deno.writeFileSync(path, blank);
  for (const tool of ["blkid", "wipefs"]) {
    const run: Run = (argv, options) =>
      argv[0].endsWith(tool) ? runHere(["/no/such/program"], options) : runHere(argv, options);
    const inspectWith = async (wholeBytes: number) => {
      const devices = [{ path, content: true }];
      const deps = { ...DEPS, run, scan: { wholeBytes } };
      return (await inspectStorage({ format: FORMAT, devices, dataDirectories: [] }, deps))
        .devices;
    };
    const sampled = await inspectWith(1024);
    assertEquals(sampled[0]?.problems, ["cannot run /no/such/program: there is no such program"]);
    assertEquals(decisionOn(sampled, "new", "nothing").kind, "refuse");
    assertEquals(decisionOn(await inspectWith(2 ** 30), "new", "nothing").kind, "format");
  }
});
