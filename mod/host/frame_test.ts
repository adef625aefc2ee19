import fc from "fast-check";
import { assertEquals } from "../../tests/lib/assert.ts";
import { runHere } from "../lib/process.ts";
import { Frame, type Framed } from "./frame.ts";

const text = fc.string({ unit: "binary", maxLength: 30 });
const printed = fc.record({ stdout: text, stderr: text });

/** The result of a framed program with this output and exit status. */
function framed(frame: Frame, inside: { stdout: string; stderr: string }, status: number) {
  const [, , , , mark] = frame.argv(["true"]);
  const around = (words: string) => `${mark} begin\n${words}${mark} end ${status}\n`;
  return { stdout: around(inside.stdout), stderr: around(inside.stderr) };
}

Deno.test("Frame tells what a program prints from all that others print", () => {
  const status = fc.nat({ max: 255 });
  fc.assert(fc.property(printed, printed, printed, status, (before, inside, after, status) => {
    const frame = new Frame();
    // The marks of another frame are ignored.
    const other = framed(new Frame(), inside, 0);
    const own = framed(frame, inside, status);
    const read = frame.read({
      stdout: before.stdout + other.stdout + own.stdout + after.stdout,
      stderr: before.stderr + own.stderr + other.stderr + after.stderr,
    });
    const noise = {
      stdout: before.stdout + other.stdout + after.stdout,
      stderr: before.stderr + other.stderr + after.stderr,
    };
    const expected: Framed = { kind: "ended", output: { code: status, ...inside }, noise };
    assertEquals(read, expected);
  }));
});

Deno.test("Frame takes nothing that was cut off for a program's end", () => {
  fc.assert(fc.property(printed, fc.nat(), (inside, cut) => {
    const frame = new Frame();
    const { stdout, stderr } = framed(frame, inside, 0);
    const { kind } = frame.read({ stdout: stdout.slice(0, cut % stdout.length), stderr });
    assertEquals(kind === "cut off" || kind === "not started", true, kind);
  }));
});

Deno.test("Frame.argv() runs the program: output, status, variables and input are its own", async () => {
  const streams = ["one\ntwo\n", new Blob(["one\n", "two\n"]).stream()];
  for (const stdin of streams) {
    const frame = new Frame({ env: { GREETING: "it's = $HOME" }, stdin });
    const argv = frame.argv([
      "sh",
      "-c",
      'printf "%s;" "$GREETING" "$@"; cat; exit 7',
      "sh",
      "a b",
      "",
    ]);
    const { stdout, stderr, code } = await runHere(argv, { stdin: frame.stdin });
    assertEquals(code, 7);
    const read = frame.read({ stdout, stderr });
    const noise = { stdout: "", stderr: "" };
    const output = { code: 7, stdout: "it's = $HOME;a b;;one\ntwo\n", stderr: "" };
    assertEquals(read, { kind: "ended", output, noise });
  }
});

Deno.test("Frame.stdin lets go of a stream that a program does not read to its end", async () => {
  let cancelled = false;
  const stdin = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  const frame = new Frame({ stdin });
  await runHere(frame.argv(["true"]), { stdin: frame.stdin });
  assertEquals(cancelled, true);
});
