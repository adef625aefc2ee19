/**
 * Keeps the wall clock out of durations: a plugin of `deno lint` that lets time be read only through
 * a `Clock` (mod/lib/clock.ts), and the wall clock only for what people read. A place that needs
 * wall time says why: `// deno-lint-ignore clock/wall -- <reason>`.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url).pathname;
const CLOCK = "mod/lib/clock.ts";

const NO_CLOCK = `time comes from a Clock (${CLOCK}), so that tests can set it`;
const NO_WALL = "wall time is only for people, as in `new Date(clock.now())`: " +
  "a duration, deadline or age is measured with clock.monotonic()";

type Node = Deno.lint.Node;

/** The plugin; deno.json names this file. */
const plugin: Deno.lint.Plugin = {
  name: "clock",
  rules: {
    source: {
      create(context) {
        const file = context.filename.replace(ROOT, "");
        if (!isProduct(file) || file === CLOCK) return {};
        return {
          CallExpression(node) {
            const receiver = receiverOfNow(node);
            if (receiver === "Date" || receiver === "performance") {
              context.report({ node, message: NO_CLOCK });
            }
          },
          NewExpression(node) {
            if (isNewDate(node) && node.arguments.length === 0) {
              context.report({ node, message: NO_CLOCK });
            }
          },
        };
      },
    },
    wall: {
      create(context) {
        if (!isProduct(context.filename.replace(ROOT, ""))) {
          return {
            // `Date.now() - 1000` is a time in the past.
            BinaryExpression({ operator, left, right }) {
              const isElapsed = operator === "-" && right.type !== "Literal";
              if (isElapsed && receiverOfNow(left) === "Date") {
                context.report({ node: left, message: NO_WALL });
              }
            },
          };
        }
        return {
          CallExpression(node) {
            if (receiverOfNow(node) === "clock" && !isNewDate(node.parent)) {
              context.report({ node, message: NO_WALL });
            }
          },
        };
      },
    },
  },
};
export default plugin;

function isProduct(file: string): boolean {
  return /^(mod|cfgen)\/|^main\.ts$/.test(file) && !file.endsWith("_test.ts");
}

/** The last name before `.now()`: `clock` in `this.#deps.clock.now()`. */
function receiverOfNow(node: Node): string | null {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return null;
  const { object, property } = node.callee;
  return nameOf(property) === "now" ? nameOf(object) : null;
}

function nameOf(node: Node): string | null {
  if (node.type === "Identifier" || node.type === "PrivateIdentifier") {
    return node.name.replace(/^#/, "");
  }
  return node.type === "MemberExpression" ? nameOf(node.property) : null;
}

function isNewDate(node: Node): boolean {
  return node.type === "NewExpression" && nameOf(node.callee) === "Date";
}
