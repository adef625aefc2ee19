/**
 * `confd.xc`: the configuration as a Mero xcode string, ready for confd.
 *
 * @module
 */

import { FID_TYPES } from "../../mod/lib/fid.ts";
import { attributesOf, Constant, type Value } from "../conf/attributes.ts";
import type { ConfObject } from "../conf/objects.ts";
import type { Target } from "../target.ts";
import { concatenate, quote } from "./notation.ts";

/** The file's text: an object a line. */
export function writeXcode(objects: readonly ConfObject[], target: Target): string {
  const lines = concatenate(
    objects,
    (object, i) => `${i === 0 ? "" : ","}\n ${objectText(object, target)}`,
  );
  return `[${objects.length}:${lines}]\n`;
}

/** `{0x6b| ((^k|1:17), ^d|1:16, [1: ^v|1:49])}`. */
function objectText(object: ConfObject, target: Target): string {
  const values = attributesOf(object, target).map(([, value]) => value);
  const type = FID_TYPES[object.type === "pver_f" ? "pver" : object.type].toString(16);
  return `{0x${type}| ((${fidText(object)}), ${wrap(object, listText(values))})}`;
}

/** The attributes of a pver are a union: actual or formulaic. */
function wrap(object: ConfObject, attributes: string): string {
  switch (object.type) {
    case "pver":
      return `{0| (${attributes})}`;
    case "pver_f":
      return `{1| (${attributes})}`;
    default:
      return attributes;
  }
}

function valueText(value: Value): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return quote(value);
  if (value === null) return "(0,0)";
  if (value instanceof Constant) return `@${value.name}`;
  if ("type" in value) return fidText(value);
  return value.length === 0 ? "[0]" : `[${value.length}: ${listText(value)}]`;
}

function listText(values: readonly Value[]): string {
  let list = "";
  for (const value of values) list += `${list === "" ? "" : ", "}${valueText(value)}`;
  return list;
}

/** `^k|1:17`. */
function fidText(object: ConfObject): string {
  return FID_PREFIXES[object.type] + numberText(object.key);
}

function numberText(value: number): string {
  return value < 100 ? value.toString() : `0x${value.toString(16)}`;
}

/** All of a fid but its key; the container of a formulaic pver carries a tag in bits 54 and 55. */
const FID_PREFIXES: Readonly<Record<ConfObject["type"], string>> = {
  root: "^t|1:",
  node: "^n|1:",
  process: "^r|1:",
  service: "^s|1:",
  sdev: "^d|1:",
  site: "^S|1:",
  rack: "^a|1:",
  enclosure: "^e|1:",
  controller: "^c|1:",
  drive: "^k|1:",
  pool: "^o|1:",
  pver: "^v|1:",
  pver_f: "^v|0x40000000000001:",
  objv: "^j|1:",
  profile: "^p|1:",
};
