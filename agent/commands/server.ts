import type { Command } from "commander";
import type { ExitCode } from "../exit-code";
import type { Terminal } from "./context";
import { runProgram } from "./process";

/** Commands for the machine that the server and its database run on. */
export function addServer(program: Command, terminal: Terminal, exit: ExitCode): void {
  program
    .command("up")
    .description("start the server here, with a database of its own unless DATABASE_URL names one")
    .option("--host <address>", "listen here instead of only on this machine (BESOM_HOST)")
    .option("--port <port>", "instead of 3000 (BESOM_PORT)")
    .action(async ({ host, port }: { host?: string; port?: string }) => {
      const env = { ...terminal.env, ...(host && { BESOM_HOST: host }), ...(port && { BESOM_PORT: port }) };
      exit.set(await runProgram({ ...terminal, env }, "scripts/start.mjs", []));
    });
  program
    .command("backup <file>")
    .description("write the whole database into one file")
    .option("--json", "print JSON")
    .action(async (file: string, flags: { json?: boolean }) => {
      exit.set(await runProgram(terminal, "scripts/backup.ts", [file, ...(flags.json ? ["--json"] : [])]));
    });
  program
    .command("restore <file>")
    .description("fill an empty database from such a file")
    .option("--json", "print JSON")
    .action(async (file: string, flags: { json?: boolean }) => {
      exit.set(await runProgram(terminal, "scripts/restore.ts", [file, ...(flags.json ? ["--json"] : [])]));
    });
  program
    .command("replay <sweep>")
    .description("derive every proposal of a sweep again, and compare the bytes")
    .option("--json", "print JSON")
    .action(async (sweep: string, flags: { json?: boolean }) => {
      exit.set(await runProgram(terminal, "scripts/replay.ts", [sweep, ...(flags.json ? ["--json"] : [])]));
    });
}
