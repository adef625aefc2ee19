/**
 * `hare completions`: a completion script for a shell. The scripts know nothing of Hare's
 * commands: they ask `hare complete`.
 *
 * @module
 */

import { Argument, command, type CommandUnknownOpts, examples } from "./command.ts";
import type { Context } from "./context.ts";

// bash breaks words at : and = and replaces only what follows the last of them; fids have colons,
// so the line is split anew here, and the part that stays is cut off what is offered.
const BASH = `# Completion of hare for bash.
_hare() {
  local line=\${COMP_LINE:0:COMP_POINT} current kept= value words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=\${words[-1]}
  [[ $COMP_WORDBREAKS == *:* ]] && kept=\${current%"\${current##*[:=]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    case $value in
      :files) compopt -o default ;;
      :directories) compopt -o dirnames ;;
      *) COMPREPLY+=("\${value#"$kept"}") ;;
    esac
  done < <("\${words[0]/#\\~/$HOME}" complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _hare hare
`;

const ZSH = `#compdef hare
# Completion of hare for zsh.
_hare() {
  local value text
  local -a found
  while IFS=$'\\t' read -r value text; do
    case $value in
      :files) _files; return ;;
      :directories) _files -/; return ;;
      *) found+=("\${value//:/\\\\:}:$text") ;;
    esac
  done < <("\${words[1]/#\\~/$HOME}" complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  _describe hare found
}
if [[ $funcstack[1] == _hare ]]; then
  _hare "$@"
else
  compdef _hare hare
fi
`;

const FISH = `# Completion of hare for fish.
function __hare_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  for line in ($before[1] complete -- $before[2..] "$current" 2>/dev/null)
    switch $line
      case :files
        __fish_complete_path $current
      case :directories
        __fish_complete_directories $current
      case '*'
        echo $line
    end
  end
end
complete -c hare -f -a '(__hare_complete)'
`;

/** The scripts, by the shell's name. */
export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;

/** The sub-command `completions`. */
export function completionsCommand(context: Context): CommandUnknownOpts {
  return command("completions")
    .description("Print a completion script for a shell.")
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      examples(
        ["source <(hare completions bash)", "bash, e.g. in ~/.bashrc"],
        ["source <(hare completions zsh)", "zsh, in ~/.zshrc after compinit"],
        ["hare completions fish > ~/.config/fish/completions/hare.fish"],
      ),
    )
    .action((shell) => context.stdout({ verbatim: SCRIPTS[shell] }));
}
