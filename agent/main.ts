import { Command, CommanderError } from "commander";
import { isAppError } from "@/core/errors";
import { parseSweepPath } from "@/core/ids";
import { addAgent } from "./commands/agent";
import { addBest } from "./commands/best";
import { addCompletion } from "./commands/completion";
import type { Terminal } from "./commands/context";
import { addControls } from "./commands/control";
import { addDoctor } from "./commands/doctor";
import { addExport } from "./commands/export";
import { addFiles } from "./commands/files";
import { addImport } from "./commands/import";
import { addImportance } from "./commands/importance";
import { addLaunch } from "./commands/launch";
import { addLogin } from "./commands/login";
import { addRuns } from "./commands/runs";
import { addServer } from "./commands/server";
import { addSimulateStopping } from "./commands/simulate-stopping";
import { addSweep } from "./commands/sweep";
import { addSweeps } from "./commands/sweeps";
import { addWatch } from "./commands/watch";
import { EXIT, ExitCode, toExitCode } from "./exit-code";
import { VERSION } from "./version";

/** The whole command line: what was typed, in; the exit code, out. */
export async function main(words: readonly string[], own: Terminal): Promise<number> {
  const exit = new ExitCode();
  const terminal = { ...own };
  const program = toProgram(terminal, exit);
  try {
    await program.parseAsync(withDefault(program, words), { from: "user" });
    return exit.value;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (!isAppError(error)) throw error;
    terminal.err(`besom: ${error.message}`);
    return toExitCode(error);
  }
}

export function toProgram(terminal: Terminal, exit: ExitCode): Command {
  const program = new Command("besom")
    .description("Hyperparameter sweeps on your own machines.")
    .version(VERSION)
    .option("--profile <name>", "of those that besom login keeps; else BESOM_PROFILE, else the default one")
    .hook("preAction", () => {
      const { profile } = program.opts<{ profile?: string }>();
      if (profile !== undefined) terminal.env = { ...terminal.env, BESOM_PROFILE: profile };
    })
    .showHelpAfterError("(besom --help lists the commands)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, "")),
      writeErr: (text) => terminal.err(text.replace(/\n$/, "")),
      getOutHasColors: () => terminal.color,
      getErrHasColors: () => terminal.color,
    })
    .addHelpText("after", FOOTER);
  addServer(program, terminal, exit);
  addLogin(program, terminal);
  addSweep(program, terminal);
  addAgent(program, terminal, exit);
  addControls(program, terminal, exit);
  addWatch(program, terminal);
  addSweeps(program, terminal);
  addRuns(program, terminal);
  addBest(program, terminal);
  addImportance(program, terminal);
  addExport(program, terminal);
  addFiles(program, terminal);
  addImport(program, terminal, exit);
  addLaunch(program, terminal);
  addSimulateStopping(program, terminal, exit);
  addDoctor(program, terminal, exit);
  addCompletion(program, terminal);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

/** A first word that is a sweep's id (or path) starts an agent, as in `npx tsx agent ID`. */
function withDefault(program: Command, words: readonly string[]): string[] {
  const [first = ""] = words;
  const isCommand = program.commands.some((command) => command.name() === first);
  return !isCommand && (parseSweepPath(first) || URL.canParse(first)) ? ["agent", ...words] : [...words];
}

const FOOTER = `
A sweep is named by its id or by entity/project/id. The server is found by BESOM_URL and
BESOM_API_KEY, by what \`besom login\` keeps, or because it runs on this machine.
Exit codes: 0 done, 1 failed, 2 usage, 3 not allowed, 4 server out of reach.`;
