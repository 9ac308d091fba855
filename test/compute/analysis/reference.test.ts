import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { importanceOf } from "@/compute/analysis/importance";
import { divergencesOf } from "@/compute/analysis/ped-anova";
import { type ImportanceInput, readRuns } from "@/compute/analysis/read-runs";
import { configOf, shareOf } from "../../support/known-shares";

/** What scikit-learn 1 and Optuna 5 say of the same runs: scripts/reference-importance.py. */
interface Study {
  readonly names: readonly string[];
  readonly params: readonly (readonly number[])[];
  readonly values: readonly number[];
  /** Mean and deviation over seeds. */
  readonly outOfBagR2: readonly [number, number];
  readonly pedAnova: readonly number[];
  readonly fanova?: readonly number[];
}
type Name = "friedman" | "training" | "diabetes";
const recorded = JSON.parse(readFileSync("test/fixtures/reference/importance.json", "utf8")) as Record<
  Name,
  Study
> & {
  quantile: number;
};

const SPACES: Readonly<Record<Name, (name: string) => string>> = {
  friedman: () => "{min: 0.0, max: 1.0}",
  training: (name) =>
    ({ lr: "{distribution: log_uniform_values, min: 0.00001, max: 1.0}", layers: "{min: 1, max: 8}" })[
      name
    ] ?? "{min: 0.0, max: 1.0}",
  // Ranks of 442 patients.
  diabetes: () => "{min: 1, max: 442}",
};

function inputOf(name: Name): ImportanceInput {
  const { names, params, values } = recorded[name];
  return {
    ...{
      config: configOf(names.map((one) => `  ${one}: ${SPACES[name](one)}\n`).join("")),
      goal: "minimize",
    },
    params: params.map((row) => JSON.stringify(Object.fromEntries(names.map((one, i) => [one, row[i]])))),
    ...{ values, without: 0 },
  };
}

describe.each(["friedman", "training", "diabetes"] as const)("%s", (name) => {
  const { names, outOfBagR2, pedAnova, fanova } = recorded[name];

  test("out of bag, the forest foretells what scikit-learn's does, within the noise of its seeds", () => {
    const found = importanceOf(inputOf(name));
    expect(found.runs).toBe(recorded[name].values.length);
    const [mean, deviation] = outOfBagR2;
    // Binned to 64 values, and another stream of draws.
    expect(Math.abs((found.outOfBagR2 ?? 0) - mean)).toBeLessThan(3 * deviation + 0.01);
  });

  test("PED-ANOVA before chance is taken off is Optuna's to 0.03", () => {
    const runs = readRuns(inputOf(name));
    const found = divergencesOf(runs, "minimize", recorded.quantile);
    const sum = found.reduce((all, one) => all + one, 0);
    // Optuna rounds to the nearest of 50 points from end to end, we to one of 50 equal steps.
    for (const [i, column] of runs.columns.entries())
      expect(
        Math.abs((found[i] ?? 0) / sum - (pedAnova[names.indexOf(column.name)] ?? 0)),
        column.name,
      ).toBeLessThan(0.03);
  });

  test.skipIf(fanova === undefined)("fANOVA is Optuna's to 0.1", () => {
    const found = importanceOf(inputOf(name));
    const sum = found.parameters.reduce((all, { importance }) => all + importance, 0);
    for (const [i, one] of names.entries())
      expect(Math.abs(shareOf(found, one) / sum - (fanova?.[i] ?? 0)), one).toBeLessThan(0.1);
  });
});
