import { assertEquals, assertRejects, assertThrows } from "../../tests/lib/assert.ts";
import { UsageError } from "../lib/errors.ts";
import { admit, readToken, TOKEN_FILE_VARIABLE } from "./access.ts";
import { RequestRefused } from "./json_body.ts";

const TOKEN = "0123456789abcdef";

function request(authorization?: string): Request {
  const headers = authorization === undefined ? [] : [["authorization", authorization] as const];
  return new Request("http://hax/", { method: "POST", headers: headers.map(([k, v]) => [k, v]) });
}

const UNIX = { transport: "unix" } as const;
const tcp = (hostname: string) => ({ transport: "tcp", hostname }) as const;
const LOOPBACK = ["127.0.0.1", "127.80.1.2", "::1", "::ffff:127.0.0.1"];
const OTHERS = ["10.127.0.0", "192.168.0.1", "::2", "fe80::1", "1270.0.0.1", ""];

Deno.test("admit() takes everything over the Unix socket", () => {
  for (const deed of ["hint", "report"] as const) {
    admit(request(), UNIX, deed, null);
    admit(request("Bearer wrong"), UNIX, deed, TOKEN);
  }
});

Deno.test("admit() takes hints of this machine's programs over TCP, and no reports", () => {
  for (const peer of LOOPBACK) {
    admit(request(), tcp(peer), "hint", null);
    admit(request("Bearer wrong"), tcp(peer), "hint", TOKEN);
    for (const [token, status] of [[null, 403], [TOKEN, 401]] as const) {
      const report = () => admit(request("Bearer wrong"), tcp(peer), "report", token);
      assertEquals(assertThrows(report, RequestRefused).status, status);
    }
  }
});

Deno.test("admit() takes nothing of other hosts where there is no token", () => {
  for (const peer of OTHERS) {
    for (const authorization of [undefined, "Bearer ", `Bearer ${TOKEN}`, "Bearer null"]) {
      for (const deed of ["hint", "report"] as const) {
        const act = () => admit(request(authorization), tcp(peer), deed, null);
        assertEquals(assertThrows(act, RequestRefused).status, 403);
      }
    }
  }
});

Deno.test("admit() takes everything with the token, and does not repeat what others gave", () => {
  for (const peer of ["10.0.0.1", "127.0.0.1"]) {
    admit(request(`Bearer ${TOKEN}`), tcp(peer), "report", TOKEN);
    admit(request(`bearer  ${TOKEN}`), tcp(peer), "report", TOKEN);
  }
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
      () => admit(request(authorization), tcp("10.0.0.1"), "report", TOKEN),
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
