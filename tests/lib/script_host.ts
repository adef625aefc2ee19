/**
 * A host whose programs are scripts.
 *
 * @module
 */

import { runOverSsh } from "../../mod/host/ssh.ts";
import { SystemdHost } from "../../mod/host/systemd.ts";
import { type Run, runHere } from "../../mod/lib/process.ts";

/** Options of calls that nothing ends early. */
export const options = { signal: new AbortController().signal };

/**
 * A host whose programs are scripts: root is whoever runs the tests, `systemctl` and `journalctl`
 * do what a test wants; they find their directory in `$DIR`. An `ssh` that hands its last argument to a shell leads to it, so that every
 * word is taken apart twice, as on a real way.
 */
export async function withHost(
  act: (host: SystemdHost, directory: string) => Promise<void>,
  programs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const scripts = { ssh: 'for line; do :; done\nexec sh -c "$line"', id: "echo 0", ...programs };
  try {
    await Deno.mkdir(`${directory}/bin`);
    for (const [name, script] of Object.entries(scripts)) {
      const text = `#!/bin/sh\nDIR='${directory}'\n${script}\n`;
      await Deno.writeTextFile(`${directory}/bin/${name}`, text, { mode: 0o755 });
    }
    const env = { PATH: `${directory}/bin:${Deno.env.get("PATH")}` };
    const run: Run = (argv, options) => runHere(argv, { ...options, env });
    await act(new SystemdHost({ name: "vm1", run: runOverSsh("vm1", { run }) }), directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
