import * as fc from "fast-check";
import { assert, assertEquals, assertMatch, assertRejects } from "../../tests/lib/assert.ts";
import { HareError, TimeLimitError } from "../lib/errors.ts";
import { type Run, runHere } from "../lib/process.ts";
import { HostCommandError, UnitError } from "./errors.ts";
import { runOverSsh, SshError } from "./ssh.ts";
import { SystemdHost } from "./systemd.ts";

const options = { signal: new AbortController().signal };

/**
 * A host whose programs are scripts: root is whoever runs the tests, `systemctl` and `journalctl`
 * do what a test wants. An `ssh` that hands its last argument to a shell leads to it, so that every
 * word is taken apart twice, as on a real way.
 */
async function withHost(
  act: (host: SystemdHost, directory: string) => Promise<void>,
  programs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const scripts = { ssh: 'for line; do :; done\nexec sh -c "$line"', id: "echo 0", ...programs };
  try {
    await Deno.mkdir(`${directory}/bin`);
    for (const [name, script] of Object.entries(scripts)) {
      await Deno.writeTextFile(`${directory}/bin/${name}`, `#!/bin/sh\n${script}\n`, {
        mode: 0o755,
      });
    }
    const env = { PATH: `${directory}/bin:${Deno.env.get("PATH")}`, DIR: directory };
    const run: Run = (argv, options) => runHere(argv, { ...options, env });
    await act(new SystemdHost({ name: "vm1", run: runOverSsh("vm1", { run }) }), directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

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

/** A `systemctl` that writes down what it was asked, one argument a line. */
const NOTING = `for word; do echo "$word"; done >>"$DIR/asked"`;

Deno.test("SystemdHost takes the names of units for names, and tells systemctl so", async () => {
  await withHost(async (host, directory) => {
    const unit = "--now; touch /owned";
    await host.startUnit(unit, options);
    await host.enableUnit("m0d@0x7200000000000001:0x9", options);
    await host.disableUnit("hare-rc.service", options);
    const asked = await Deno.readTextFile(`${directory}/asked`);
    assertEquals(asked.trimEnd().split("\n"), [
      ...["start", "--", `${unit}.service`],
      ...["--quiet", "enable", "--", "m0d@0x7200000000000001:0x9.service"],
      ...["--quiet", "disable", "--", "hare-rc.service"],
    ]);
  }, { systemctl: NOTING });
});

Deno.test("SystemdHost says of a unit that does not start why, with its last lines", async () => {
  await withHost(async (host) => {
    const error = await assertRejects(() => host.startUnit("m0d@1", options), UnitError);
    assertEquals(
      error.message,
      "vm1: unit m0d@1: exit status 3; its last lines:\n    no disk\n    giving up",
    );
  }, {
    systemctl: `case $1 in
      start) echo "Job for m0d@1.service failed." >&2; exit 1 ;;
      show) printf 'ActiveState=failed\\nResult=exit-code\\nExecMainCode=1\\nExecMainStatus=3\\n' ;;
    esac`,
    journalctl: `[ "$1 $2" = "--unit=m0d@1.service --lines=5" ] && printf 'no disk\\ngiving up\\n'`,
  });
});

Deno.test("SystemdHost takes a unit that systemd does not know for stopped", async () => {
  await withHost(
    (host) => host.stopUnit("m0d@1", options),
    {
      systemctl: `echo "Failed to stop m0d@1.service: Unit m0d@1.service not loaded." >&2; exit 5`,
    },
  );
});

Deno.test("SystemdHost resets a unit that has failed, no other", async () => {
  const show = (state: string) => `${NOTING}; [ "$1" = show ] && echo ActiveState=${state}; exit 0`;
  for (const [state, expected] of [["failed", 1], ["active", 0]] as const) {
    await withHost(async (host, directory) => {
      await host.resetUnit("hare-rc", options);
      const asked = await Deno.readTextFile(`${directory}/asked`);
      assertEquals(asked.match(/reset-failed/g)?.length ?? 0, expected);
    }, { systemctl: show(state) });
  }
});

/** `journalctl --follow` prints what is put into a file; `is-active` answers from others. */
const EVENTS = {
  journalctl: `touch "$DIR/follows"; exec tail -f -s 0.02 -n 0 "$DIR/journal"`,
  systemctl: `shift 2; for unit; do cat "$DIR/$unit"; done; echo >>"$DIR/asked"`,
};

async function withUnits(
  act: (host: SystemdHost, directory: string) => Promise<void>,
): Promise<void> {
  await withHost(async (host, directory) => {
    await Deno.writeTextFile(`${directory}/journal`, "");
    for (const unit of ["a", "b"]) {
      await Deno.writeTextFile(`${directory}/${unit}.service`, "active\n");
    }
    await act(host, directory);
  }, EVENTS);
}

/** Waits until there is a file, by looking. */
async function until(path: string): Promise<void> {
  while (!await Deno.stat(path).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("SystemdHost.unitEnd() names at once a unit that does not run", async () => {
  await withUnits(async (host, directory) => {
    await Deno.writeTextFile(`${directory}/b.service`, "failed\n");
    assertEquals(await host.unitEnd(["a", "b"], options), "b");
  });
});

Deno.test("SystemdHost.unitEnd() is told by the journal, and asks no more than that", async () => {
  await withUnits(async (host, directory) => {
    const end = host.unitEnd(["a", "b"], options);
    await until(`${directory}/follows`);
    await until(`${directory}/asked`);
    await Deno.writeTextFile(`${directory}/a.service`, "inactive\n");
    const started = performance.now();
    await Deno.writeTextFile(`${directory}/journal`, "a.service: Deactivated\n", { append: true });
    assertEquals(await end, "a");
    assert(performance.now() - started < 4_000, "the slow way round");
    assertEquals(await Deno.readTextFile(`${directory}/asked`), "\n\n");
  });
});

Deno.test("SystemdHost.unitEnd() leaves nothing running when it is cancelled", async () => {
  await withUnits(async (host, directory) => {
    const stop = new AbortController();
    const end = host.unitEnd(["a", "b"], { signal: stop.signal });
    await until(`${directory}/asked`);
    const why = new Error("enough");
    stop.abort(why);
    assertEquals(await assertRejects(() => end), why);
    const running = async () => (await runHere(["pgrep", "-f", `${directory}/journal`])).stdout;
    while (await running() !== "") await new Promise((resolve) => setTimeout(resolve, 5));
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

Deno.test("SystemdHost becomes root by sudo, and says so where it may not", async () => {
  const sudo = `[ "$1 $2" = "-n --" ] || exit 9; shift 2; SUDO=yes exec "$@"`;
  await withHost(async (host) => {
    const { stdout } = await host.ask(["sh", "-c", "echo $SUDO"], options);
    assertEquals(stdout, "yes\n");
  }, { id: "echo 1000", sudo });
  await withHost(async (host) => {
    const error = await assertRejects(() => host.readFile("/etc/shadow", options), HareError);
    assertEquals(error.message, "vm1: root is needed there: sudo: a password is required");
    assertMatch(error.hint ?? "", /root@HOST/);
  }, { id: "echo 1000", sudo: 'echo "sudo: a password is required" >&2; exit 1' });
});
