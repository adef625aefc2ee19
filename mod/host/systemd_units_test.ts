import { assert, assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { options, withHost } from "../../tests/lib/script_host.ts";
import { TimeLimitError } from "../lib/errors.ts";
import { runHere } from "../lib/process.ts";
import { UnitError } from "./errors.ts";
import type { SystemdHost } from "./systemd.ts";

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
    journalctl:
      `[ "$1 $2" = "_SYSTEMD_UNIT=m0d@1.service --lines=5" ] && printf 'no disk\\ngiving up\\n'`,
  });
});

Deno.test("SystemdHost says what a unit waits for that does not start in time", async () => {
  await withHost(async (host, directory) => {
    const phase = new AbortController();
    const starting = host.startUnit("hare-hax", { signal: phase.signal });
    await until(`${directory}/starts`);
    phase.abort(new TimeLimitError("phase hax did not end within its time limit of 30 s"));
    const error = await assertRejects(() => starting, TimeLimitError);
    assertEquals(
      error.message,
      "vm1: systemctl start hare-hax: waits: there is no Consul: " +
        "phase hax did not end within its time limit of 30 s",
    );
  }, {
    systemctl: `case $1 in
      start) touch "$DIR/starts"; while [ -d "$DIR" ]; do sleep 0.02; done ;;
      show) printf 'ActiveState=activating\\nStatusText=waits: there is no Consul\\n' ;;
    esac`,
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

Deno.test("SystemdHost stops a unit that ends again and again, to reset it", async () => {
  const show = "ActiveState=activating\\nSubState=start-pre\\nNRestarts=5\\n";
  await withHost(async (host, directory) => {
    await host.resetUnit("hare-rc", options);
    const asked = await Deno.readTextFile(`${directory}/asked`);
    assertEquals([/^stop$/m.test(asked), asked.includes("reset-failed")], [true, false]);
  }, { systemctl: `${NOTING}; [ "$1" = show ] && printf '${show}'; exit 0` });
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

/** `journalctl --follow` prints what is put into a file; `systemctl show` answers from others. */
const EVENTS = {
  journalctl: `touch "$DIR/follows"; exec tail -f -s 0.02 -n +1 "$DIR/journal"`,
  // The watch may end, and this with it, as soon as it has read of a unit that does not run.
  systemctl: `shift 3
    echo >>"$DIR/asked"
    for unit; do [ "$unit" = "$1" ] || echo; cat "$DIR/$unit"; done
    touch "$DIR/answered"`,
};

async function withUnits(
  act: (host: SystemdHost, directory: string) => Promise<void>,
): Promise<void> {
  await withHost(async (host, directory) => {
    await Deno.writeTextFile(`${directory}/journal`, "");
    for (const unit of ["a", "b"]) {
      await Deno.writeTextFile(`${directory}/${unit}.service`, "ActiveState=active\n");
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
    await Deno.writeTextFile(`${directory}/b.service`, "ActiveState=failed\n");
    assertEquals(await host.unitEnd(["a", "b"], options), "b");
  });
});

Deno.test("SystemdHost.unitEnd() names a unit that ends each time that it is started", async () => {
  await withUnits(async (host, directory) => {
    // Not in every version of systemd the properties come in this order.
    const between = "NRestarts=2\nActiveState=activating\nSubState=start-pre\n";
    await Deno.writeTextFile(`${directory}/b.service`, between);
    assertEquals(await host.unitEnd(["a", "b"], options), "b");
  });
});

Deno.test("SystemdHost.unitEnd() is told by the journal, and asks no more than that", async () => {
  await withUnits(async (host, directory) => {
    const end = host.unitEnd(["a", "b"], options);
    await until(`${directory}/follows`);
    await until(`${directory}/answered`);
    await Deno.writeTextFile(`${directory}/a.service`, "ActiveState=inactive\n");
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
    await until(`${directory}/answered`);
    const why = new Error("enough");
    stop.abort(why);
    assertEquals(await assertRejects(() => end), why);
    const running = async () => (await runHere(["pgrep", "-f", `${directory}/journal`])).stdout;
    while (await running() !== "") await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
