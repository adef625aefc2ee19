/**
 * `hare install` from the built binary, on real systemd, over real ssh.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../lib/assert.ts";
import type { TestHost } from "../hosts/mod.ts";
import { testOnHosts } from "../hosts/testing.ts";
import { changes, COPY, copyTo, install, snapshot, UNITS } from "./machine.ts";

const ALL = ["--host", "ssc-vm1", "ssc-vm2", "ssc-vm3"];

/** A program that is no hare, or another one. */
const OTHER = "#!/bin/sh\necho hare 9.9.9\n";

testOnHosts("hare install puts hare on hosts, and takes it off again", 3, async ({ all }, t) => {
  const [one, two, three] = all as [TestHost, TestHost, TestHost];
  await copyTo(one);
  const before = await Promise.all(all.map(snapshot));

  await t.step("in a dry run it changes nothing, and lists what a run does", async () => {
    const planned = await changes(one, "--dry-run", ...ALL);
    assertEquals(await Promise.all(all.map(snapshot)), before);
    const done = await changes(one, ...ALL);
    assertEquals(Object.keys(done), ["ssc-vm1", "ssc-vm2", "ssc-vm3"]);
    const past = (words: string) =>
      words.replace(/^write /, "wrote ").replace(/^make /, "made ").replace(/^reload/, "reloaded");
    for (const [host, steps] of Object.entries(planned)) {
      assertEquals(steps.map(past), done[host]);
      assertEquals(steps.length, 13);
    }
  });

  await t.step("the same binary is on all, and systemd finds no fault in the units", async () => {
    const sum = async (host: TestHost, path: string) =>
      (await host.output(["sha256sum", path])).split(" ")[0];
    const expected = await sum(one, COPY);
    const files = UNITS.map((unit) => `${unit}.service`);
    for (const host of all) {
      assertEquals(await sum(host, "/usr/bin/hare"), expected);
      const verified = await host.run(["systemd-analyze", "verify", ...files]);
      assertEquals(verified, { code: 0, stdout: "", stderr: "" });
      const stat = await host.output(["stat", "-c", "%U:%G %a", "/etc/hare", "/usr/bin/hare"]);
      assertEquals(stat, "root:hare 2750\nroot:root 755\n");
    }
  });

  await t.step("again it changes nothing", async () => {
    const after = await Promise.all(all.map(snapshot));
    const nothing = { "ssc-vm1": [], "ssc-vm2": [], "ssc-vm3": [] };
    assertEquals(await changes(one, ...ALL), nothing);
    assertEquals(await changes(one, "--upgrade", ...ALL), nothing);
    assertEquals(await Promise.all(all.map(snapshot)), after);
    const text = await one.output([COPY, "install"]);
    assertEquals(text, "ssc-vm1: nothing to do\n");
  });

  await t.step("what was changed since is put right, on the host where it was", async () => {
    await two.write("/usr/lib/systemd/system/hare-rc.service", "[Service]\nExecStart=true\n");
    await three.output(["chmod", "777", "/etc/hare"]);
    const done = await changes(one, ...ALL);
    assertEquals(done["ssc-vm2"], [
      "wrote /usr/lib/systemd/system/hare-rc.service",
      "reloaded systemd",
    ]);
    assertEquals(done["ssc-vm3"], ["set up directory /etc/hare"]);
  });

  await t.step("a mixture of builds is refused, and nothing is changed anywhere", async () => {
    await two.write("/usr/bin/hare", OTHER, "0755");
    await three.output(["rm", "/usr/lib/systemd/system/hare-rc.service"]);
    const after = await Promise.all(all.map(snapshot));
    const refused = await install(one, ...ALL);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "hare: ssc-vm2: another build of hare is installed");
    assertStringIncludes(refused.stderr, "hint: a cluster runs one build: replace it on all");
    assertEquals(await Promise.all(all.map(snapshot)), after);

    await one.output(["cp", "-p", "/usr/bin/hare", "/root/this"]);
    await one.write("/usr/bin/hare", OTHER, "0755");
    const bystander = await install(one, "--host", "ssc-vm3");
    assertEquals(bystander.code, 1);
    assertStringIncludes(bystander.stderr, "hare: ssc-vm1: another build of hare is installed");
    await one.output(["mv", "/root/this", "/usr/bin/hare"]);

    const done = await changes(one, "--upgrade", ...ALL);
    assertEquals(done, {
      "ssc-vm1": [],
      "ssc-vm2": ["wrote /usr/bin/hare"],
      "ssc-vm3": ["wrote /usr/lib/systemd/system/hare-rc.service", "reloaded systemd"],
    });
  });

  await t.step("one host that cannot be reached keeps all from being changed", async () => {
    await two.output(["rm", "/usr/bin/hare"]);
    await three.cut();
    const { code, stderr, outcomes } = await install(one, ...ALL);
    await three.heal();
    assertEquals([code, outcomes.map(({ changes }) => changes.length)], [1, [0, 0, 0]]);
    assertMatch(stderr, /^hare: ssc-vm3: .*(timed out|No route to host)/m);
    assertEquals((await two.run(["test", "-e", "/usr/bin/hare"])).code, 1);
    assertEquals((await changes(one, ...ALL))["ssc-vm2"], ["wrote /usr/bin/hare"]);
  });

  await t.step("a user who may not become root is told so; one who may, installs", async () => {
    const home = "/home/alice/.ssh";
    await two.output(["useradd", "--create-home", "alice"]);
    await two.output(["install", "-d", "-o", "alice", "-m", "700", home]);
    await two.output(["install", "-o", "alice", "/root/.ssh/authorized_keys", home]);
    await two.output(["rm", "/usr/lib/sysusers.d/hare.conf"]);
    const refused = await install(one, "--host", "alice@ssc-vm2");
    assertEquals(refused.code, 1);
    assertStringIncludes(
      refused.stderr,
      "hare: ssc-vm2: root is needed there, and sudo refuses alice: ",
    );
    await two.write("/etc/sudoers.d/alice", "alice ALL=(ALL) NOPASSWD: ALL\n", "0440");
    const done = await changes(one, "--host", "alice@ssc-vm2");
    assertEquals(done, { "ssc-vm2": ["wrote /usr/lib/sysusers.d/hare.conf"] });
    await two.output(["userdel", "--force", "--remove", "alice"]);
    await two.output(["rm", "/etc/sudoers.d/alice"]);
  });

  await t.step("--uninstall leaves nothing", async () => {
    const done = await changes(one, "--uninstall", "--host", "ssc-vm1", "ssc-vm3");
    assertEquals(done["ssc-vm3"]?.slice(-2), ["removed user hare-hax", "removed user hare"]);
    assertEquals(await snapshot(one), before[0]);
    assertEquals(await snapshot(three), before[2]);
    const again = await changes(one, "--uninstall", "--host", "ssc-vm1");
    assertEquals(again, { "ssc-vm1": [] });
  });

  await t.step("--uninstall keeps what it has not made, or not so, and tells", async () => {
    await two.write("/etc/hare/site.yaml", "mine\n");
    const unit = "/usr/lib/systemd/system/hare-rc.service";
    const text = await two.output(["cat", unit]);
    await two.write(unit, `${text}# mine\n`);
    await two.output(["cp", "/usr/bin/hare", "/usr/bin/hare.kept"]);
    const { code, outcomes } = await install(one, "--uninstall", "--host", "ssc-vm2");
    assertEquals([code, outcomes[0]?.kept], [0, [
      `${unit}: it is not as hare install has made it`,
      "/etc/hare: it is not empty",
    ]]);
    const left = (await snapshot(two)).filter((line) => !before[1]?.includes(line))
      .map((line) => line.split(" ")[0]);
    assertEquals(left, ["/etc/hare", "/etc/hare/site.yaml", "/usr/bin/hare.kept", unit]);
    const refused = await install(one, "--host", "ssc-vm2");
    assertEquals(refused.code, 1);
    assert(refused.stderr.includes(`there is a ${unit} that hare install has not made`));
  });
});
