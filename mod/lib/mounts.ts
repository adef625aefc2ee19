/**
 * The mounts that the kernel reports.
 *
 * @module
 */

import { HareError } from "./errors.ts";
import type { Run } from "./process.ts";

/** One mount. */
export interface Mount {
  /** `MAJOR:MINOR` of its device; anonymous, `0:n`, for btrfs and for file systems without one. */
  readonly device: string;
  /** Where it is mounted. */
  readonly point: string;
  /** The type of its file system. */
  readonly type: string;
  /** The mounted source: mostly the path of a device. */
  readonly source: string;
}

/**
 * The mounts that this process sees.
 *
 * @throws {HareError} when they cannot be read
 */
export async function mounts(run: Run, signal?: AbortSignal): Promise<readonly Mount[]> {
  // A Deno program with listed permissions cannot read files below /proc.
  const { code, stdout, stderr } = await run(["cat", "/proc/self/mountinfo"], { signal });
  if (code !== 0) throw new HareError(`cannot read /proc/self/mountinfo: ${stderr.trim()}`);
  return parseMounts(stdout);
}

/**
 * The lines of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
 *
 * @example
 * ```ts
 * import { parseMounts } from "./mounts.ts";
 *
 * const line = "36 35 8:1 / /mnt\\040x rw - ext4 /dev/sda1 rw\n";
 * const [mount] = parseMounts(line);
 * if (mount?.point !== "/mnt x" || mount.device !== "8:1") throw new Error("wrong");
 * ```
 */
export function parseMounts(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ", 2);
    const [, , device, , point] = before.split(" ");
    const [type, source] = after.split(" ");
    if (device === undefined || point === undefined || type === undefined) return [];
    return [{ device, point: unescape(point), type, source: unescape(source ?? "") }];
  });
}

/** Space, tab, newline and backslash are octal there. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
