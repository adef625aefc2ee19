import { assertEquals } from "../../tests/lib/assert.ts";
import { formatPath, touches, valueAt } from "./path.ts";

Deno.test("formatPath() shows indexes, plain keys and odd ones", () => {
  assertEquals(formatPath([]), "document");
  assertEquals(
    formatPath(["hosts", 0, "m0_servers", 12, "runs_confd"]),
    "hosts[0].m0_servers[12].runs_confd",
  );
  assertEquals(formatPath(["hosts", "a b"]), 'hosts."a b"');
});

Deno.test("touches() is true when one lies in the other", () => {
  assertEquals(touches(["hosts", 1], ["hosts", "*", "name"]), true);
  assertEquals(touches(["hosts", 1, "name", 2], ["hosts", "*", "name"]), true);
  assertEquals(touches([], ["pools"]), true);
  assertEquals(touches(["hosts", 1, "name"], ["hosts", 2, "name"]), false);
  assertEquals(touches(["hosts", 1, "name"], ["hosts", "*", "c0_clients"]), false);
});

Deno.test("valueAt() finds what is there, and not what objects inherit", () => {
  const value = { hosts: [{ name: "a" }] };
  assertEquals(valueAt(value, ["hosts", 0, "name"]), "a");
  assertEquals(valueAt(value, ["hosts", 1, "name"]), undefined);
  assertEquals(valueAt(value, ["hosts", 0, "name", "length"]), undefined);
  assertEquals(valueAt(value, ["constructor"]), undefined);
});
