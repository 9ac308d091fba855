import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Spawned, World } from "./world";

export const FIXTURES = join(import.meta.dirname, "../fixtures/wandb");
const exec = promisify(execFile);

/** W&B's own client in a virtual environment. */
export interface Wandb {
  /** Of the environment's programs: `python` and `wandb`. */
  readonly bin: string;
  readonly version: string;
}

/** @returns why there is none, where the registry of packages can't be reached */
export async function installWandb(folder: string, ...packages: string[]): Promise<Wandb | string> {
  const venv = join(folder, "venv");
  const python = join(venv, "bin/python");
  try {
    await exec("python3", ["-m", "venv", venv]);
    await exec(python, ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", ...packages], {
      timeout: 880_000,
    });
    const { stdout } = await exec(python, ["-c", "import wandb; print(wandb.__version__)"], {
      timeout: 60_000,
    });
    return { bin: join(venv, "bin"), version: stdout.trim() };
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    return said.trim().split("\n").at(-1) ?? "";
  }
}

export interface WandbOptions {
  readonly env?: Record<string, string>;
  readonly key?: string;
  /** Where it runs; a folder of its own when absent. */
  readonly cwd?: string;
  readonly url?: string;
}

/** `python FILE ...` of the fixtures, or `wandb ...`: with two settings, as the documentation says, and nothing of the machine's own. */
export function startWandb(
  world: World,
  { bin }: Wandb,
  [program = "", ...words]: readonly string[],
  { env = {}, key = world.key, cwd, url = world.servers[0]?.url ?? "" }: WandbOptions = {},
): Spawned & { readonly lines: () => string[]; readonly cwd: string } {
  const home = join(world.folder, "wandb-home");
  mkdirSync(home, { recursive: true });
  const folder = cwd ?? mkdtempSync(join(world.folder, "wandb-"));
  const fixture = resolve(FIXTURES, program);
  const [file, args] =
    program === "wandb"
      ? [join(bin, "wandb"), words]
      : [join(bin, "python"), [existsSync(fixture) ? fixture : program, ...words]];
  const child = spawn(file, args, {
    cwd: folder,
    env: {
      NODE_ENV: "test",
      PATH: `${bin}:${process.env.PATH}`,
      HOME: home,
      WANDB_BASE_URL: `${url}/wandb`,
      WANDB_API_KEY: key,
      WANDB_ERROR_REPORTING: "false",
      WANDB_SILENT: "false",
      FIXTURES,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [all, out] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    all += text;
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    all += text;
  });
  const exited = new Promise<number | NodeJS.Signals>((done) =>
    child.once("close", (code, signal) => done(code ?? signal ?? -1)),
  );
  return {
    child,
    exited,
    cwd: folder,
    output: () => all,
    lines: () => out.split("\n").filter((line) => line !== ""),
  };
}
