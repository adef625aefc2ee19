/**
 * Holds the map in CONTRIBUTING.md: a plugin of `deno lint` that reports every import which goes
 * against the arrows, with file and line.
 *
 * @module
 */

/** The rooms, highest first, as CONTRIBUTING.md lists them. */
export const ROOMS = [
  "mod/cli",
  "mod/dev",
  "mod/bringup",
  "mod/preflight",
  "mod/install",
  "mod/status",
  "mod/rc",
  "mod/hax",
  "mod/halink",
  "mod/entrypoint",
  "mod/agent",
  "mod/facts",
  "mod/storage",
  "mod/host",
  "mod/kv",
  "mod/consul",
  "cfgen",
  "mod/lib",
] as const;

type Room = (typeof ROOMS)[number];

/** `room` and all that stand below it. */
function from(room: Room): readonly Room[] {
  return ROOMS.slice(ROOMS.indexOf(room));
}

/** The arrows: what each room may import besides itself. */
const MAY_IMPORT: Readonly<Record<Room | "main.ts", readonly Room[]>> = {
  "main.ts": ["mod/cli", "mod/halink", "mod/lib"],
  "mod/cli": from("mod/dev"),
  "mod/dev": from("mod/bringup"),
  "mod/bringup": ["mod/preflight", ...from("mod/entrypoint")],
  "mod/preflight": from("mod/agent"),
  "mod/install": from("mod/agent"),
  "mod/status": from("mod/entrypoint"),
  "mod/rc": from("mod/kv"),
  "mod/hax": from("mod/halink"),
  "mod/halink": ["mod/kv", "mod/lib"],
  "mod/entrypoint": from("mod/kv"),
  "mod/agent": from("mod/host"),
  "mod/facts": from("mod/host"),
  "mod/storage": ["mod/lib"],
  "mod/host": ["cfgen", "mod/lib"],
  "mod/kv": from("mod/consul"),
  "mod/consul": ["mod/lib"],
  "cfgen": ["mod/lib"],
  "mod/lib": [],
};

/** Packages that one place alone knows, so that another can take their place. */
const KNOWN_ONLY_TO: Readonly<Record<string, Room | "tests">> = {
  "@commander-js/extra-typings": "mod/cli",
  "commander": "mod/cli",
  "@logtape/logtape": "mod/lib",
  "fast-check": "tests",
};

const ROOT = new URL("../", import.meta.url).pathname;

/**
 * Why a file may not import something; `undefined` when it may.
 *
 * @param file path of the importing file, from the top of the repository
 * @param specifier as it stands in the import
 */
export function whyNot(file: string, specifier: string): string | undefined {
  const here = placeOf(file);
  if (here === "tests" || here === "tools") return undefined;
  const isTest = file.endsWith("_test.ts");
  if (!/^(\.{0,2}\/|file:)/.test(specifier)) {
    const only = KNOWN_ONLY_TO[specifier];
    return only === undefined || only === here || (only === "tests" && isTest)
      ? undefined
      : `${specifier} is known to ${only} alone`;
  }
  const target = new URL(specifier, `file:///${file}`).pathname.slice(1);
  const there = placeOf(target);
  if (there === here) return undefined;
  if (!isOnTheMap(here)) return `${here} is not on the map of tools/layers.ts and CONTRIBUTING.md`;
  if (isTest && there === "tests") return undefined;
  const allowed: readonly string[] = MAY_IMPORT[here];
  if (allowed.includes(there)) return undefined;
  return `${here} must not import ${there}: it may import ${allowed.join(", ") || "nothing"}`;
}

function isOnTheMap(place: string): place is Room | "main.ts" {
  return place in MAY_IMPORT;
}

/** `mod/kv/keys.ts` → `mod/kv`, `cfgen/cdf/x.ts` → `cfgen`, `main.ts` → `main.ts`. */
function placeOf(file: string): string {
  const [first = "", second = ""] = file.split("/");
  return first === "mod" ? `${first}/${second}` : first;
}

/** The plugin; deno.json names this file. */
const plugin: Deno.lint.Plugin = {
  name: "hare",
  rules: {
    arrows: {
      create(context) {
        const file = context.filename.replace(ROOT, "");
        const check = (node: Deno.lint.Node, source: Deno.lint.Node | null | undefined): void => {
          if (source?.type !== "Literal" || typeof source.value !== "string") return;
          const message = whyNot(file, source.value);
          if (message !== undefined) context.report({ node, message });
        };
        return {
          ImportDeclaration: (node) => check(node, node.source),
          ExportNamedDeclaration: (node) => check(node, node.source),
          ExportAllDeclaration: (node) => check(node, node.source),
          ImportExpression: (node) => check(node, node.source),
        };
      },
    },
  },
};
export default plugin;
