import { assertEquals, assertStringIncludes } from "../../tests/lib/assert.ts";
import { framedRun } from "../../tests/lib/framed_run.ts";
import { fakeWorld } from "../../tests/lib/world.ts";
import { runProgram } from "./program.ts";

const refuse = () => Promise.reject(new Error("must not be run"));

Deno.test("hare install copies no hare that is run from source", async () => {
  const world = fakeWorld({ run: refuse });
  assertEquals(await runProgram(["install", "--host", "vm1"], world), 1);
  assertStringIncludes(world.err(), "copies the compiled hare, and this is none\n  hint: build it");
});

Deno.test("hare install takes no option of ssh for a host", async () => {
  const directory = await Deno.makeTempDir();
  const env = (name: string) => name === "XDG_RUNTIME_DIR" ? directory : undefined;
  try {
    for (const host of ["-oProxyCommand=touch /owned", "x; touch /owned", ""]) {
      const world = fakeWorld({ run: refuse, env });
      assertEquals(await runProgram(["install", "--uninstall", `--host=${host}`], world), 1);
      assertStringIncludes(world.err(), `hare: ${JSON.stringify(host)} is no [user@]hostname`);
    }
    assertEquals(await Array.fromAsync(Deno.readDir(directory)), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("hare install does one host once, however its name is written", async () => {
  const directory = await Deno.makeTempDir();
  const env = (name: string) => name === "XDG_RUNTIME_DIR" ? directory : undefined;
  const run = framedRun((argv) => {
    const stdout = argv.includes("hare-look") ? `no\n${"nothing\n".repeat(20)}` : "";
    return Promise.resolve({ code: argv.includes("hare-read") ? 44 : 0, stdout, stderr: "" });
  });
  try {
    const world = fakeWorld({ run, env });
    const args = ["install", "--uninstall", "--host", "localhost", "LOCALHOST", "LocalHost"];
    assertEquals([await runProgram(args, world), world.err()], [0, ""]);
    assertEquals(world.out().split("\n").length, 2);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
