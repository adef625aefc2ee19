import { assertEquals, assertRejects, assertThrows } from "../../tests/lib/assert.ts";
import { UsageError } from "../lib/errors.ts";
import { admit, readToken, TOKEN_FILE_VARIABLE } from "./access.ts";
import { RequestRefused } from "./json_body.ts";

const TOKEN = "0123456789abcdef";

function request(authorization?: string): Request {
  const headers = authorization === undefined ? [] : [["authorization", authorization] as const];
  return new Request("http://hax/", { method: "POST", headers: headers.map(([k, v]) => [k, v]) });
}

Deno.test("admit() lets this machine's own programs pass", () => {
  for (const peer of ["127.0.0.1", "127.80.1.2", "::1", "::ffff:127.0.0.1"]) {
    admit(request(), peer, null);
    admit(request("Bearer wrong"), peer, TOKEN);
  }
});

Deno.test("admit() lets nobody else pass where there is no token", () => {
  for (const peer of ["10.127.0.0", "192.168.0.1", "::2", "fe80::1", "1270.0.0.1", ""]) {
    for (const authorization of [undefined, "Bearer ", `Bearer ${TOKEN}`, "Bearer null"]) {
      const refused = assertThrows(() => admit(request(authorization), peer, null), RequestRefused);
      assertEquals(refused.status, 403);
    }
  }
});

Deno.test("admit() lets pass who knows the token, and does not repeat what others gave", () => {
  admit(request(`Bearer ${TOKEN}`), "10.0.0.1", TOKEN);
  admit(request(`bearer  ${TOKEN}`), "10.0.0.1", TOKEN);
  for (
    const authorization of [
      undefined,
      "Bearer",
      `Bearer ${TOKEN}0`,
      `Bearer ${TOKEN.slice(1)}`,
      "Bearer 0123456789abcdeF",
      `Basic ${TOKEN}`,
      TOKEN,
    ]
  ) {
    const refused = assertThrows(
      () => admit(request(authorization), "10.0.0.1", TOKEN),
      RequestRefused,
    );
    assertEquals([refused.status, refused.message.includes(TOKEN)], [401, false]);
  }
});

Deno.test("readToken() reads a file that is not open to everybody, and refuses the others", async () => {
  const path = await Deno.makeTempFile();
  const read = () => readToken((name) => name === TOKEN_FILE_VARIABLE ? path : undefined);
  try {
    assertEquals(await readToken(() => undefined), null);
    assertEquals(await readToken(() => ""), null);
    for (const text of ["", "\n", "too short", "two words of a token", "ä".repeat(20)]) {
      await Deno.writeTextFile(path, text);
      const error = await assertRejects(read, UsageError, "has no token");
      assertEquals(text.trim() !== "" && error.message.includes(text), false);
    }
    await Deno.writeTextFile(path, `${TOKEN}\n`);
    assertEquals(await read(), TOKEN);
    await Deno.chmod(path, 0o644);
    await assertRejects(read, UsageError, "is open to every user");
  } finally {
    await Deno.remove(path);
  }
  await assertRejects(read, UsageError, "cannot read");
});
