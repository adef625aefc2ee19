/**
 * The tests of the HA link once more, in a process where every access to memory is checked: the
 * library's own, and what it does with the memory that it is handed.
 */

import { runHere } from "../../mod/lib/process.ts";
import { assertEquals } from "../lib/assert.ts";
import { testUnless } from "../lib/conditional.ts";
import { ADDRESS_SANITIZER, hasCompiler } from "./fake_motr.ts";

const LIMIT_MS = 600_000;

testUnless(
  await hasCompiler() ? null : "no C compiler: install gcc",
  "halink: no access to memory goes wrong on either side",
  async () => {
    const library = await runHere(["cc", "-print-file-name=libasan.so"]);
    const tests = new URL("link_test.ts", import.meta.url).pathname;
    const { code, stdout, stderr } = await runHere(
      [Deno.execPath(), "test", "-A", "--no-check", tests],
      {
        env: {
          LD_PRELOAD: library.stdout.trim(),
          ASAN_OPTIONS: "detect_leaks=0", // of the whole runtime
          [ADDRESS_SANITIZER]: "1",
        },
        limitMs: LIMIT_MS,
      },
    );
    assertEquals([code, stderr.match(/ERROR: .*/)], [0, null], stdout + stderr);
  },
);
