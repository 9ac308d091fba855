import { type Command, Option } from "commander";
import { AppError } from "@/core/errors";
import type { Terminal } from "./context";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

const HOW: Readonly<Record<Shell, string>> = {
  bash: "besom completion bash > ~/.local/share/bash-completion/completions/besom",
  zsh: "besom completion zsh > ~/.zfunc/_besom   # with fpath+=~/.zfunc before compinit",
  fish: "besom completion fish > ~/.config/fish/completions/besom.fish",
};

/** The last command to be added: what it writes names all of them. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command("completion <shell>")
    .description(
      `print what makes a shell complete besom's commands, options and sweeps: ${SHELLS.join(", ")}`,
    )
    .addHelpText(
      "after",
      `\nKeep it where the shell looks:\n${SHELLS.map((shell) => `  ${HOW[shell]}`).join("\n")}`,
    )
    .action((shell: string) => terminal.out(writeCompletion(program, shell)));
}

interface Completed {
  name: string;
  about: string;
  options: { flag: string; about: string }[];
  /** Its first argument is a sweep: the ids of those that the server knows are offered. */
  takesSweep: boolean;
  /** Its first argument may be a file. */
  takesFile: boolean;
}

function writeCompletion(program: Command, shell: string): string {
  const commands = program.commands.map(describe);
  const general = flagsOf(program);
  switch (shell) {
    case "bash":
      return toBash(commands, general);
    case "zsh":
      return toZsh(commands, general);
    case "fish":
      return toFish(commands, general);
    default:
      throw new AppError(
        "BAD_USAGE",
        `${JSON.stringify(shell)} is no shell that besom knows: expected ${SHELLS.join(", ")}`,
      );
  }
}

function describe(command: Command): Completed {
  const [argument] = command.registeredArguments;
  const name = argument?.name() ?? "";
  return {
    name: command.name(),
    about: firstSentence(command.description()),
    options: flagsOf(command),
    takesSweep: /sweep|id/.test(name),
    takesFile: /file/.test(name),
  };
}

const flagsOf = (command: Command): Completed["options"] =>
  [...command.options.filter(({ hidden }) => !hidden), new Option("-h, --help", "display help")].flatMap(
    ({ long, description }) => (long ? [{ flag: long, about: firstSentence(description) }] : []),
  );

const firstSentence = (text: string): string => text.split(/[;:(]/)[0]?.trim() ?? "";
/** For words between single quotes of any of the shells: the few descriptions that have one lose it. */
const plain = (text: string): string => text.replaceAll(/['\\[\]]/g, "");

/**
 * Asks the server at the time of the key press; without one, or without a key, nothing is offered. Only what is an id is: bash's
 * `compgen -W` executes a `$(...)` in its words.
 */
const SWEEPS = `besom sweeps --ids -n 50 2>/dev/null | command grep -xE "[a-z0-9]{8}"`;

function toBash(commands: readonly Completed[], general: Completed["options"]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const cases = commands.map(({ name, options, takesSweep, takesFile }) => {
    const words = options.map(({ flag }) => flag).join(" ");
    const rest = [
      ...(takesSweep ? [`COMPREPLY+=( $(compgen -W "$(${SWEEPS})" -- "$word") )`] : []),
      ...(takesFile ? [`COMPREPLY+=( $(compgen -f -- "$word") )`] : []),
    ];
    return `    ${name})
      if [[ $word == -* ]]; then COMPREPLY=( $(compgen -W '${words}' -- "$word") )
      else ${rest.length > 0 ? rest.join("; ") : ":"}; fi ;;`;
  });
  return `# besom's completion for bash
_besom() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=( $(compgen -W '${names} ${general.map(({ flag }) => flag).join(" ")}' -- "$word") )
    return
  fi
  case $command in
${cases.join("\n")}
  esac
}
complete -o default -F _besom besom`;
}

function toZsh(commands: readonly Completed[], general: Completed["options"]): string {
  const spec = ({ flag, about }: { flag: string; about: string }) => `'${flag}[${plain(about)}]'`;
  const cases = commands.map(({ name, options, takesSweep, takesFile }) => {
    const argument = takesSweep ? " '*:sweep:_besom_sweeps'" : takesFile ? " '*:file:_files'" : "";
    const files = takesSweep && takesFile ? " '*:file:_files'" : "";
    return `    ${name}) _arguments ${options.map(spec).join(" ")}${argument || files}${argument ? files : ""} ;;`;
  });
  return `#compdef besom
# besom's completion for zsh
_besom_sweeps() { local -a ids; ids=(\${(f)"$(${SWEEPS})"}); compadd -a ids }
_besom() {
  if (( CURRENT == 2 )); then
    local -a commands
    commands=(
${commands.map(({ name, about }) => `      '${name}:${plain(about)}'`).join("\n")}
    )
    _describe command commands
    _arguments ${general.map(spec).join(" ")}
    return
  fi
  local command=$words[2]
  shift words; (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
[[ $zsh_eval_context[-1] == loadautofunc ]] && _besom "$@" || compdef _besom besom`;
}

function toFish(commands: readonly Completed[], general: Completed["options"]): string {
  const lines = commands.flatMap(({ name, about, options, takesSweep, takesFile }) => {
    const here = `complete -c besom -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c besom -n __fish_use_subcommand -f -a ${name} -d '${plain(about)}'`,
      ...options.map((option) => `${here} -l ${option.flag.slice(2)} -d '${plain(option.about)}'`),
      ...(takesSweep ? [`${here} ${takesFile ? "" : "-f "}-a '(${SWEEPS})'`] : []),
    ];
  });
  return [
    "# besom's completion for fish",
    ...general.map(
      ({ flag, about }) =>
        `complete -c besom -n __fish_use_subcommand -l ${flag.slice(2)} -d '${plain(about)}'`,
    ),
    ...lines,
  ].join("\n");
}
