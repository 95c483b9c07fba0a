import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import { type Command, exitCodes, hasFlag } from "../command.ts";
import { printJson, printText } from "../print.ts";

const shells = { bash, zsh, fish } as const;

/** Prints what makes a shell complete. */
const command: Command = {
  name: "completions",
  summary: "Prints a script with which a shell completes commands, options, stages and runs.",
  operands: "bash|zsh|fish",
  minOperands: 1,
  maxOperands: Infinity,
  example: 'eval "$(deno task -q tvp completions bash)"',
  options: {
    words: { type: "flag", help: "instead: what may follow the words after --" },
    json: { type: "flag", help: "the script, or the candidates, as JSON" },
  },
  async run({ operands, options }) {
    const isJson = hasFlag({ operands, options }, "json");
    if (options.has("words")) {
      const { completeWords } = await import("../complete.ts");
      const found = await completeWords(operands);
      if (isJson) printJson(found);
      else printText(found.map((word) => `${word}\n`).join(""));
      return exitCodes.done;
    }
    const script = scriptOf(operands);
    if (isJson) printJson({ script });
    else printText(script);
    return exitCodes.done;
  },
};
export default command;

function scriptOf(operands: readonly string[]): string {
  const [shell = ""] = operands;
  if (operands.length === 1 && Object.hasOwn(shells, shell)) {
    return shells[shell as keyof typeof shells](program());
  }
  const message = `Cannot complete in "${operands.join(" ")}": expected bash, zsh or fish`;
  throw diagnosticError("usage", message);
}

/** How the program is started without `deno task`, which takes longer and completes no words. */
function program(): string {
  const main = new URL("../main.ts", import.meta.url).pathname;
  return [Deno.execPath(), "run", "-A", "--frozen", "--no-prompt", "--quiet", main]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

function bash(tvp: string): string {
  return `# Completion of tvp for bash: eval "$(deno task -q tvp completions bash)"
command -v tvp > /dev/null || tvp() { ${tvp} "$@"; }
_tvp() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    if [ "$word" = ":files" ]; then compopt -o default; else COMPREPLY+=("$word"); fi
  done < <(tvp completions --words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
}
complete -F _tvp tvp
`;
}

function zsh(tvp: string): string {
  return `# Completion of tvp for zsh, after compinit: eval "$(deno task -q tvp completions zsh)"
command -v tvp > /dev/null || tvp() { ${tvp} "$@"; }
_tvp() {
  local -a found
  found=("\${(@f)$(tvp completions --words -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}")
  (( \${found[(Ie):files]} )) && _files
  found=(\${found:#:files})
  (( \$#found )) && compadd -a found
}
compdef _tvp tvp
`;
}

function fish(tvp: string): string {
  return `# Completion of tvp for fish: deno task -q tvp completions fish | source
type -q tvp; or function tvp; ${tvp} $argv; end
function __tvp_complete
    set -l words (commandline -opc) (commandline -ct)
    for word in (tvp completions --words -- $words[2..-1] 2> /dev/null)
        if test "$word" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $word
        end
    end
end
complete -c tvp -f -a '(__tvp_complete)'
`;
}
