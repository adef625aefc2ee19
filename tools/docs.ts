/**
 * Holds CONTRIBUTING.md's rule of docstrings: a plugin of `deno lint` that reports every exported
 * symbol without one, and every module that does not say what it is for. (`deno doc --lint` would
 * have a sentence at each field too, also where its name says all.)
 *
 * @module
 */

const NO_DOC = "an exported symbol needs a docstring: one sentence, and what it throws";
const NO_MODULE_DOC = "a module begins with a docstring that says what it is for, with @module";

/** The plugin; deno.json names this file. */
const plugin: Deno.lint.Plugin = {
  name: "docs",
  rules: {
    exported: {
      create(context) {
        if (/_test\.ts$|\.d\.ts$/.test(context.filename)) return {};
        const { text } = context.sourceCode;
        const isModuleDoc = (comment: Comment): boolean => comment.value.includes("@module");
        return {
          Program(node) {
            const [first] = docs(context.sourceCode.getAllComments());
            if (first === undefined || !isModuleDoc(first)) {
              context.report({ node, message: NO_MODULE_DOC });
            }
          },
          ExportNamedDeclaration(node) {
            if (node.declaration === null) return; // what is passed on has its docs at home
            const doc = docs(context.sourceCode.getCommentsBefore(node)).at(-1);
            const between = doc && text.slice(doc.range[1], node.range[0]);
            if (doc === undefined || isModuleDoc(doc) || !/^(\s|\/\/.*\n)*$/.test(between ?? "")) {
              context.report({ node, message: NO_DOC });
            }
          },
        };
      },
    },
  },
};
export default plugin;

type Comment = ReturnType<Deno.lint.SourceCode["getAllComments"]>[number];

function docs(comments: readonly Comment[]): readonly Comment[] {
  return comments.filter(({ type, value }) => type === "Block" && value.startsWith("*"));
}
