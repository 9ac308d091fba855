import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AppError } from "@/core/errors";
import type { Terminal } from "./context";

/** The folder that the server's own programs lie in; a client that was handed out by a server has none. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs a program of the clone with this terminal's streams and gives its exit code. The command line knows nothing of
 * the server: what needs the database is a program of its own.
 */
export function runProgram(terminal: Terminal, script: string, args: readonly string[]): Promise<number> {
  const child = start(terminal, script, args, "inherit");
  // A terminal's Ctrl-C reaches the child by itself; it decides what that means, and we wait for it.
  const ignore = () => {};
  const forward = () => child.kill("SIGTERM");
  process.on("SIGINT", ignore);
  process.on("SIGTERM", forward);
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  }).finally(() => {
    process.off("SIGINT", ignore);
    process.off("SIGTERM", forward);
  });
}

/** Runs it and gives what it printed. */
export async function askProgram(
  terminal: Terminal,
  script: string,
  args: readonly string[] = [],
): Promise<string> {
  const child = start(terminal, script, args, ["ignore", "pipe", "inherit"]);
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  return text;
}

function start(
  terminal: Terminal,
  script: string,
  args: readonly string[],
  stdio: StdioOptions,
): ChildProcess {
  const path = `${ROOT}${script}`;
  if (!existsSync(path))
    throw new AppError("BAD_USAGE", `this command needs the clone of the project: ${path} is not there`);
  const loader = script.endsWith(".ts") ? ["--import", import.meta.resolve("tsx")] : [];
  // The alias `@/` is resolved by the clone's tsconfig, wherever the command is called from.
  const env: Readonly<Record<string, string | undefined>> = {
    ...terminal.env,
    TSX_TSCONFIG_PATH: `${ROOT}tsconfig.json`,
  };
  return spawn(process.execPath, [...loader, path, ...args], {
    cwd: terminal.cwd,
    env: env as NodeJS.ProcessEnv,
    stdio,
  });
}
