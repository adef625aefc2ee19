/**
 * The built binary on a file system that is full.
 */

import { runHere } from "../../mod/lib/process.ts";
import { assertEquals } from "../lib/assert.ts";
import { HARE } from "../lib/hare.ts";

const CDF = new URL("../../examples/three-nodes.yaml", import.meta.url).pathname;

/** A shell with a private file system of 16 KiB at `$1`. */
const INSIDE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"] as const;
const MOUNT = 'mount -t tmpfs -o size=16k none "$1" && cd "$1" || exit 99\n';

async function onSmallDisk(script: string): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    const { stdout } = await runHere([...INSIDE, MOUNT + script, "sh", directory, HARE, CDF]);
    return stdout.replaceAll(directory, "DIR");
  } finally {
    await Deno.remove(directory);
  }
}

const canMount = await onSmallDisk("echo yes").catch(() => "") === "yes\n";

Deno.test({
  name: "hare cfgen on a full disk says so, and leaves the files as they were" +
    (canMount ? "" : " (skipped: no user namespaces here)"),
  ignore: !canMount,
  fn: async () => {
    assertEquals(
      await onSmallDisk(`
        echo old >consul-kv.json
        exec 2>&1
        "$2" cfgen --mock=seed -o "$1" "$3"; echo $?
        head -c 16k /dev/zero >fill 2>/dev/null
        "$2" cfgen --mock=seed -o "$1" "$3"; echo $?
        ls; cat consul-kv.json`),
      "hare: cannot write DIR/confd.xc: no space left on device\n1\n" +
        "hare: cannot write DIR/consul-agents.json: no space left on device\n1\n" +
        "consul-kv.json\nfill\nold\n",
    );
  },
});
