import { assertEquals, assertMatch } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { renderError } from "./printer.ts";

const root = new TypeError("connection refused");
const middle = new HareError("cannot read the leader", { cause: root });
const error = new HareError("no entrypoint", { hint: "is the cluster up?", cause: middle });

Deno.test("renderError() shows message and hint", () => {
  assertEquals(renderError(error), "hare: no entrypoint\n  hint: is the cluster up?\n");
});

Deno.test("renderError() shows the chain of causes when verbose", () => {
  assertEquals(
    renderError(error, { verbose: true }),
    "hare: no entrypoint\n  hint: is the cluster up?\n" +
      "  cause: HareError: cannot read the leader\n  cause: TypeError: connection refused\n",
  );
});

Deno.test("renderError() ends where causes go in a circle", () => {
  const one = new HareError("one");
  const two = new HareError("two", { cause: one });
  one.cause = two;
  assertEquals(
    renderError(one, { verbose: true }),
    "hare: one\n  cause: HareError: two\n",
  );
});

Deno.test("renderError() calls anything else a fault and shows its stack", () => {
  const text = renderError(new RangeError("index 7"));
  assertMatch(text, /^hare: unexpected error, a fault of hare itself: index 7\n/);
  assertMatch(text, /\n {2}RangeError: index 7\n {6}at .*printer_test\.ts/);
});

Deno.test("renderError() copes with a thrown text", () => {
  assertEquals(
    renderError("oops"),
    "hare: unexpected error, a fault of hare itself: oops\n",
  );
});
