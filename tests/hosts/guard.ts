/**
 * Test hosts end with the program that has made them, however that ends.
 *
 * @module
 */

import type { Cgroup } from "./cgroup.ts";

// Whoever presses Ctrl-C sends that to all programs on the terminal; this one has work to do then.
const GUARD = `trap '' INT TERM HUP; cat; [ ! -e "$1" ] || echo 1 >"$1"`;

/**
 * Has the processes in a control group killed when the guard is disposed of, or this program ends
 * before that.
 */
export function killWhenThisEnds(cgroup: Cgroup): AsyncDisposable {
  const child = new Deno.Command("sh", {
    args: ["-c", GUARD, "sh", cgroup.killSwitch],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close();
      await child.status;
    },
  };
}
