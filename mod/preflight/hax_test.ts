import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import type { Output, RunOptions } from "../lib/process.ts";
import { tryHax } from "./hax.ts";

/** The answers of systemd, files, and the result of hax's check. */
interface Site {
  readonly unit?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly check?: Partial<Output>;
}

const UNIT =
  "Environment=HARE_HAX_OPTIONS=\nEnvironmentFiles=/etc/hare/hax-env (ignore_errors=yes)\n";

/** Tries hax out there; the library, the program that was run, and its variables. */
async function tried({ unit = UNIT, files = {}, check = {} }: Site) {
  let seen: { argv: readonly string[]; env: RunOptions["env"] } = { argv: [], env: {} };
  const library = await tryHax({
    signal: new AbortController().signal,
    system: {
      readTextFile: (path) => {
        const text = files[String(path)];
        return text === undefined
          ? Promise.reject(new Deno.errors.NotFound())
          : Promise.resolve(text);
      },
    },
    run: (argv, { env } = {}) => {
      if (argv[0] === "systemctl") return Promise.resolve({ code: 0, stdout: unit, stderr: "" });
      seen = { argv, env };
      return Promise.resolve({ code: 0, stdout: "", stderr: "", ...check });
    },
  });
  return { library, ...seen };
}

Deno.test("tryHax() asks hax itself, and returns the library that it names", async () => {
  const { library, argv } = await tried({ check: { stdout: "libmotr.so.2\n" } });
  assertEquals([library, argv], ["libmotr.so.2", ["/usr/bin/hare", "hax", "--check"]]);
});

/** Places of a site's options, and the options that hax receives. */
const OPTIONS: readonly (readonly [what: string, site: Site, options: readonly string[]])[] = [
  ["in the unit's drop-in", { unit: "Environment=HARE_HAX_OPTIONS=--no-halink\n" }, [
    "--no-halink",
  ]],
  [
    "quoted in the drop-in",
    { unit: 'Environment="HARE_HAX_OPTIONS=--libmotr /opt/a b" X=1\n' },
    ["--libmotr", "/opt/a", "b"],
  ],
  [
    "in the file, which wins",
    {
      unit: "Environment=HARE_HAX_OPTIONS=--no-halink\n" +
        "EnvironmentFiles=/etc/hare/hax-env (ignore_errors=yes)\n",
      files: { "/etc/hare/hax-env": "# ours\nHARE_HAX_OPTIONS=--libmotr /opt/lib/libmotr.so\n" },
    },
    ["--libmotr", "/opt/lib/libmotr.so"],
  ],
  [
    "in the file, in quotes, one option in quotes of its own",
    { files: { "/etc/hare/hax-env": `HARE_HAX_OPTIONS="--libmotr '/opt/my lib/libmotr.so'"` } },
    ["--libmotr", "/opt/my lib/libmotr.so"],
  ],
  [
    "in the file, over two lines",
    { files: { "/etc/hare/hax-env": "HARE_HAX_OPTIONS=--libmotr \\\n  /x.so\n" } },
    ["--libmotr", "/x.so"],
  ],
  [
    "in the file, while the unit is not installed",
    {
      unit: "Environment=\nProtectHome=no\n",
      files: { "/etc/hare/hax-env": "HARE_HAX_OPTIONS=--a" },
    },
    ["--a"],
  ],
];

for (const [what, site, options] of OPTIONS) {
  Deno.test(`tryHax() takes the site's options: ${what}`, async () => {
    assertEquals((await tried(site)).argv.slice(3), options);
  });
}

Deno.test("tryHax() gives hax its variables and its user", async () => {
  const { argv, env } = await tried({
    unit: "Environment=A=1 B=2\nUser=hare\nEnvironmentFiles=/one (ignore_errors=no)\n" +
      "EnvironmentFiles=/two (ignore_errors=yes)\n",
    files: { "/one": "B=3\nLD_LIBRARY_PATH=/opt/lib\n", "/two": "C='4 5'\n" },
  });
  assertEquals(env, { A: "1", B: "3", LD_LIBRARY_PATH: "/opt/lib", C: "4 5" });
  assertEquals(argv.slice(0, 6), [
    "setpriv",
    "--reuid",
    "hare",
    "--regid",
    "hare",
    "--init-groups",
  ]);
});

Deno.test("tryHax() gives hax the groups of its unit", async () => {
  const { argv } = await tried({
    unit: "User=hare-hax\nGroup=hare\nSupplementaryGroups=rdma lnet\n",
  });
  const groups = ["--regid", "hare", "--groups", "rdma,lnet"];
  assertEquals(argv.slice(0, 7), ["setpriv", "--reuid", "hare-hax", ...groups]);
});

/** What is wrong, and the message. */
const FAILURES: readonly (readonly [site: Site, message: string])[] = [
  [
    { check: { code: 1, stderr: "hare: there is no library: no libmotr.so\n  hint: give it\n" } },
    "hax would not start: there is no library: no libmotr.so",
  ],
  [{ check: { code: 139 } }, "hax would not start: it was ended by signal 11"],
  [
    {
      unit: "Environment=\nProtectHome=yes\n",
      check: { stdout: "/root/motr/lib/libmotr.so\n" },
    },
    "hax would not find /root/motr/lib/libmotr.so: its unit sees no home directories",
  ],
];

for (const [site, message] of FAILURES) {
  Deno.test(`tryHax() fails: ${message}`, async () => {
    const error = await assertRejects(() => tried(site), HareError);
    assertEquals(error.message, message);
  });
}
