import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { openPoints } from "@/compute/search/points";
import { listLeaves } from "@/core/leaves";
import { deserializeConfig, type ParsedSweep, parseSweepConfig, serializeConfig } from "@/core/sweep-config";
import { codesOf, complaintsAbout } from "./support";

/** Sweep files that strangers wrote, with `index.tsv` beside them. They are not ours to ship, so they may be absent. */
const folder = resolve(process.env.BESOM_SWEEP_CORPUS ?? "../shared/sweep-corpus");
const hasCorpus = existsSync(join(folder, "index.tsv"));

if (!hasCorpus)
  console.warn(
    `\n!!! NOT TESTED: real sweep files. ${folder} is absent; set BESOM_SWEEP_CORPUS to their folder. !!!\n`,
  );
const files = hasCorpus ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)) : [];
const textOf = (file: string): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(readFileSync(join(folder, file)));
const parsed = new Map<string, ParsedSweep>();
const parse = (file: string): ParsedSweep => {
  const answer = parsed.get(file) ?? parseSweepConfig(textOf(file));
  parsed.set(file, answer);
  return answer;
};

/** Why files are refused. W&B's engine can't run any of these either (reference.test.ts proves it). */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["Andy20178__DCL__sweep.yaml", "GRID_CONTINUOUS"],
  ["Ayers1013__DreamProLog__sweep@4754f6a.yaml", "PARAMETER_NOT_MAP"],
  ["Ayers1013__DreamProLog__sweep@5359ccc.yaml", "YAML_SYNTAX"],
  ["FeherBalazs__cora__sweep_mse_vs_probe.yaml", "NUMBER_NOT_POSITIVE"],
  ["GabrielBena__boolean_nca_cc__sweep.yaml", "PARAMETERS_EMPTY"],
  ["GabrielBena__boolean_nca_cc__sweep@fc0380f.yaml", "PARAMETERS_EMPTY"],
  ["jameschapman19__DeltaEigenGame__experiments__stochastic_cca__ey.yaml", "PARAMETER_NOT_MAP"],
  ["julian-q__graph-attention-network__sweep.yaml", "METHOD_MISSING"],
  ["KubotaYugo__Hierarchical_Impression-CLIP__sweep_config.yaml", "METHOD_MISSING"],
  ["LasyaYadlapati__PhonemeTransformers__scripts__sweep@3891342.yaml", "NESTED_WITHOUT_PARAMETERS"],
  ["luna97__MIT-BIH_ecg_arrhytmia__sweep_train@402b16e.yaml", "KEY_MISSING"],
  ["luna97__MIT-BIH_ecg_arrhytmia__sweep_train@6269608.yaml", "YAML_SYNTAX"],
  ["Madjakul__MiNER__sweep@4591018.yaml", "PARAMETER_NOT_MAP"],
  ["matteoprata__DRONET-for-Patrolling__wandb_sweep_grid_single.yaml", "VALUES_NOT_LIST"],
  ["Niccolo-Ajroldi__nanoGPT__scripts__sweep@ce9a521.yaml", "ALIAS_UNKNOWN"],
  ["O-suke12__FictiousCo-Play__config__sweep.yaml", "PARAMETER_NOT_MAP"],
  [
    "rpatrik96__nl-causal-representations__sweeps__sem__nonlinear__seed_weight_init_dim.yaml",
    "VALUES_NOT_LIST",
  ],
  ["shamoons__modulation-explainability__src__sweep.yaml", "VALUES_NOT_LIST"],
  ["syrkis__neuroscope__config__sweep@8885236.yaml", "DISTRIBUTION_UNKNOWN"],
]);
/** What a file that W&B's schema passes may still lack for W&B's engine. */
const ENGINE_ONLY = [
  "GRID_CONTINUOUS",
  "GRID_PROBABILITIES",
  "METRIC_MISSING",
  "NOTHING_TO_SEARCH",
  "BOUNDS_ORDER",
];

describe.skipIf(!hasCorpus)("real sweep files", () => {
  const rows = hasCorpus ? readTable(readFileSync(join(folder, "index.tsv"), "utf8")) : [];

  test.each(rows.map((row) => [row.file ?? "", row] as const))(
    "%s is read as the index says",
    (file, row) => {
      const answer = parse(file);
      const { config, errors, warnings, source } = answer;
      expect(complaintsAbout(answer, source)).toEqual([]);
      expect(source).toBe(textOf(file));
      const refusal = REFUSED.get(file);
      if (refusal) expect([...new Set(codesOf(errors))]).toEqual([refusal]);
      if (row.wandb_schema === "unparsed") expect(config).toBeUndefined();
      if (row.wandb_schema === "ok")
        expect(codesOf(errors).filter((code) => !ENGINE_ONLY.includes(code))).toEqual([]);
      if (!config) return;
      expect(deserializeConfig(serializeConfig(config))).toEqual(config);
      expect(config.method).toBe(row.method);
      expect(listLeaves(config.parameters).length).toBe(Number(row.n_parameters));
      expect(config.command !== undefined).toBe(row.command === "y");
      if (row.early_terminate === "n") expect(config.earlyTerminate).toBeUndefined();
      const points = /grid points: (\d+)/.exec(row.notes_on_traps ?? "")?.[1];
      if (points && !codesOf(warnings).includes("VALUES_REPEATED"))
        expect(openPoints(config, "1").size).toBe(BigInt(points));
    },
  );

  test("the list of refused files holds no file that is accepted", () => {
    const accepted = [...REFUSED.keys()].filter((file) => files.includes(file) && parse(file).config);
    expect(accepted).toEqual([]);
  });
});

function readTable(text: string): Record<string, string>[] {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const names = head.split("\t");
  return lines.map((line) => Object.fromEntries(line.split("\t").map((cell, i) => [names[i] ?? "", cell])));
}
