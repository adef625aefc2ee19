/**
 * What holds for every cluster.
 *
 * @module
 */

import fc from "fast-check";
import { computedTolerance } from "../../cfgen/conf/tolerance.ts";
import { generate, type Generated } from "../../cfgen/mod.ts";
import { assert, assertEquals } from "../lib/assert.ts";
import { type ClusterShape, clusterShape, hostShape, materialise } from "./clusters.ts";
import { type ParsedObject, type ParsedValue, readConfgen, readXcode } from "./notations.ts";

function generated(shape: ClusterShape): Generated {
  const { document, facts } = materialise(shape);
  return generate(document, facts);
}

Deno.test("generate() gives the same bytes for the same input", () => {
  fc.assert(fc.property(clusterShape, (shape) => {
    assertEquals(generated(shape).files, generated(shape).files);
  }));
});

Deno.test("generate() gives each object a key of its own, from 0 without gaps", () => {
  fc.assert(fc.property(clusterShape, (shape) => {
    const { files } = generated(shape);
    const keys = readXcode(files["confd.xc"]).map(({ id }) => Number(id.split("-")[1]));
    assertEquals(keys, keys.map((_, i) => i));
    const kv: { key: string; value: unknown }[] = JSON.parse(files["consul-kv.json"]);
    assertEquals(kv.find(({ key }) => key === "last_fidk")?.value, keys.length);
  }));
});

Deno.test("generate() writes the same objects in both notations", () => {
  fc.assert(fc.property(clusterShape, (shape) => {
    const { files } = generated(shape);
    assertEquals(readXcode(files["confd.xc"]), readConfgen(files["confd.cg"]));
  }));
});

Deno.test("generate() gives each object but the root exactly one parent", () => {
  fc.assert(fc.property(clusterShape, (shape) => {
    const objects = readConfgen(generated(shape).files["confd.cg"]);
    const parents = new Map(objects.map(({ id }) => [id, 0]));
    for (const child of objects.flatMap(childrenOf)) {
      parents.set(child, (parents.get(child) ?? NaN) + 1);
    }
    const [root, ...rest] = [...parents.values()];
    assertEquals(root, 0);
    assertEquals(rest, rest.map(() => 1));
  }));
});

/** For each type the place of its children among the attributes, counted from the end. */
const CHILDREN: Readonly<Record<string, readonly number[]>> = {
  root: [2, 3, 4, 5],
  node: [1],
  process: [1],
  service: [1],
  site: [2],
  rack: [2],
  enclosure: [2],
  controller: [2],
  pool: [1],
  pver: [1],
  objv: [1],
};

function childrenOf({ id, values }: ParsedObject): readonly string[] {
  const places = CHILDREN[id.slice(0, id.lastIndexOf("-"))] ?? [];
  return places.flatMap((place) => [values.at(-place) ?? []].flat() as string[]);
}

Deno.test("generate() leaves earlier keys alone when a host is added at the end", () => {
  fc.assert(fc.property(clusterShape, hostShape, (shape, host) => {
    const before = generated(shape);
    const after = generated({ ...shape, hosts: [...shape.hosts, host] });
    assertEquals(after.cluster.hosts.slice(0, -1), before.cluster.hosts);
    const earlier = (objects: readonly ParsedObject[]) => {
      const ids = objects.map(({ id }) => id);
      return ids.slice(0, ids.findIndex((id) => id.startsWith("profile-")));
    };
    const ids = earlier(readConfgen(before.files["confd.cg"]));
    assertEquals(earlier(readConfgen(after.files["confd.cg"])).slice(0, ids.length), ids);
  }));
});

Deno.test("generate() puts each drive of a pool under its controller, once, up to the site", () => {
  fc.assert(fc.property(clusterShape, (shape) => {
    const objects = new Map(readConfgen(generated(shape).files["confd.cg"]).map((o) => [o.id, o]));
    const list = (value: ParsedValue | undefined) => value as readonly string[];
    for (const pver of [...objects.values()].filter(({ id }) => id.startsWith("pver-"))) {
      const [site, ...others] = list(pver.values.at(-1));
      assertEquals(others, []);
      const drives: string[] = [];
      const walk = (id: string | undefined) => {
        const [real, children] = objects.get(id ?? "")?.values ?? [];
        const below = list(children).map((child) => String(objects.get(child)?.values[0]));
        const held = list(objects.get(String(real))?.values.at(-2));
        if (String(real).startsWith("drive-")) drives.push(String(real));
        else for (const child of below) assert(held.includes(child), `${child} is not in ${real}`);
        for (const child of list(children)) walk(child);
      };
      walk(site);
      assertEquals(new Set(drives).size, drives.length);
      assertEquals(String(drives.length), pver.values.at(-3));
    }
  }));
});

Deno.test("computedTolerance() is what brute force finds where a parity group spreads evenly", () => {
  for (let controllers = 1; controllers <= 8; controllers++) {
    for (let parityUnits = 0; parityUnits <= 5; parityUnits++) {
      for (let data = 1; data <= 8; data++) {
        const units = data + 2 * parityUnits;
        const [, , , ctrl, disk] = computedTolerance({ units, parityUnits, controllers });
        assertEquals(
          ctrl,
          mostLost(units, parityUnits, controllers),
          `${data}+2*${parityUnits}/${controllers}`,
        );
        assertEquals(disk, parityUnits);
      }
    }
  }
});

/** The largest number of controllers of which any set may fail without losing more than K units. */
function mostLost(units: number, parityUnits: number, controllers: number): number {
  const held: number[] = Array(controllers).fill(0);
  for (let unit = 0; unit < units; unit++) {
    held[unit % controllers] = (held[unit % controllers] ?? 0) + 1;
  }
  const worst: number[] = Array(controllers + 1).fill(0); // by the number of controllers that fail
  for (let set = 0; set < 2 ** controllers; set++) {
    const lost = held.filter((_, i) => (set >> i) & 1);
    worst[lost.length] = Math.max(worst[lost.length] ?? 0, lost.reduce((a, b) => a + b, 0));
  }
  return worst.findLastIndex((loss) => loss <= parityUnits);
}
