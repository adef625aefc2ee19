import { assert, assertEquals } from "../../tests/lib/assert.ts";
import type { Found, Sight } from "./look.ts";
import { type Manifest, MANIFEST_FILE, readManifest, writeManifest } from "./manifest.ts";
import { type Payload, payloadOf, unitFile, USER_FILE } from "./payload.ts";
import { otherBuild, planInstall, planUninstall } from "./plan.ts";
import { inWords, type Step } from "./step.ts";

const SUM = "a".repeat(64);
const OTHER_SUM = "b".repeat(64);
const VERSION = "hare 0.1.0 (commit abc1234, x86_64-unknown-linux-gnu)";

const payload: Payload = await payloadOf({
  version: VERSION,
  sha256: SUM,
  open: () => Promise.reject(new Error("must not be opened")),
});
const RC = unitFile("hare-rc");
const FILES = [payload.userFile, payload.program, ...payload.units];
const NOTHING: Found = { kind: "nothing" };

/** A file of root's. */
const file = (sha256: string, mode = 0o644): Found => {
  return { kind: "file", mode, owner: "root:root", sha256 };
};

/** A host as it is before anything of Hare's is there, but for what is told. */
function bare(but: Readonly<Record<string, Found>> = {}): Sight {
  const paths = [...payload.directories, ...FILES].map(({ path }) => path);
  const found = new Map(paths.map((path) => [path, but[path] ?? NOTHING]));
  return { manifest: null, users: [], found };
}

/** A host where the payload is, but for what is told. */
function installed(
  but: Readonly<Record<string, Found>> = {},
  manifest: Partial<Manifest> = {},
): Sight {
  const found = new Map<string, Found>(
    FILES.map(({ path, sha256, mode }) => [path, file(sha256, mode)]),
  );
  for (const { path, mode, owner } of payload.directories) {
    found.set(path, { kind: "directory", mode, owner });
  }
  for (const [path, there] of Object.entries(but)) found.set(path, there);
  return {
    manifest: readManifest(
      writeManifest({ ...manifestIn(planInstall(bare(), payload, false).steps), ...manifest }),
    ),
    users: ["hare", "hare-hax"],
    found,
  };
}

function manifestIn(steps: readonly Step[]): Manifest {
  const [note] = steps.filter((step) => step.do === "note");
  assert(note?.do === "note");
  return note.manifest;
}

const words = (steps: readonly Step[]) => steps.map((step) => inWords(step).toDo);

Deno.test("planInstall() of a bare host notes first what it is to make", () => {
  const { steps, problems } = planInstall(bare(), payload, false);
  assertEquals(problems, []);
  assertEquals(words(steps), [
    "write /var/lib/hare/install.json",
    "write /usr/lib/sysusers.d/hare.conf",
    "make user hare",
    "make user hare-hax",
    "set up directory /var/lib/hare",
    "set up directory /var/log/hare",
    "set up directory /etc/hare",
    "set up directory /etc/hare/consul.d",
    "write /usr/bin/hare",
    "write /usr/lib/systemd/system/hare-consul-agent.service",
    "write /usr/lib/systemd/system/hare-rc.service",
    "write /usr/lib/systemd/system/hare-hax.service",
    "reload systemd",
  ]);
  const { files, ...rest } = manifestIn(steps);
  assertEquals(rest, {
    format: 1,
    hare: VERSION,
    users: ["hare", "hare-hax"],
    directories: ["/var/lib/hare", "/var/log/hare", "/etc/hare", "/etc/hare/consul.d"],
  });
  assertEquals(files, Object.fromEntries(FILES.map(({ path, sha256 }) => [path, sha256])));
});

Deno.test("planInstall() has nothing to do where all is there", () => {
  const nothing = { steps: [], problems: [], kept: [] };
  assertEquals(planInstall(installed(), payload, false), nothing);
  assertEquals(planInstall(installed(), payload, true), nothing);
});

Deno.test("planInstall() puts right what has changed since", () => {
  const changes = {
    [RC]: file(OTHER_SUM),
    "/usr/bin/hare": file(SUM, 0o700),
    "/etc/hare": { kind: "directory", mode: 0o755, owner: "root:root" },
  } as const;
  const { steps, problems } = planInstall(installed(changes), payload, false);
  assertEquals(problems, []);
  assertEquals(words(steps), [
    "set up directory /etc/hare",
    "write /usr/bin/hare",
    `write ${RC}`,
    "reload systemd",
  ]);
});

