/**
 * Text with colours, where colours are welcome.
 *
 * @module
 */

/** How a piece of text looks. */
export type Style = "plain" | "strong" | "faint" | "good" | "doubtful" | "bad";

/** Select Graphic Rendition parameters (ECMA-48), which every terminal knows. */
const SGR: Readonly<Record<Style, string>> = {
  plain: "",
  strong: "1",
  faint: "2",
  good: "32",
  doubtful: "33",
  bad: "1;31",
};

/** Gives a text a style. */
export type Paint = (style: Style, text: string) => string;

/**
 * A {@linkcode Paint} for an output that welcomes colours, or for one that does not.
 *
 * @example
 * ```ts
 * import { painter } from "./paint.ts";
 *
 * if (painter(false)("bad", "FAILED") !== "FAILED") throw new Error("coloured");
 * if (painter(true)("good", "ok") !== "\x1b[32mok\x1b[0m") throw new Error("not green");
 * ```
 */
export function painter(colours: boolean): Paint {
  return (style, text) =>
    !colours || style === "plain" || text === "" ? text : `\x1b[${SGR[style]}m${text}\x1b[0m`;
}
