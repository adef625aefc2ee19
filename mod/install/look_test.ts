import { assertEquals, assertRejects } from "../../tests/lib/assert.ts";
import { options, withHost } from "../../tests/lib/script_host.ts";
import { HareError } from "../lib/errors.ts";
import { look } from "./look.ts";
import { MANIFEST_FILE, NOTHING_MADE, writeManifest } from "./manifest.ts";

/** SHA-256 of `text\n`, by sha256sum. */
const SUM = "b9e68e1bea3e5b19ca6b2f98b73a54b73daafaa250484902e09982e07a12e733";

Deno.test("look() tells what there is, whatever the names are", async () => {
  await withHost(async (host, directory) => {
    const path = (name: string) => `${directory}/${name}`;
    const names = ["-x; touch owned", "a\nb", "it's", "a link", "nothing"];
    const paths = names.map(path);
    const [file, second, empty, link] = paths;
    await Deno.writeTextFile(file ?? "", "text\n", { mode: 0o640 });
    await Deno.writeTextFile(second ?? "", "text\n", { mode: 0o755 });
    await Deno.mkdir(empty ?? "", { mode: 0o700 });
    await Deno.symlink("/etc", link ?? "");
    const { stdout } = await host.ask(["stat", "-c", "%U:%G", directory], options);
    const owner = stdout.trim();
    const { manifest, users, found } = await look(host, paths, options);
    assertEquals([manifest, users], [null, []]);
    assertEquals([...found], [
      [file, { kind: "file", mode: 0o640, owner, sha256: SUM }],
      [second, { kind: "file", mode: 0o755, owner, sha256: SUM }],
      [empty, { kind: "directory", mode: 0o700, owner }],
      [link, { kind: "other" }],
      [path("nothing"), { kind: "nothing" }],
    ]);
  }, { id: '[ "$*" = "-u" ] && echo 0' });
});

Deno.test("look() looks also at what an earlier installation has made", async () => {
  const made = { ...NOTHING_MADE, hare: "0.0.9", files: { "/nowhere/old file": SUM } };
  await withHost(async (host) => {
    const seen = await look(
      {
        name: host.name,
        ask: (argv, options) => host.ask(argv, options),
        readFile: (path) => Promise.resolve(path === MANIFEST_FILE ? writeManifest(made) : null),
      },
      [],
      options,
    );
    assertEquals(seen.manifest, made);
    assertEquals([...seen.found.keys()], ["/nowhere/old file"]);
  });
});

Deno.test("look() refuses a manifest that it does not understand", async () => {
  await withHost(async (host) => {
    const readFile = () => Promise.resolve('{"format": 2}');
    const ask = () => Promise.reject(new Error("must not be asked"));
    await assertRejects(
      () => look({ name: host.name, ask, readFile }, [], options),
      HareError,
      `${MANIFEST_FILE} cannot be read`,
    );
  });
});

Deno.test("look() tells of a host whose programs answer in another form", async () => {
  await withHost(async (host) => {
    await assertRejects(
      () => look(host, ["/"], options),
      HareError,
      'vm1: look what is there: "directory who knows" is no answer',
    );
  }, { stat: "echo who knows" });
});
