import { accessSync, closeSync, constants, openSync, readSync } from "node:fs";
import { basename, delimiter, isAbsolute, join } from "node:path";
import { run } from "./ask";

type Env = Readonly<Record<string, string | undefined>>;

/** What a program runs in, as far as its command tells. */
export interface Runtime {
  python?: string;
  node?: string;
  /** Versions by name. */
  packages?: Record<string, string>;
}

/** Reading some hundred packages takes Python a second on a slow disk. */
const TIMEOUT_MS = 15_000;
/** Of JSON; all facts about an attempt may have 64 KiB. */
const MAX_PACKAGES = 40_000;

const ASK_PYTHON = `
import json, platform
from importlib import metadata
found = {}
for one in metadata.distributions():
    name = one.metadata["Name"]
    if name: found[name] = one.version
print(json.dumps({"python": platform.python_version(), "packages": dict(sorted(found.items(), key=lambda one: one[0].lower()))}))
`;

/** Asks the interpreters of commands for their versions, each once. */
export class Interpreters {
  private readonly asked = new Map<string, Promise<Runtime>>();

  constructor(
    private readonly cwd: string,
    private readonly env: Env,
  ) {}

  async of(argv: readonly string[]): Promise<Runtime> {
    const found = findInterpreter(argv, this.cwd, this.env.PATH ?? "");
    if (!found) return {};
    const { kind, path } = found;
    let answer = this.asked.get(path);
    if (!answer) {
      answer = kind === "python" ? this.askPython(path) : this.askNode(path);
      this.asked.set(path, answer);
    }
    return answer;
  }

  private async askPython(path: string): Promise<Runtime> {
    // -S would hide the packages, -I the ones of PYTHONPATH.
    const text = await run(path, ["-c", ASK_PYTHON], this.env, { timeoutMs: TIMEOUT_MS, cwd: this.cwd });
    try {
      const { python, packages } = JSON.parse(text ?? "") as {
        python: string;
        packages: Record<string, string>;
      };
      return { python, packages: keepSome(packages) };
    } catch {
      return {};
    }
  }

  private async askNode(path: string): Promise<Runtime> {
    const text = await run(path, ["--version"], this.env, { timeoutMs: TIMEOUT_MS, cwd: this.cwd });
    return text === undefined ? {} : { node: text.trim() };
  }
}

function keepSome(packages: Record<string, string>): Record<string, string> {
  let room = MAX_PACKAGES;
  return Object.fromEntries(
    Object.entries(packages).filter(([name, version]) => {
      room -= name.length + String(version).length + 6;
      return room >= 0;
    }),
  );
}

const KINDS: readonly (readonly ["python" | "node", RegExp])[] = [
  ["python", /^(?:python|pypy)(?:\d+(?:\.\d+)*)?(?:\.exe)?$/],
  ["node", /^(?:node|nodejs)(?:\.exe)?$/],
];
/** `env`, `nohup nice -n 10 uv run python`: nobody puts more before it. */
const MAX_WORDS = 8;

/** The first word that is an interpreter; else the one that the program's own first line names (`torchrun`, `accelerate`). */
export function findInterpreter(
  argv: readonly string[],
  cwd: string,
  path: string,
): { kind: "python" | "node"; path: string } | undefined {
  for (const word of argv.slice(0, MAX_WORDS)) {
    const kind = kindOf(word);
    const found = kind && resolveProgram(word, cwd, path);
    if (kind && found) return { kind, path: found };
  }
  const program = argv.find((word) => basename(word) !== "env");
  const script = program && resolveProgram(program, cwd, path);
  const words = script ? readShebang(script) : [];
  return words.length > 0 ? findInterpreter(words, cwd, path) : undefined;
}

const kindOf = (word: string) => KINDS.find(([, pattern]) => pattern.test(basename(word)))?.[0];

/** The file that a word of a command names; undefined when there is none that may be run. */
export function resolveProgram(word: string, cwd: string, path: string): string | undefined {
  const candidates = word.includes("/")
    ? [isAbsolute(word) ? word : join(cwd, word)]
    : path.split(delimiter).map((folder) => join(folder || ".", word));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function readShebang(path: string): string[] {
  try {
    const file = openSync(path, "r");
    const bytes = Buffer.alloc(256);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
    const [line = ""] = bytes.toString("latin1", 0, length).split("\n");
    return line.startsWith("#!") ? line.slice(2).trim().split(/\s+/) : [];
  } catch {
    return [];
  }
}
