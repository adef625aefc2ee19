/**
 * Notifies when a unit has ended, or ends after each start.
 *
 * One shell on the host, for as long as somebody waits, reads what systemd writes to the journal
 * about the units. Each line is a bell: at it, and every few seconds in case one was lost, systemd
 * is asked how the units are. (`systemctl start --wait` would start a unit that has just ended,
 * and the bus only tells those who can stay subscribed to it, which no shell can.)
 *
 * @module
 */

import type { Output, Run } from "../lib/process.ts";
import type { HostCallOptions } from "./host.ts";

// Arguments: units. Standard input is a leash: when it ends, so does this, and leaves nothing
// behind; over ssh it would outlive whoever asked. The text is constant.
const WATCH = `
exec 3<&0
exec 4< <(
  exec 2>/dev/null
  for unit; do matches+=("UNIT=$unit"); done
  journalctl --follow --lines=0 --output=cat --quiet "\${matches[@]}" &
  cat <&3 >/dev/null
  kill $!
)
while true; do
  i=0 active= sub= restarts=0
  while IFS== read -r name value; do
    case $name in
      ActiveState) active=$value ;;
      SubState) sub=$value ;;
      NRestarts) restarts=$value ;;
      "") # the end of what belongs to one unit
        case $active/$sub in
          inactive/* | failed/*) echo "$i"; exit ;;
          activating/auto-restart* | activating/start-pre)
            if [ "$restarts" -gt 1 ]; then echo "$i"; exit; fi ;;
        esac
        i=$((i + 1)) active= sub= restarts=0 ;;
    esac
  done < <(systemctl show --property=ActiveState,SubState,NRestarts -- "$@"; echo)
  read -r -t 5 -u 4
  if [ $? = 1 ]; then exit 1; fi
done
`;

/** Longer than anybody waits, in milliseconds: a signal ends it before. */
const LIMIT_MS = 7 * 24 * 3_600_000;

/**
 * Runs on a host until one of the units, in full (`x.service`), does not run any more, and prints
 * its place in the list.
 */
export function watchUnits(
  run: Run,
  units: readonly string[],
  { signal }: HostCallOptions,
): Promise<Output> {
  const leash = new ReadableStream<Uint8Array>();
  return run(["bash", "-c", WATCH, "hare-watch", ...units], {
    stdin: leash,
    signal,
    limitMs: LIMIT_MS,
  });
}
