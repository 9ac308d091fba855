import type { Command } from "commander";
import type { ExitCode } from "../exit-code";
import type { Terminal } from "./context";
import { runProgram } from "./process";

export function addSimulateStopping(program: Command, terminal: Terminal, exit: ExitCode): void {
  program
    .command("simulate-stopping <sweep>")
    .description("say what rules of early stopping would have saved of a finished sweep, and lost")
    .option(
      "--rule <rule>",
      "as early_terminate of a sweep file, instead of the usual ones; may be given again",
      (rule: string, before: string[] = []) => [...before, rule],
    )
    .option("--json", "print JSON")
    .action(async (sweep: string, { rule = [], json }: { rule?: string[]; json?: boolean }) => {
      const words = [sweep, ...rule, ...(json ? ["--json"] : [])];
      exit.set(await runProgram(terminal, "scripts/simulate-stopping.ts", words));
    });
}
