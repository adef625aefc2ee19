/**
 * The state of a running cluster on one screen: read once, judged, shown.
 *
 * @module
 */

export {
  assess,
  type Assessment,
  assessSilence,
  type Level,
  type Reason,
  type Verdict,
} from "./assess.ts";
export { type StatusJson, statusJson } from "./json.ts";
export { readWorld } from "./read.ts";
export { render, type RenderOptions, renderVerdict } from "./render.ts";
export type { World } from "./world.ts";
