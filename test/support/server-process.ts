import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ServerProcess {
  readonly url: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** All it printed so far. */
  output(): string;
  /** @returns its exit code, or the signal that ended it */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export interface ServerProcessOptions {
  env: Record<string, string>;
  args?: string[];
  readyWithinMs?: number;
}

/** The real thing: `server.ts` as a process of its own, on a free port unless BESOM_PORT says otherwise. */
export async function startServerProcess({
  env,
  args = ["--no-pages"],
  readyWithinMs = 30_000,
}: ServerProcessOptions): Promise<ServerProcess> {
  const root = join(import.meta.dirname, "../..");
  const dataDir = env.BESOM_DATA_DIR ?? mkdtempSync(join(tmpdir(), "besom-server-"));
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "server.ts"), ...args], {
    cwd: root,
    env: {
      NODE_ENV: "production",
      ...(process.env.PATH && { PATH: process.env.PATH }),
      ...(process.env.HOME && { HOME: process.env.HOME }),
      BESOM_PORT: "0",
      BESOM_DATA_DIR: dataDir,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [code, by] = await exited;
    if (env.BESOM_DATA_DIR === undefined) rmSync(dataDir, { recursive: true, force: true });
    return code ?? by;
  };
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`the server was not ready in time: ${output}`)),
      readyWithinMs,
    );
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const match = /Besom is ready at (\S+)/.exec(output);
      if (match?.[1]) {
        clearTimeout(late);
        resolve(match[1]);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    exited.then(([code]) => {
      clearTimeout(late);
      reject(new Error(`the server ended with ${code}: ${output}`));
    }, reject);
  }).catch(async (error) => {
    await stop("SIGKILL");
    throw error;
  });
  return { url, dataDir, process: child, output: () => output, stop };
}
