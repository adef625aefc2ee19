/**
 * Inspections of devices, for tests of what is made of them.
 *
 * @module
 */

import type { DeviceInspection } from "../../mod/storage/mod.ts";

/** The inspection of a blank device, but for `parts`. */
export function deviceOf(path: string, parts: Partial<DeviceInspection> = {}): DeviceInspection {
  return {
    ...{
      path,
      kind: "block",
      size: 2 ** 40,
      model: "",
      number: path,
      parts: [],
      wwn: "",
      serial: "",
    },
    ...{ uses: [], signatures: [], dataAt: null, problems: [] },
    ...parts,
  };
}
