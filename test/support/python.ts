import { execFile, type SpawnOptions, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Spawned, World } from "./world";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** An interpreter that can import besom. */
export interface Python {
  readonly path: string;
  /** Why it has the sources instead of the wheel; undefined when it has the wheel. */
  readonly withoutWheel?: string;
  /** What programs need beside it. */
  readonly env: Readonly<Record<string, string>>;
  /** Installs packages of the registry; the reason when it can't. */
  install(...packages: string[]): Promise<string | undefined>;
}

/**
 * A virtual environment in `folder` with the wheel that `pip wheel ./python` builds. Building needs setuptools, which
 * comes from the registry: where that can't be reached, the sources take the wheel's place, and it is said.
 */
export async function makePython(folder: string): Promise<Python> {
  const venv = join(folder, "venv");
  await run("python3", ["-m", "venv", venv]);
  const path = join(venv, "bin/python");
  const pip = (...words: string[]) =>
    run(path, ["-m", "pip", "--disable-pip-version-check", "--quiet", ...words], { timeout: 280_000 });
  const install = (...words: string[]) =>
    pip("install", ...words).then(
      () => undefined,
      (error: Error & { stderr?: string }) => lastLine(error.stderr ?? error.message),
    );
  // Of a copy: setuptools leaves folders of its own beside the sources.
  const sources = join(folder, "python");
  cpSync(join(ROOT, "python"), sources, {
    recursive: true,
    filter: (file) => !/\/(build|__pycache__|[^/]*\.egg-info)$/.test(file),
  });
  const dist = join(folder, "dist");
  try {
    await pip("wheel", sources, "--no-deps", "--wheel-dir", dist);
  } catch (error) {
    const why = lastLine(error instanceof Error && "stderr" in error ? String(error.stderr) : String(error));
    return { path, withoutWheel: why, env: { PYTHONPATH: join(ROOT, "python/src") }, install };
  }
  const [wheel] = readdirSync(dist);
  if (wheel === undefined) throw new Error("pip wheel made no wheel");
  await pip("install", "--no-index", "--no-deps", join(dist, wheel));
  return { path, env: {}, install };
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";

export const hasPython = (): boolean =>
  (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, "python3")));

/** A program of python/tests/flows (or of an absolute path, or Python's own options) against the world's first server. */
export function startFlow(
  world: World,
  python: Python,
  [flow = "", ...words]: readonly string[],
  env: Record<string, string> = {},
  cwd?: string,
): Spawned & { readonly lines: () => string[] } {
  const home = mkdtempSync(join(world.folder, "home-"));
  const options: SpawnOptions = {
    cwd: cwd ?? home,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      NODE_ENV: "test",
      BESOM_URL: world.servers[0]?.url,
      BESOM_API_KEY: world.key,
      EXAMPLES: join(ROOT, "examples"),
      ...python.env,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  };
  const program = flow.startsWith("-") ? flow : resolve(ROOT, "python/tests/flows", flow);
  const child = spawn(python.path, [program, ...words], options);
  let all = "";
  let out = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    all += text;
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    all += text;
  });
  const exited = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal ?? -1)),
  );
  return { child, exited, output: () => all, lines: () => out.split("\n").filter((line) => line !== "") };
}
