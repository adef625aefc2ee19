import { assertEquals } from "../../tests/lib/assert.ts";
import { KERNEL_FILE_SYMBOLS, readKernelFile } from "./kernel_file.ts";

function read(path: string, maxBytes: number): string | null {
  const library = Deno.dlopen("libc.so.6", KERNEL_FILE_SYMBOLS);
  try {
    return readKernelFile(library.symbols, path, maxBytes);
  } finally {
    library.close();
  }
}

Deno.test("readKernelFile() reads a file of the kernel, and cuts it at the limit", () => {
  assertEquals(read("/proc/self/comm", 4096), Deno.readTextFileSync("/proc/self/comm"));
  assertEquals(read("/proc/self/stat", 5), Deno.readTextFileSync("/proc/self/stat").slice(0, 5));
});

Deno.test("readKernelFile() reads a long file to its end", async () => {
  const path = await Deno.makeTempFile();
  try {
    const text = Array.from({ length: 40_000 }, (_, i) => `line ${i}\n`).join("");
    await Deno.writeTextFile(path, text);
    assertEquals(read(path, 2 ** 20), text);
    assertEquals(read(path, 300_000), text.slice(0, 300_000));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readKernelFile() has nothing where there is no file, or none that can be read", () => {
  assertEquals(read("/proc/0/stat", 4096), null);
  assertEquals(read("/proc/self", 4096), null); // a directory: it opens, and cannot be read
});
