import * as fc from "fast-check";
import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { options, withHost } from "../../tests/lib/script_host.ts";
import { HareError, TimeLimitError } from "../lib/errors.ts";
import type { Run } from "../lib/process.ts";
import { HostCommandError } from "./errors.ts";
import { SshError } from "./ssh.ts";
import { SystemdHost } from "./systemd.ts";

async function namesIn(directory: string): Promise<readonly string[]> {
  return (await Array.fromAsync(Deno.readDir(directory), ({ name }) => name)).sort();
}

Deno.test("SystemdHost writes files with their mode, and makes their directories", async () => {
  await withHost(async (host, directory) => {
    const path = `${directory}/etc/hare/consul.d/agent.json`;
    await host.putFile({ path, content: "{ü}\n", mode: 0o640 }, options);
    assertEquals(await host.readFile(path, options), "{ü}\n");
    assertEquals((await Deno.stat(path)).mode, 0o100640);
    assertEquals((await Deno.stat(`${directory}/etc`)).mode, 0o40755);
    await host.putFile({ path, content: "", mode: 0o644 }, options);
    assertEquals(await host.readFile(path, options), "");
    assertEquals((await Deno.stat(path)).mode, 0o100644);
    assertEquals(await namesIn(`${directory}/etc/hare/consul.d`), ["agent.json"]);
  });
});

Deno.test("SystemdHost carries bytes, whatever they are", async () => {
  await withHost(async (host, directory) => {
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const path = `${directory}/hare`;
    const [first, second] = new Response(bytes).body?.tee() ?? [];
    assert(first !== undefined && second !== undefined);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    const sha256 = [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
    await host.putFile({ path, content: first, sha256, mode: 0o755 }, options);
    assertEquals(await Deno.readFile(path), bytes);

    const other = { path, content: second, sha256: "0".repeat(64), mode: 0o755 };
    await assertRejects(
      () => host.putFile(other, options),
      HostCommandError,
      `vm1: write ${path} failed with exit status 1: what arrived is not what was sent`,
    );
    assertEquals(await Deno.readFile(path), bytes);
    assertEquals(await namesIn(directory), ["bin", "hare"]);
  });
});

Deno.test("SystemdHost leaves the old file, and no other, when a write is cut short", async () => {
  await withHost(async (host, directory) => {
    const path = `${directory}/file`;
    await host.putFile({ path, content: "old", mode: 0o644 }, options);
    const why = new Error("the disk of the binary is broken");
    const content = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(new TextEncoder().encode("new")),
      pull: (stream) => stream.error(why),
    });
    const file = { path, content, sha256: "0".repeat(64), mode: 0o644 };
    await assertRejects(() => host.putFile(file, options), Error, why.message);
    assertEquals(await host.readFile(path, options), "old");
  });
});

Deno.test("SystemdHost tells a file that is not there from one that cannot be read", async () => {
  await withHost(async (host, directory) => {
    assertEquals(await host.readFile(`${directory}/none`, options), null);
    assertEquals(await host.exists(`${directory}/none`, options), false);
    assertEquals(await host.exists(directory, options), true);
    await host.removeFile(`${directory}/none`, options);
    await assertRejects(
      () => host.readFile(directory, options),
      HostCommandError,
      `vm1: read ${directory} failed with exit status 1: cat: ${directory}: Is a directory`,
    );
  });
});

Deno.test("SystemdHost takes the names of files for names, whatever they are", async () => {
  await withHost(async (host, directory) => {
    const odd = fc.constantFrom(
      `x; touch ${directory}/owned`,
      `$(touch ${directory}/owned)`,
      "-oProxyCommand=id",
      "--help",
      'it\'s a "file" with `quotes`',
      " ",
      "*",
      "a\nb\t",
      "~root",
      "\\",
    ).map((name) => name.replaceAll("/", "∕"));
    const any = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })
      .filter((name) => !/[/\0]|^\.\.?$/.test(name));
    const content = fc.string({ unit: "grapheme" });
    await fc.assert(
      fc.asyncProperty(fc.oneof(odd, any), content, async (name, content) => {
        const path = `${directory}/there/${name}/${name}`;
        await host.putFile({ path, content, mode: 0o600 }, options);
        assertEquals(await host.readFile(path, options), content);
        assertEquals(await host.exists(path, options), true);
        assertEquals(await namesIn(`${directory}/there`), [name]);
        await host.removeFile(path, options);
        assertEquals(await host.exists(path, options), false);
        await Deno.remove(`${directory}/there`, { recursive: true });
      }),
      { numRuns: 25 },
    );
    assertEquals(await namesIn(directory), ["bin"]);
  });
});

Deno.test("SystemdHost hands arguments on as they are", async () => {
  await withHost(async (host) => {
    const args = ["x; touch /owned", "-oProxyCommand=id", "it's $HOME", "", "\n"];
    const { stdout } = await host.ask(["printf", "%s\\0", ...args], options);
    assertEquals(stdout.split("\0").slice(0, -1), args);
  });
});

Deno.test("SystemdHost names the host where ssh does not get through", async () => {
  await withHost(async (host) => {
    const error = await assertRejects(() => host.readFile("/etc/hosts", options), HareError);
    assertEquals(error.message, "vm1: ssh: connect to host vm1 port 22: No route to host");
    assert(error.cause instanceof SshError && error.hint === error.cause.hint);
  }, { ssh: 'echo "ssh: connect to host vm1 port 22: No route to host" >&2; exit 255' });
});

Deno.test("SystemdHost names host and deed where there is no answer in time", async () => {
  const run: Run = () => Promise.reject(new TimeLimitError("ssh did not end within 30 s"));
  const host = new SystemdHost({ name: "vm1", run });
  await assertRejects(
    () => host.exists("/etc", options),
    TimeLimitError,
    "vm1: look for /etc: ssh did not end",
  );
});
