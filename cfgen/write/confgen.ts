/**
 * `confd.cg`: the configuration in Mero's confgen notation, for people and for diff.
 *
 * @module
 */

import { attributesOf, Constant, type Value } from "../conf/attributes.ts";
import type { ConfObject } from "../conf/objects.ts";
import type { Target } from "../target.ts";
import { concatenate, quote } from "./notation.ts";

/** The file's text: an object a line. */
export function writeConfgen(objects: readonly ConfObject[], target: Target): string {
  return concatenate(objects, (object) => `${objectLine(object, target)}\n`);
}

/** `(drive-17 dev=sdev-16 pvers=[pver-49])`. */
function objectLine(object: ConfObject, target: Target): string {
  let line = `(${object.type}-${object.key}`;
  for (const [name, value] of attributesOf(object, target)) line += ` ${name}=${valueText(value)}`;
  return `${line})`;
}

function valueText(value: Value): string {
  if (typeof value === "number") return value.toString();
  if (typeof value === "string") return quote(value);
  if (value === null) return "(0,0)";
  if (value instanceof Constant) return `@${value.name}`;
  if ("type" in value) return `${value.type}-${value.key}`;
  let list = "";
  for (const item of value) list += `${list === "" ? "" : ", "}${valueText(item)}`;
  return `[${list}]`;
}
