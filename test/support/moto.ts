import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

export interface Moto {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A real S3 server on this machine: moto's, from the Python index (BESOM_TEST_MOTO names one that is installed already).
 * @returns why there is none where no index can be reached
 */
export async function startMoto(): Promise<Moto | string> {
  const folder = mkdtempSync(join(tmpdir(), "besom-moto-"));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  const program = process.env.BESOM_TEST_MOTO || join(folder, "venv/bin/moto_server");
  try {
    if (!existsSync(program)) {
      await promisify(execFile)("python3", ["-m", "venv", join(folder, "venv")]);
      await promisify(execFile)(
        join(folder, "venv/bin/pip"),
        ["install", "--quiet", "--disable-pip-version-check", "moto[server]==5.*"],
        { timeout: 200_000 },
      );
    }
  } catch (error) {
    clear();
    const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    return text.trim().split("\n").at(-1) ?? "no moto";
  }
  const port = await freePort();
  const child = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (
      await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break;
    if (tries > 300 || child.exitCode !== null) throw new Error("moto did not start");
    await pause(100);
  }
  return {
    url,
    async close() {
      child.kill();
      await ended;
      clear();
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
