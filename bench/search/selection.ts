import { median } from "@/math/stats";
import type { Row } from "./results";
import { type ByTask, mean, type Pair, regretAt } from "./statistics";
import { SUITES, type Suite } from "./suites";

/** Which results stand beside each other, and as which numbers: what tables and plots are made of. */

/** In the order of tables, with the colour of each on plots; what has none is in tables only. */
export const ENGINES: readonly { name: string; label: string; color?: number }[] = [
  { name: "bayes", label: "**Besom bayes**", color: 0 },
  { name: "tpe", label: "**Besom tpe**", color: 6 },
  { name: "cmaes", label: "**Besom cmaes**" },
  { name: "optuna-gp", label: "Optuna GPSampler", color: 1 },
  { name: "hebo", label: "HEBO", color: 4 },
  { name: "optuna-tpe", label: "Optuna TPE", color: 2 },
  { name: "wandb", label: "W&B bayes", color: 3 },
  { name: "smac", label: "SMAC3", color: 5 },
  { name: "sobol", label: "**Besom sobol**" },
  { name: "random", label: "random", color: 7 },
];

/** What one engine did on one suite with so many agents. */
export interface Part {
  readonly suite: Suite;
  readonly agents: number;
  readonly engine: (typeof ENGINES)[number];
  /** Of the suite, as far as anybody has played it. */
  readonly tasks: readonly string[];
  readonly rows: readonly Row[];
  /** Without seeds that some tasks have no result of yet: a mean over the easy ones says nothing. */
  readonly whole: readonly Row[];
}

export const chartName = ({ name }: Suite, agents: number): string => `${name}-${agents}.svg`;
export const titleOf = ({ name, title }: Suite, agents: number): string =>
  `Suite ${name}, ${agents === 1 ? "one agent" : `${agents} agents`}: ${title}`;

export function partsOf(rows: readonly Row[], suite: Suite, agents: number): Part[] {
  const tasks = [...new Set(rows.flatMap((row) => (row.suite === suite.name ? [row.task] : [])))].sort();
  return ENGINES.flatMap((engine) => {
    const own = rows.filter(
      (row) => row.suite === suite.name && row.agents === agents && row.engine === engine.name,
    );
    return own.length > 0
      ? [{ suite, agents, engine, tasks, rows: own, whole: wholeSeeds(own, tasks.length) }]
      : [];
  });
}

function wholeSeeds(rows: readonly Row[], tasks: number): Row[] {
  const counts = new Map<number, number>();
  for (const { seed } of rows) counts.set(seed, (counts.get(seed) ?? 0) + 1);
  return rows.filter(({ seed }) => counts.get(seed) === tasks);
}

const seedsIn = (rows: readonly Row[]): number => new Set(rows.map(({ seed }) => seed)).size;
const givenUp = (rows: readonly Row[]): number => rows.filter(({ play }) => play === null).length;

/** Which of what a part's numbers are made of is missing, in words: what is left out silently is taken for done. */
export function coverageOf({ rows, whole, tasks }: Part): string {
  const [seeds, begun] = [seedsIn(whole), seedsIn(rows)];
  const parts = `${rows.length - whole.length} of ${tasks.length * (begun - seeds)} searches`;
  const given = givenUp(rows);
  return [
    seeds > 0 ? String(seeds) : parts,
    seeds > 0 && seeds < begun ? `and ${parts} more` : "",
    given > 0 ? `${given} of ${rows.length} given up` : "",
  ]
    .filter((each) => each !== "")
    .join(", ");
}

/** After so many runs random search's median is 1, where losses have no scale of their own. */
const UNIT_AT = 10;

/** Losses as shares: 0 is the best that any engine found on the task, 1 what random search has after UNIT_AT runs. */
export function measureFromBest(rows: readonly Row[]): Row[] {
  const losses = new Set(SUITES.flatMap(({ name, regret }) => (regret === "loss" ? [name] : [])));
  const scales = new Map<string, Scale>();
  for (const task of new Set(rows.flatMap((row) => (losses.has(row.suite) ? [row.task] : [])))) {
    const scale = scaleOf(rows.filter((row) => losses.has(row.suite) && row.task === task));
    if (scale !== undefined) scales.set(task, scale);
  }
  return rows.flatMap((row) => {
    if (!losses.has(row.suite) || row.play === null) return [row];
    const scale = scales.get(row.task);
    if (scale === undefined) return []; // random search has not begun there
    const toShare = (loss: number): number => (loss - scale.best) / scale.unit;
    const byValue = row.play.byValue.map(({ at, regret }) => ({ at, regret: toShare(regret) }));
    return [{ ...row, play: { ...row.play, byValue } }];
  });
}

interface Scale {
  readonly best: number;
  readonly unit: number;
}

/**
 * Where random search is at the best after UNIT_AT runs already, the unit is the way there from the worst loss that was ever the best so far:
 * losses that are counts (of misread digits, say) have ties. Where all losses are equal any unit gives 0.
 */
function scaleOf(rows: readonly Row[]): Scale | undefined {
  const random = rows.flatMap((row) => (row.engine === "random" ? (byValueAt(UNIT_AT)(row) ?? []) : []));
  if (random.length === 0) return undefined;
  const all = rows.flatMap(({ play }) => play?.byValue.map(({ regret }) => regret) ?? []);
  const [best, worst] = [Math.min(...all), Math.max(...all)];
  return { best, unit: median(random) - best || worst - best || 1 };
}

/** Each task's values over its seeds, tasks in the order of their names; without searches that were given up. */
export function byTask<T>(rows: readonly Row[], of: (row: Row) => T | undefined): ByTask<T> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const value = of(row);
    if (value === undefined) continue;
    const group = groups.get(row.task);
    if (group === undefined) groups.set(row.task, [value]);
    else group.push(value);
  }
  return [...groups.keys()].sort().map((task) => groups.get(task) ?? []);
}

/** After how many runs the first look is. */
export const earlyOf = (evaluations: number): number => Math.min(25, evaluations / 2);

export const byValueAt =
  (at: number) =>
  ({ play }: Row): number | undefined =>
    play ? regretAt(play.byValue, at) : undefined;
export const byModelAt =
  (at: number) =>
  ({ play }: Row): number | undefined =>
    play ? regretAt(play.byModel, at) : undefined;

export const meanOfMeans = (groups: ByTask<number>): number => mean(groups.map(mean));

/** Equal tasks and seeds of two engines, by task. */
export function pairsOf(ours: readonly Row[], theirs: readonly Row[], at: number): ByTask<Pair> {
  const known = new Map(theirs.map((row) => [`${row.task} ${row.seed}`, byValueAt(at)(row)]));
  return byTask(ours, (row) => {
    const [mine, other] = [byValueAt(at)(row), known.get(`${row.task} ${row.seed}`)];
    return mine === undefined || other === undefined ? undefined : { ours: mine, theirs: other };
  });
}

export const fewest = (groups: ByTask<unknown>): number => Math.min(...groups.map(({ length }) => length));
