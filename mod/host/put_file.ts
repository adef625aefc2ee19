/**
 * Files on a host that only a {@linkcode Run} leads to: written whole or not at all.
 *
 * @module
 */

import type { Output, Run } from "../lib/process.ts";
import { sha256Of } from "../lib/sha256.ts";
import type { HostCallOptions, HostFile } from "./host.ts";

/** A file whose content comes as bytes. */
export interface HostBinary extends Omit<HostFile, "content"> {
  readonly content: ReadableStream<Uint8Array>;
  /** Checksum of the content, in hexadecimal. */
  readonly sha256: string;
}

/** How long a big file may take over a slow network, in milliseconds. */
const LIMIT_MS = 600_000;

// Arguments: path, mode, checksum, `user:group` or nothing. The text is constant. A connection that
// breaks looks like the end of the content: only the checksum tells, and nobody hears it told.
const PUT = `
set -eu
path=$1
directory=\${path%/*}
(umask 022 && mkdir -p -- "$directory/")
umask 077
new=$(mktemp -- "$path.XXXXXXXX")
trap 'rm -f -- "$new"' EXIT
trap '' PIPE
trap 'exit 129' HUP
trap 'exit 143' TERM
if [ -n "$4" ]; then chown -- "$4" "$new"; fi
chmod -- "$2" "$new"
cat >"$new"
sum=$(sha256sum <"$new")
if [ "\${sum%% *}" != "$3" ]; then
  echo "what arrived is not what was sent: its SHA-256 is \${sum%% *}, not $3" >&2
  exit 1
fi
sync -- "$new"
mv -f -T -- "$new" "$path"
sync -- "$directory/"
`;

/** Writes a file by `run`; its mode and owner are set before its content is there. */
export async function putFile(
  run: Run,
  { path, mode, owner = "", content, ...file }: HostFile | HostBinary,
  { signal }: HostCallOptions,
): Promise<Output> {
  const sha256 = "sha256" in file ? file.sha256 : await sha256Of(String(content));
  return await run(
    ["sh", "-c", PUT, "hare-put", path, mode.toString(8), sha256, owner],
    { stdin: content, signal, limitMs: LIMIT_MS },
  );
}
