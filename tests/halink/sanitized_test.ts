/**
 * The tests of the HA link once more, in a process where every access to memory is checked: the
 * library's own, and what it does with the memory that it is handed.
 */

import { assertEquals } from "../lib/assert.ts";
import { ADDRESS_SANITIZER, hasCompiler } from "./fake_motr.ts";

Deno.test({
  name: "halink: no access to memory goes wrong on either side",
  ignore: !await hasCompiler(),
  async fn() {
    const { stdout } = await new Deno.Command("cc", {
      args: ["-print-file-name=libasan.so"],
    }).output();
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", new URL("link_test.ts", import.meta.url).pathname],
      env: {
        LD_PRELOAD: new TextDecoder().decode(stdout).trim(),
        ASAN_OPTIONS: "detect_leaks=0", // of the whole runtime
        [ADDRESS_SANITIZER]: "1",
      },
    }).output();
    assertEquals([success, new TextDecoder().decode(stderr).match(/ERROR: .*/)], [true, null]);
  },
});
