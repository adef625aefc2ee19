import { withHost } from "../../tests/lib/script_host.ts";
import { assertEquals, assertMatch, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";

const options = { signal: new AbortController().signal };

/** A login other than root; its sudo runs this script. */
const alice = (sudo: string) => ({ id: '[ "$1" = -un ] && echo alice || echo 1000', sudo });

const WILLING = `[ "$1 $2" = "-n --" ] || exit 9; shift 2; touch "$DIR/sudo"`;

Deno.test("asRoot() becomes root by sudo, whatever sudo prints besides", async () => {
  const warning = "sudo: unable to resolve host vm1: Name or service not known";
  await withHost(
    async (host, directory) => {
      const argv = ["sh", "-c", "echo out; echo err >&2; exit 7"] as const;
      const output = await host.ask(argv, options);
      assertEquals(output, { code: 7, stdout: "out\n", stderr: "err\n" });
      await Deno.stat(`${directory}/sudo`);
    },
    alice(
      `echo "${warning}" >&2; echo Lecture; ${WILLING}; "$@"; status=$?; echo bye; exit $status`,
    ),
  );
});

Deno.test("asRoot() takes no program's words for those of sudo", async () => {
  await withHost(async (host) => {
    const said = "sudo: a password is required\n";
    const { code, stderr } = await host.ask(["sh", "-c", 'printf "$0" >&2; exit 1', said], options);
    assertEquals([code, stderr], [1, said]);
  }, alice(`${WILLING}; exec "$@"`));
});

const LINE = "put the line `alice ALL=(root) NOPASSWD: ALL` into /etc/sudoers.d/hare there";

/** The output and exit status of sudo, with the expected message and hint. */
const REFUSALS: readonly (readonly [said: string, message: string, hint: string])[] = [
  [
    "sudo: a password is required",
    'sudo refuses alice: "sudo: a password is required"',
    `log in as root (root@HOST), or ${LINE}`,
  ],
  [
    "alice is not in the sudoers file.  This incident will be reported.",
    'sudo refuses alice: "alice is not in the sudoers file.  This incident will be reported."',
    `log in as root (root@HOST), or ${LINE}`,
  ],
  [
    "Sorry, user alice is not allowed to execute '/bin/sh -c \nmark=$1 input=$2' as root on vm1.",
    'sudo refuses alice: "Sorry, user alice is not allowed to execute this as root on vm1."',
    `log in as root (root@HOST), or ${LINE}`,
  ],
  [
    "sudo: sorry, you must have a tty to run sudo",
    'sudo refuses alice: "sudo: sorry, you must have a tty to run sudo"',
    "put the line `Defaults:alice !requiretty` into /etc/sudoers.d/hare there",
  ],
];

for (const [said, message, hint] of REFUSALS) {
  Deno.test(`asRoot() tells that sudo is not willing: ${said}`, async () => {
    await withHost(async (host, directory) => {
      await Deno.writeTextFile(`${directory}/said`, `${said}\n`);
      const error = await assertRejects(() => host.readFile("/etc/shadow", options), HareError);
      assertEquals([error.message, error.hint], [
        `vm1: root is needed there, and ${message}`,
        hint,
      ]);
    }, alice('cat "$DIR/said" >&2; exit 1'));
  });
}

Deno.test("asRoot() tells that there is no sudo", async () => {
  await withHost(async (host) => {
    const error = await assertRejects(() => host.readFile("/etc/shadow", options), HareError);
    assertMatch(error.message, /^vm1: root is needed there, and alice cannot run sudo: "/);
    assertMatch(
      error.hint ?? "",
      /^log in as root \(root@HOST\), or install sudo and put the line /,
    );
  }, alice('exec "$DIR/no-such-program"'));
});
