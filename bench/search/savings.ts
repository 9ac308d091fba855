import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CurveSet, measureRules, type Saving, SETS } from "../stopping/measure";

/** Suite D: early stopping on recorded curves (../stopping/measure.ts), kept as a file of results like the others. */
export type AgentsSaving = Saving & { readonly set: CurveSet; readonly agents: number };

const AGENTS = [1, 8];
const fileIn = (folder: string): string => join(folder, "D.stopping.tsv");

export const hasSavings = (folder: string): boolean => existsSync(fileIn(folder));

export function makeSavings(folder: string): void {
  const lines = SETS.flatMap((set) =>
    AGENTS.flatMap((agents) =>
      measureRules(agents, set).map(({ rule, spent, lost, bestLost, behind }) => {
        const shares = [spent, lost, bestLost, behind].map((each) => each.toPrecision(4));
        return [set, agents, rule, ...shares].join("\t");
      }),
    ),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileIn(folder), `${lines.join("\n")}\n`);
}

export function readSavings(folder: string): AgentsSaving[] {
  if (!hasSavings(folder)) return [];
  const lines = readFileSync(fileIn(folder), "utf8").trim().split("\n");
  return lines.map((line) => {
    const [set, agents, rule = "", ...shares] = line.split("\t");
    const [spent = Number.NaN, lost = Number.NaN, bestLost = Number.NaN, behind = Number.NaN] =
      shares.map(Number);
    return { set: set as CurveSet, agents: Number(agents), rule, spent, lost, bestLost, behind };
  });
}
