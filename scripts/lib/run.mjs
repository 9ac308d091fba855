import { spawn } from "node:child_process";
import { root } from "./say.mjs";

/**
 * Runs a program in the checkout, its output shown. A signal to us goes on to it.
 * @returns {Promise<number>} its exit code; 128 + n for a signal, as shells have it
 */
export function run(command, args, { env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["inherit", quiet ? "ignore" : "inherit", "inherit"],
      shell: process.platform === "win32",
    });
    // Ctrl-C reaches the whole terminal's group, the child too; we wait for how it ends.
    const wait = () => {};
    const pass = (signal) => child.kill(signal);
    process.on("SIGINT", wait);
    process.on("SIGTERM", pass);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("SIGINT", wait);
      process.off("SIGTERM", pass);
      resolve(code ?? 128 + (signal === "SIGINT" ? 2 : 15));
    });
  });
}

/** A program of node_modules, by its JavaScript file: no shell, no npx, the same on every platform. */
export const runNode = (file, args = [], options) => run(process.execPath, [file, ...args], options);

/** A TypeScript file of ours. */
export const runTypeScript = (file, args = [], options) =>
  run(process.execPath, ["--import", "tsx", file, ...args], options);
