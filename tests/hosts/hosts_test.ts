import { runHere } from "../../mod/lib/process.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { DENO, outputOf, ROOT } from "../../tools/exec.ts";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../lib/assert.ts";
import type { TestHost } from "./mod.ts";
import { onHosts, testOnHosts } from "./testing.ts";
import { DISK_GLOB } from "./units.ts";

/** Whether a host can log in to another one. */
async function reaches(one: TestHost, other: TestHost): Promise<boolean> {
  const options = ["-o", "ConnectTimeout=2", "-o", "ServerAliveInterval=1"];
  const { code, stdout } = await one.run([
    "timeout",
    "5",
    "ssh",
    ...options,
    other.name,
    "hostname",
  ]);
  return code === 0 && stdout.trim() === other.name;
}

/** Whether the kernel of a host takes a connection. */
async function connects(one: TestHost, other: TestHost): Promise<boolean> {
  const open = `exec 3<>/dev/tcp/${other.address}/22`;
  return (await one.run(["timeout", "2", "bash", "-c", open])).code === 0;
}

async function bootId(host: TestHost): Promise<string> {
  return await host.output(["cat", "/proc/sys/kernel/random/boot_id"]);
}

testOnHosts("test hosts are like servers, and can be harmed like them", 3, async (hosts, t) => {
  const [one, two, three] = hosts.all as [TestHost, TestHost, TestHost];

  await t.step("each has systemd, names, a journal, Consul and disks of its own", async () => {
    for (const host of hosts.all) {
      assertEquals((await host.output(["systemctl", "is-system-running"])).trim(), "running");
      assertEquals((await host.output(["hostname"])).trim(), host.name);
      assertStringIncludes(await host.output(["consul", "version"]), "Consul v");
      assertStringIncludes(await host.output(["sh", "-c", `ls ${DISK_GLOB}`]), "disk3");
      assertStringIncludes(await host.output(["journalctl", "-b", "-n", "20"]), host.name);
    }
    const ids = hosts.all.map((host) => host.output(["cat", "/etc/machine-id"]));
    assertEquals(new Set(await Promise.all(ids)).size, 3);
  });

  await t.step("each logs in to the others, and the operator to all", async () => {
    for (const host of hosts.all) {
      for (const other of hosts.all) {
        assert(await reaches(host, other), `${host.name} ${other.name}`);
      }
      assertEquals((await hosts.ssh(host.name, "hostname")).stdout.trim(), host.name);
    }
  });

  await t.step("no way leads out", async () => {
    assertEquals(await one.output(["ip", "route", "show", "default"]), "");
  });

  await t.step("cut() parts a host from the others, heal() joins it", async () => {
    await two.cut();
    assert(!await connects(one, two));
    assert(!await connects(two, three));
    assert(await reaches(one, three));
    await two.reboot();
    assert(!await connects(one, two), "a reboot has healed it");
    await two.heal();
    assert(await reaches(one, two));
  });

  await t.step("freeze() hangs a host whose kernel goes on, thaw() wakes it", async () => {
    await two.freeze();
    assert(!await reaches(one, two));
    assert(await connects(one, two));
    await two.thaw();
    assert(await reaches(one, two));
  });

  await t.step(
    "reboot() ends all processes in order, and keeps the disk and the journal",
    async () => {
      const before = await bootId(two);
      await two.write("/var/kept", "kept");
      await two.output(["logger", "before the reboot"]);
      await two.output(["systemd-run", "--quiet", "--unit", "sleeper", "sleep", "infinity"]);
      await two.reboot();
      assertNotEquals(await bootId(two), before);
      assertEquals(await two.output(["cat", "/var/kept"]), "kept");
      assertStringIncludes(await two.output(["journalctl", "-b", "-1"]), "before the reboot");
      assertStringIncludes(
        (await two.run(["systemctl", "is-active", "sleeper"])).stdout,
        "inactive",
      );
    },
  );

  await t.step("crash() ends a host at one stroke, boot() switches it on again", async () => {
    await three.write("/var/kept", "kept");
    await three.output(["systemd-run", "--quiet", "--unit", "sleeper", "sleep", "infinity"]);
    const before = await bootId(three);
    await three.crash();
    assert(!await connects(one, three));
    assertEquals((await processesOf("hare-test/ssc-vm3")).length, 0);
    assert(await reaches(one, two));
    await three.boot();
    assertNotEquals(await bootId(three), before);
    assertEquals(await three.output(["cat", "/var/kept"]), "kept");
    assert(await reaches(one, three));
  });
});

onHosts("test hosts leave nothing on this machine", async (make) => {
  const before = await interfaces();
  {
    await using hosts = await make(2);
    await hosts.connectHere();
    assertNotEquals(await leftovers(), []);
  }
  assertEquals(await leftovers(), []);
  assertEquals(await interfaces(), before);
});

onHosts("test hosts leave nothing when booting them fails", async (make) => {
  let failed = false;
  try {
    await using _hosts = await make(1, { consul: "/there/is/no/consul" });
  } catch (error) {
    failed = true;
    assertStringIncludes(String(error), "ssc-vm1 does not boot");
  }
  assert(failed);
  assertEquals(await leftovers(), []);
});

onHosts(
  "test hosts end with a program that is killed, the next ones clear the rest",
  async (make) => {
    const child = new Deno.Command(DENO, {
      args: ["run", "-A", "--frozen", "--no-check", `${ROOT}tests/hosts/leave_behind.ts`],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const said = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      assertEquals((await said.read()).value, "up\n");
    } finally {
      child.kill("SIGKILL");
      await child.status;
      await said.cancel();
    }
    await waitFor("the hosts' processes to end", async () => {
      const left = await processesOf("hare-test");
      return left.length === 0
        ? { ready: true, value: undefined }
        : { ready: false, why: left.join() };
    }, { limitMs: 10_000 });
    {
      await using hosts = await make(1);
      assertEquals(hosts.all.length, 1);
    }
    assertEquals(await leftovers(), []);
  },
);

/** Ids of the processes in the control groups under this one. */
async function processesOf(cgroup: string): Promise<readonly string[]> {
  const pids: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const groups = (await runHere(["cat", `/proc/${name}/cgroup`])).stdout;
    if (groups.includes(`/${cgroup}/`)) pids.push(name);
  }
  return pids;
}

/** What hosts have on this machine: processes, namespaces, mounts, files. */
async function leftovers(): Promise<readonly string[]> {
  const namespaces = (await outputOf(["ip", "netns", "list"])).split("\n");
  const mounts = (await Deno.readTextFile("/proc/self/mounts")).split("\n");
  const files = await outputOf([
    ...["find", "/sys/fs/cgroup", "/run/systemd", "/var/tmp", "/run/netns"] as const,
    ...["-name", "hare-test*", "-not", "-name", "*.lock"],
  ]);
  return [...namespaces, ...mounts, ...files.split("\n"), ...await processesOf("hare-test")]
    .filter((line) => line.includes("hare-test"));
}

async function interfaces(): Promise<string> {
  return (await outputOf(["ip", "-brief", "link"])).replaceAll(/ +\n/g, "\n");
}
