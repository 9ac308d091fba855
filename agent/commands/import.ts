import type { Command } from "commander";
import type { ExitCode } from "../exit-code";
import type { ImportAllOptions } from "../import/import-all";
import type { Terminal } from "./context";

/** `besom import wandb PATH ...`: runs that were trained elsewhere. */
export function addImport(program: Command, terminal: Terminal, exit: ExitCode): void {
  program
    .command("import")
    .description("move runs in from another tracker")
    .command("wandb <paths...>")
    .description(
      "move W&B's runs in: folders of its client (wandb/, offline-run-*, run-*), .wandb files, and runs that were exported by wandb.Api()",
    )
    .option("-p, --project <name>", "move them into this project; else each into the one that it says")
    .option("-e, --entity <name>", "the project's entity, instead of your own; else BESOM_ENTITY")
    .option("--dry-run", "only read them, and say what they are; no server is asked")
    .option("--json", "print JSON, a run a line")
    .action(async (paths: string[], options: ImportAllOptions) => {
      // Only here: its readers would cost each start of an agent their reading.
      const { importAll } = await import("../import/import-all");
      await importAll(terminal, exit, paths, options);
    });
}
