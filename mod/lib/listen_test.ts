import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { UsageError } from "./errors.ts";
import { formatListen, type Listen, parseListen } from "./listen.ts";

const good: readonly (readonly [text: string, listen: Listen])[] = [
  ["127.0.0.1", { hostname: "127.0.0.1", port: 8008 }],
  ["127.0.0.1:8080", { hostname: "127.0.0.1", port: 8080 }],
  ["localhost:0", { hostname: "localhost", port: 0 }],
  ["ssc-vm1.example", { hostname: "ssc-vm1.example", port: 8008 }],
  ["::1", { hostname: "::1", port: 8008 }],
  ["[fe80::1:2]:65535", { hostname: "fe80::1:2", port: 65535 }],
];
for (const [text, listen] of good) {
  Deno.test(`parseListen() reads ${text}, and what formatListen() makes of it`, () => {
    assertEquals(parseListen(text, 8008), listen);
    assertEquals(parseListen(formatListen(listen), 1), listen);
  });
}

for (const text of ["", ":8008", "127.0.0.1:", "127.0.0.1:65536", "a b", "[::1", "a:b", "x:1:2"]) {
  Deno.test(`parseListen() refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseListen(text, 8008), UsageError, "is no address to listen on");
  });
}
