/**
 * The entrypoint in the forms that people and programs read.
 *
 * @module
 */

import { stringify } from "yaml";
import { formatFid } from "../lib/fid.ts";
import type { Entrypoint, Place } from "./entrypoint.ts";

/** {@linkcode Entrypoint} as JSON: `hare entrypoint --json`, and `GET /entrypoint` of hax. */
export interface EntrypointJson {
  readonly principalRm: PlaceJson;
  readonly confds: readonly PlaceJson[];
  readonly quorum: number;
}

/** {@linkcode Place} as JSON. */
export interface PlaceJson {
  readonly node: string;
  /** `0x7200000000000001:0x9` */
  readonly fid: string;
  readonly address: string;
}

/** The value that becomes the JSON text. */
export function entrypointJson(entrypoint: Entrypoint): EntrypointJson {
  return {
    principalRm: placeJson(entrypoint.principalRm),
    confds: entrypoint.confds.map(placeJson),
    quorum: entrypoint.quorum,
  };
}

/**
 * The text that `hare entrypoint` prints; it is YAML.
 *
 * @example
 * ```ts
 * import { makeFid } from "../lib/fid.ts";
 * import { renderEntrypoint } from "./render.ts";
 *
 * const confd = { node: "node0", fid: makeFid("process", 9), address: "10.0.0.1@tcp:12345:2:1" };
 * const text = renderEntrypoint({ principalRm: confd, confds: [confd], quorum: 1 });
 * if (!text.startsWith("principal-RM: node0\nconfds:\n  - node: node0\n")) throw new Error(text);
 * ```
 */
export function renderEntrypoint(entrypoint: Entrypoint): string {
  return stringify({
    "principal-RM": entrypoint.principalRm.node,
    confds: entrypoint.confds.map(placeJson),
  }, { blockQuote: false, lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
}

function placeJson({ node, fid, address }: Place): PlaceJson {
  return { node, fid: formatFid(fid), address };
}