Deno.test("planInstall() replaces another build only when it is told to", () => {
  const former = "hare 0.0.9 (commit 0000000)";
  const sight = installed({ "/usr/bin/hare": file(OTHER_SUM, 0o755) }, { hare: former });
  const refused = planInstall(sight, payload, false).problems;
  assertEquals(refused.map(({ message }) => message), [
    `another build of hare is installed, ${former}`,
  ]);
  const { steps, problems } = planInstall(sight, payload, true);
  assertEquals([problems, words(steps)], [[], [
    `write ${MANIFEST_FILE}`,
    "write /usr/bin/hare",
  ]]);
  assertEquals(manifestIn(steps).hare, VERSION);
});

Deno.test("planInstall() does not replace what it has not made", () => {
  const link: Found = { kind: "other" };
  const foreign: readonly (readonly [path: string, there: Found])[] = [
    [RC, file(OTHER_SUM)],
    [RC, link],
    [USER_FILE, file(OTHER_SUM)],
    ["/etc/hare", file(OTHER_SUM)],
    ["/var/lib/hare", link],
    ["/usr/bin/hare", link],
    ["/usr/bin/hare", { kind: "directory", mode: 0o755, owner: "root:root" }],
  ];
  for (const [path, there] of foreign) {
    assertEquals(planInstall(bare({ [path]: there }), payload, true).problems, [{
      message: `there is a ${path} that hare install has not made`,
      hint: "look what it is for, and move it away",
    }]);
  }
});

Deno.test("planInstall() uses what is there already, and does not call it its own", () => {
  const sight = bare({
    "/usr/bin/hare": file(SUM, 0o755),
    "/etc/hare": { kind: "directory", mode: 0o755, owner: "root:root" },
  });
  const { steps, problems } = planInstall(
    { ...sight, users: ["hare", "hare-hax"] },
    payload,
    false,
  );
  assertEquals(problems, []);
  const { users, directories, files } = manifestIn(steps);
  assertEquals([users, directories.includes("/etc/hare"), "/usr/bin/hare" in files], [
    ...[[], false, false],
  ]);
  assert(words(steps).includes("set up directory /etc/hare"));
  assert(!words(steps).includes("write /usr/bin/hare"));
});

Deno.test("otherBuild() tells whether this host would be left with another build", () => {
  assertEquals(otherBuild(bare(), payload.program), []);
  assertEquals(otherBuild(installed(), payload.program), []);
  const other = bare({ "/usr/bin/hare": file(OTHER_SUM) });
  const [problem] = otherBuild(other, payload.program);
  assertEquals(problem?.message, "another build of hare is installed");
});

Deno.test("planUninstall() takes back what was made, the note of it before its directory", () => {
  const { steps, kept } = planUninstall(installed());
  assertEquals(kept, []);
  assertEquals(words(steps), [
    "disable hare-consul-agent",
    "disable hare-rc",
    "disable hare-hax",
    "remove /usr/lib/sysusers.d/hare.conf",
    "remove /usr/bin/hare",
    "remove /usr/lib/systemd/system/hare-consul-agent.service",
    "remove /usr/lib/systemd/system/hare-rc.service",
    "remove /usr/lib/systemd/system/hare-hax.service",
    "reload systemd",
    "remove /var/lib/hare/install.json",
    "remove directory /etc/hare/consul.d, if it is empty",
    "remove directory /etc/hare, if it is empty",
    "remove directory /var/log/hare, if it is empty",
    "remove directory /var/lib/hare, if it is empty",
    "remove user hare-hax, unless something is its own",
    "remove user hare, unless something is its own",
  ]);
});

Deno.test("planUninstall() keeps what it has not made, or not so, and tells", () => {
  const made = manifestIn(planInstall(bare(), payload, false).steps);
  const { "/usr/bin/hare": _, ...files } = made.files;
  const sight = installed(
    { [RC]: file(OTHER_SUM), [USER_FILE]: NOTHING },
    { files, users: [], directories: ["/etc/hare"] },
  );
  const { steps, kept } = planUninstall(sight);
  assertEquals(kept, [
    `${RC}: it is not as hare install has made it`,
    "/usr/bin/hare: hare install has not made it",
  ]);
  assertEquals(words(steps), [
    "disable hare-consul-agent",
    "disable hare-hax",
    "remove /usr/lib/systemd/system/hare-consul-agent.service",
    "remove /usr/lib/systemd/system/hare-hax.service",
    "reload systemd",
    "remove /var/lib/hare/install.json",
    "remove directory /etc/hare, if it is empty",
  ]);
});

Deno.test("planUninstall() has nothing to do where nothing was installed", () => {
  assertEquals(planUninstall(bare()), { steps: [], problems: [], kept: [] });
  assertEquals(planUninstall(bare({ [RC]: file(OTHER_SUM) })), {
    steps: [],
    problems: [],
    kept: [`${RC}: hare install has not made it`],
  });
});
