/**
 * Attributes of configuration objects in the order in which they are written: the table of
 * cfgen.md, with the differences of the targets.
 *
 * @module
 */

import type { Target } from "../target.ts";
import type { ConfObject, ServiceType } from "./objects.ts";

/** A symbol of Mero's: `@M0_CST_HA`. */
export class Constant {
  constructor(readonly name: string) {}
}

/** An attribute's value; a text is a text, an object stands for its fid, null for the null fid. */
export type Value = number | string | Constant | ConfObject | null | readonly Value[];

/** Name and value. */
export type Attribute = readonly [name: string, value: Value];

/** The attributes of `object`. */
export function attributesOf(object: ConfObject, { conf }: Target): readonly Attribute[] {
  switch (object.type) {
    case "root":
      return [
        ["verno", 1],
        ["rootfid", object],
        ["mdpool", object.mdpool],
        ["imeta_pver", object.imetaPver],
        ["mdredundancy", object.mdRedundancy],
        ["params", []],
        ["nodes", object.nodes],
        ["sites", object.sites],
        ["pools", object.pools],
        ["profiles", object.profiles],
        ["fdmi_flt_grps", []],
      ];
    case "node":
      return [
        ["memsize", object.memory],
        ["nr_cpu", object.processors],
        ["last_state", 0],
        ["flags", 0],
        ["processes", object.processes],
      ];
    case "process": {
      const memory = object.node.memory * 1024; // in KiB
      return [
        ["cores", Array<number>(object.node.processors).fill(1)],
        ["mem_limit_as", 134217728],
        ["mem_limit_rss", memory],
        ["mem_limit_stack", memory],
        ["mem_limit_memlock", memory],
        ["endpoint", object.endpoint],
        ["services", object.services],
      ];
    }
    case "service":
      return [
        ["type", SERVICE_TYPES[object.serviceType]],
        ["endpoints", [object.endpoint]],
        ["params", []],
        ["sdevs", object.sdevs],
      ];
    case "sdev":
      return [
        ["dev_idx", object.index],
        ["iface", 2],
        ["media", 1],
        ["bsize", object.blksize],
        ["size", object.size],
        ["last_state", 0],
        ["flags", 0],
        ["filename", object.path],
      ];
    case "site":
      return [["racks", object.racks], ["pvers", object.pvers]];
    case "rack":
      return [["encls", object.enclosures], ["pvers", object.pvers]];
    case "enclosure": {
      const rest: Attribute[] = [["ctrls", object.controllers], ["pvers", object.pvers]];
      return conf.nodeOf === "enclosure" ? [["node", object.node], ...rest] : rest;
    }
    case "controller": {
      const rest: Attribute[] = [["drives", object.drives], ["pvers", object.pvers]];
      return conf.nodeOf === "controller" ? [["node", object.node], ...rest] : rest;
    }
    case "drive":
      return [["dev", object.sdev], ["pvers", object.pvers]];
    case "pool":
      return [["pver_policy", 0], ["pvers", object.pvers]];
    case "pver": {
      const spare: Attribute[] = conf.spareUnits ? [["S", object.spareUnits]] : [];
      return [
        ["N", object.dataUnits],
        ["K", object.parityUnits],
        ...spare,
        ["P", object.width],
        ["tolerance", object.tolerance],
        ["sitevs", object.sites],
      ];
    }
    case "pver_f":
      return [["id", object.id], ["base", object.base], ["allowance", object.allowance]];
    case "objv":
      return [["real", object.real], ["children", object.children]];
    case "profile":
      return [["pools", object.pools]];
  }
}

const SERVICE_TYPES: Readonly<Record<ServiceType, Constant>> = {
  HA: new Constant("M0_CST_HA"),
  RMS: new Constant("M0_CST_RMS"),
  CONFD: new Constant("M0_CST_CONFD"),
  IOS: new Constant("M0_CST_IOS"),
  SNS_REP: new Constant("M0_CST_SNS_REP"),
  SNS_REB: new Constant("M0_CST_SNS_REB"),
  ADDB2: new Constant("M0_CST_ADDB2"),
  CAS: new Constant("M0_CST_CAS"),
  ISCS: new Constant("M0_CST_ISCS"),
};
