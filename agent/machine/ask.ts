import { spawn } from "node:child_process";
import { setPriority } from "node:os";

type Env = Readonly<Record<string, string | undefined>>;

/** A driver in trouble makes nvidia-smi hang, at times in the kernel where not even SIGKILL reaches it. */
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1024 * 1024;

/** What a program printed; undefined when it failed or did not end in time. Never waits for one that can't be killed. */
export function run(
  program: string,
  args: readonly string[],
  env: Env,
  { timeoutMs = TIMEOUT_MS, cwd }: { timeoutMs?: number; cwd?: string } = {},
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const child = spawn(program, args, {
      env: env as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "ignore"],
      ...(cwd !== undefined && { cwd }),
    });
    yieldTo(child.pid);
    const end = (answer: string | undefined) => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.kill("SIGKILL");
      child.unref();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      if (text.length > MAX_BYTES) end(undefined);
    });
    child.stdout.on("error", () => {});
    child.once("error", () => end(undefined));
    child.once("close", (code) => end(code === 0 ? text : undefined));
  });
}

/** What we are curious about comes after what is being trained. */
function yieldTo(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, 10);
  } catch {
    // It is over already.
  }
}
