import { assertEquals } from "../../tests/lib/assert.ts";
import { fakeWorld } from "../../tests/lib/world.ts";
import { runProgram } from "./program.ts";

Deno.test("hare restart-delay waits the longer the more often a unit was restarted", async () => {
  const directory = await Deno.makeTempDir();
  const waited: number[] = [];
  const start = async (restarts: number) => {
    const world = fakeWorld({
      run: () => Promise.resolve({ code: 0, stdout: `${restarts}\n`, stderr: "" }),
    });
    const clock = { ...world.clock, sleep: (ms: number) => Promise.resolve(void waited.push(ms)) };
    const args = ["restart-delay", "--unit", "hare-rc.service", "--directory", directory];
    assertEquals(await runProgram(args, { ...world, clock }), 0);
  };
  for (let i = 0; i < 5; i++) await start(i);
  assertEquals(waited.splice(0), [1000, 2000, 4000]);
  await start(0);
  await start(1);
  assertEquals(waited, [], "somebody has started it: the starts before do not count");
  await Deno.writeTextFile(`${directory}/hare-rc.service.starts`, "rubbish");
  await start(7);
  assertEquals(waited, []);
  await Deno.remove(directory, { recursive: true });
});
