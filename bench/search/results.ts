import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { arch, cpus, type } from "node:os";
import { join } from "node:path";
import type { Curve, Play } from "./play";

/**
 * The files of results: one for each suite, number of agents and engine, `B.8.bayes@1.tsv`, the engine's version in its name, and in it a line
 * for each search. A line is written in one go when the search is over, so a bench may be ended at any moment and go on later.
 *
 *     TASK  SEED  seconds/proposal  unique  at:regret at:regret ...  at:regret ...      (by value, by model)
 *
 * A search that was given up has a line with `-` for its figures, and is not tried again.
 */
export interface ResultFile {
  readonly suite: string;
  readonly agents: number;
  readonly engine: string;
  readonly version: string;
}

export interface Row extends ResultFile {
  readonly task: string;
  readonly seed: number;
  /** Null where the search was given up. */
  readonly play: Play | null;
}

export const RESULTS = join(import.meta.dirname, "results");

const nameOf = ({ suite, agents, engine, version }: ResultFile): string =>
  `${suite}.${agents}.${engine}@${version}.tsv`;
const NAME = /^(?<suite>[A-Z])\.(?<agents>\d+)\.(?<engine>[a-z-]+)@(?<version>.+)\.tsv$/;

/** All rows of a folder, files in the order of their names. @throws Error naming the file and line that can't be read */
export function readResults(folder: string): Row[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const parts = NAME.exec(name)?.groups;
      if (parts === undefined) return [];
      const { suite = "", agents, engine = "", version = "" } = parts;
      const file: ResultFile = { suite, agents: Number(agents), engine, version };
      return readFileSync(join(folder, name), "utf8")
        .split("\n")
        .flatMap((line, i) => {
          if (line === "" || line.startsWith("#")) return [];
          const row = parseRow(file, line);
          if (row === undefined) throw new Error(`${name}, line ${i + 1}: not a result: ${line}`);
          return [row];
        });
    });
}

export function addResult(folder: string, row: Row): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, nameOf(row));
  try {
    writeFileSync(path, `# ${machine()}\n`, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  appendFileSync(path, `${formatRow(row)}\n`);
}

/** What another version of an engine found is of no use beside the new one's. */
export function removeStale(
  folder: string,
  planned: readonly { suite: { name: string }; agents: number; engine: { name: string; version: string } }[],
): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const parts = NAME.exec(name)?.groups;
    const isStale = ({ suite, agents, engine }: (typeof planned)[number]): boolean =>
      suite.name === parts?.suite &&
      agents === Number(parts.agents) &&
      engine.name === parts.engine &&
      engine.version !== parts.version;
    if (planned.some(isStale)) rmSync(join(folder, name), { force: true });
  }
}

export function formatRow({ task, seed, play }: Row): string {
  if (play === null) return [task, seed, "-"].join("\t");
  const { seconds, unique, byValue, byModel } = play;
  return [task, seed, short(seconds), short(unique), formatCurve(byValue), formatCurve(byModel)].join("\t");
}

export function parseRow(file: ResultFile, line: string): Row | undefined {
  const [task, seed, seconds, unique, byValue, byModel] = line.split("\t");
  if (!task || !(Number(seed) > 0) || seconds === undefined) return undefined;
  if (seconds === "-") return { ...file, task, seed: Number(seed), play: null };
  const curves = [parseCurve(byValue), parseCurve(byModel)];
  if (!(Number(seconds) >= 0) || !(Number(unique) > 0) || curves.includes(undefined)) return undefined;
  const [first, second] = curves as [Curve, Curve];
  return {
    ...file,
    task,
    seed: Number(seed),
    play: { seconds: Number(seconds), unique: Number(unique), byValue: first, byModel: second },
  };
}

const formatCurve = (curve: Curve): string =>
  curve.map(({ at, regret }) => `${at}:${short(regret)}`).join(" ");

function parseCurve(text: string | undefined): Curve | undefined {
  if (text === undefined) return undefined;
  const steps = text.split(" ").flatMap((step) => {
    if (step === "") return [];
    const [at, regret] = step.split(":").map(Number);
    return [{ at: at ?? Number.NaN, regret: regret ?? Number.NaN }];
  });
  return steps.every(({ at, regret }) => at > 0 && Number.isFinite(regret)) ? steps : undefined;
}

/** Four digits are more than twenty seeds can tell apart. */
const short = (value: number): string => String(Number(value.toPrecision(4)));

/** Times mean nothing without it. */
const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? "unknown"}, ${type()} ${arch()}, Node ${process.versions.node}`;
