import { median } from "@/math/stats";
import { type Chart, drawChart, type Series } from "./chart";
import type { Row } from "./results";
import type { AgentsSaving } from "./savings";
import {
  type ByTask,
  bootstrap,
  geometricMean,
  type Interval,
  mean,
  type Pair,
  ratioOfGeometricMeans,
  ratioOfMeans,
  regretAt,
} from "./statistics";
import { SUITES, type Suite } from "./suites";

/** The tables and plots of docs/search-quality.md, from the files of results alone. */

/** In the order of tables, with the colour of each on plots; what has none is in tables only. */
const ENGINES: readonly { name: string; label: string; color?: number }[] = [
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
interface Part {
  readonly suite: Suite;
  readonly agents: number;
  readonly engine: (typeof ENGINES)[number];
  readonly rows: readonly Row[];
}

/** The tables by the name of their place in the page, in Markdown. */
export function makeTables(found: readonly Row[], savings: readonly AgentsSaving[]): Map<string, string> {
  const rows = measureFromBest(found);
  const tables = new Map<string, string>();
  for (const suite of SUITES)
    for (const agents of suite.agents) {
      const parts = partsOf(rows, suite, agents);
      if (parts.length === 0) continue;
      const shown = suite.regret === "distance" ? ofFunctions(suite, parts) : ofTables(suite, parts);
      const picture = `![${titleOf(suite, agents)}](search-quality/${chartName(suite, agents)})`;
      tables.set(`${suite.name}.${agents}`, `${shown}\n\n${picture}`);
    }
  tables.set("ratios", ofRatios(rows));
  tables.set("behind", ofDefeats(rows));
  for (const agents of new Set(savings.map((each) => each.agents)))
    tables.set(`D.${agents}`, ofSavings(savings.filter((each) => each.agents === agents)));
  return tables;
}

/** The plots by the name of their file. */
export function makeCharts(found: readonly Row[]): Map<string, string> {
  const rows = measureFromBest(found);
  const charts = new Map<string, string>();
  for (const suite of SUITES)
    for (const agents of suite.agents) {
      const parts = partsOf(rows, suite, agents).filter(({ engine }) => engine.color !== undefined);
      if (parts.length > 0) charts.set(chartName(suite, agents), drawChart(toChart(suite, agents, parts)));
    }
  return charts;
}

const chartName = ({ name }: Suite, agents: number): string => `${name}-${agents}.svg`;
const titleOf = ({ name, title }: Suite, agents: number): string =>
  `Suite ${name}, ${agents === 1 ? "one agent" : `${agents} agents`}: ${title}`;

function partsOf(rows: readonly Row[], suite: Suite, agents: number): Part[] {
  const tasks = new Set(rows.flatMap((row) => (row.suite === suite.name ? [row.task] : []))).size;
  return ENGINES.flatMap((engine) => {
    const own = rows.filter(
      (row) => row.suite === suite.name && row.agents === agents && row.engine === engine.name,
    );
    const whole = wholeSeeds(own, tasks);
    return whole.length > 0 ? [{ suite, agents, engine, rows: whole }] : [];
  });
}

/** Without seeds that some tasks have no result of yet: a mean over the easy ones says nothing. */
function wholeSeeds(rows: readonly Row[], tasks: number): Row[] {
  const counts = new Map<number, number>();
  for (const { seed } of rows) counts.set(seed, (counts.get(seed) ?? 0) + 1);
  return rows.filter(({ seed }) => counts.get(seed) === tasks);
}

/** After so many runs random search's median is 1, where losses have no scale of their own. */
const UNIT_AT = 10;

/** Losses as shares: 0 is the best that any engine found on the task, 1 what random search has after UNIT_AT runs. */
function measureFromBest(rows: readonly Row[]): Row[] {
  const losses = new Set(SUITES.flatMap(({ name, regret }) => (regret === "loss" ? [name] : [])));
  const scales = new Map<string, { best: number; unit: number }>();
  for (const task of new Set(rows.flatMap((row) => (losses.has(row.suite) ? [row.task] : [])))) {
    const own = rows.filter((row) => losses.has(row.suite) && row.task === task);
    const all = own.flatMap(({ play }) => play?.byValue.map(({ regret }) => regret) ?? []);
    const best = all.reduce((least, each) => Math.min(least, each));
    const random = own.flatMap((row) => (row.engine === "random" ? (byValueAt(UNIT_AT)(row) ?? []) : []));
    scales.set(task, { best, unit: median(random) - best });
  }
  return rows.map((row) => {
    const scale = losses.has(row.suite) ? scales.get(row.task) : undefined;
    if (scale === undefined || row.play === null) return row;
    const byValue = row.play.byValue.map(({ at, regret }) => ({
      at,
      regret: (regret - scale.best) / scale.unit,
    }));
    return { ...row, play: { ...row.play, byValue } };
  });
}

/** Each task's values over its seeds, tasks in the order of their names; without searches that were given up. */
function byTask<T>(rows: readonly Row[], of: (row: Row) => T | undefined): ByTask<T> {
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

const byValueAt =
  (at: number) =>
  ({ play }: Row): number | undefined =>
    play ? regretAt(play.byValue, at) : undefined;
const byModelAt =
  (at: number) =>
  ({ play }: Row): number | undefined =>
    play ? regretAt(play.byModel, at) : undefined;

const meanOfMeans = (groups: ByTask<number>): number => mean(groups.map(mean));

// -- functions: medians, and their geometric mean beside random's

function ofFunctions({ evaluations }: Suite, parts: readonly Part[]): string {
  const tasks = [...new Set(parts.flatMap(({ rows }) => rows.map(({ task }) => task)))].sort();
  const yardstick = parts.find(({ engine }) => engine.name === "random");
  const half = evaluations / 2;
  const level = (part: Part | undefined, at: number): number =>
    part ? geometricMean(byTask(part.rows, byValueAt(at)).map((each) => median(each))) : Number.NaN;
  return table(
    ["", "seeds", ...tasks, `vs random, ${half}`, `vs random, ${evaluations}`, "ms"],
    parts.map((part) => [
      part.engine.label,
      seedsOf(part),
      ...byTask(part.rows, byValueAt(evaluations)).map((each) => digits(median(each))),
      digits(level(part, half) / level(yardstick, half)),
      withInterval(level(part, evaluations) / level(yardstick, evaluations), part, (groups) => {
        return geometricMean(groups.map((each) => median(each))) / level(yardstick, evaluations);
      }),
      timeOf(part),
    ]),
  );
}

function withInterval(
  value: number,
  { rows, suite }: Part,
  statistic: (groups: ByTask<number>) => number,
): string {
  const groups = byTask(rows, byValueAt(suite.evaluations));
  return `${digits(value)}${showInterval(groups, statistic)}`;
}

// -- tables: mean normalised regret

function ofTables({ evaluations }: Suite, parts: readonly Part[]): string {
  const early = Math.min(25, evaluations / 2);
  return table(
    ["", "seeds", String(early), String(evaluations), `${evaluations}, chosen by model`, "unique", "ms"],
    parts.map((part) => {
      const late = byTask(part.rows, byValueAt(evaluations));
      const model = byTask(part.rows, byModelAt(evaluations));
      return [
        part.engine.label,
        seedsOf(part),
        fixed(meanOfMeans(byTask(part.rows, byValueAt(early)))),
        `${fixed(meanOfMeans(late))}${showInterval(late, meanOfMeans, fixed)}`,
        model.length > 0 ? fixed(meanOfMeans(model)) : "",
        `${(100 * meanOfMeans(byTask(part.rows, ({ play }) => play?.unique))).toFixed(1)} %`,
        timeOf(part),
      ];
    }),
  );
}

// -- ours beside each of them

function ofRatios(rows: readonly Row[]): string {
  const peers = ENGINES.filter(({ name }) => !["bayes", "tpe", "cmaes", "sobol"].includes(name));
  const lines: string[][] = [];
  for (const suite of SUITES)
    for (const agents of suite.agents) {
      const parts = partsOf(rows, suite, agents);
      const ours = parts.find(({ engine }) => engine.name === "bayes");
      if (ours === undefined) continue;
      lines.push([
        suite.name,
        String(agents),
        ...peers.map(({ name }) => {
          const theirs = parts.find(({ engine }) => engine.name === name);
          return theirs ? showRatio(ours, theirs) : "";
        }),
      ]);
    }
  return table(["suite", "agents", ...peers.map(({ label }) => label)], lines);
}

const statisticOf = ({ regret }: Suite): ((groups: ByTask<Pair>) => number) =>
  regret === "distance" ? ratioOfGeometricMeans : ratioOfMeans;

function showRatio(ours: Part, theirs: Part): string {
  const pairs = pairsOf(ours.rows, theirs.rows, ours.suite.evaluations);
  if (pairs.length === 0) return "";
  const statistic = statisticOf(ours.suite);
  const { low, high } = bootstrap(pairs, statistic, { tasks: true });
  const seeds = Math.max(...pairs.map(({ length }) => length));
  return `${digits(statistic(pairs))} (${digits(low)} to ${digits(high)}; ${seeds})`;
}

/** Where another engine comes out ahead of bayes: of a whole suite, and on single tasks. */
function ofDefeats(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const suite of SUITES)
    for (const agents of suite.agents) {
      const parts = partsOf(rows, suite, agents);
      const ours = parts.find(({ engine }) => engine.name === "bayes");
      const others = parts.filter(({ engine }) => !engine.label.startsWith("**"));
      if (ours === undefined) continue;
      const half = suite.evaluations / 2;
      for (const theirs of others)
        for (const at of [half, suite.evaluations]) {
          const pairs = pairsOf(ours.rows, theirs.rows, at);
          const ratio = pairs.length > 0 ? statisticOf(suite)(pairs) : 0;
          if (ratio > 1)
            lines.push(
              `- Suite ${suite.name}, agents: ${agents}, after ${at} runs: ${theirs.engine.label} is ahead of us, our regret is ${digits(ratio)} times theirs.`,
            );
        }
      const lost = tasksLost(ours, others);
      if (lost.length > 0)
        lines.push(`- Suite ${suite.name}, agents: ${agents}, at the end, single tasks: ${lost.join("; ")}.`);
    }
  if (lines.length > 0) return lines.join("\n");
  return rows.some(({ engine }) => engine === "bayes")
    ? "Nowhere, on these tasks and seeds."
    : "No results yet.";
}

/** Tasks on which another's median over the seeds that both have is below ours, with who is best there. */
function tasksLost(ours: Part, others: readonly Part[]): string[] {
  const { evaluations } = ours.suite;
  const tasks = [...new Set(ours.rows.map(({ task }) => task))].sort();
  return tasks.flatMap((task) => {
    const own = ours.rows.filter((row) => row.task === task);
    const ahead = others.flatMap(({ engine, rows }) => {
      const pairs = pairsOf(own, rows, evaluations).flat();
      if (pairs.length === 0) return [];
      const [mine, other] = [
        median(pairs.map((pair) => pair.ours)),
        median(pairs.map((pair) => pair.theirs)),
      ];
      return other < mine ? [{ label: engine.label, mine, other, gain: mine / other }] : [];
    });
    const [first] = ahead.sort((a, b) => b.gain - a.gain);
    return first ? [`${task} (${first.label} ${digits(first.other)}, we ${digits(first.mine)})`] : [];
  });
}

/** Equal tasks and seeds of two engines, by task. */
export function pairsOf(ours: readonly Row[], theirs: readonly Row[], at: number): ByTask<Pair> {
  const known = new Map(theirs.map((row) => [`${row.task} ${row.seed}`, byValueAt(at)(row)]));
  return byTask(ours, (row) => {
    const [mine, other] = [byValueAt(at)(row), known.get(`${row.task} ${row.seed}`)];
    return mine === undefined || other === undefined ? undefined : { ours: mine, theirs: other };
  });
}

// -- early stopping

function ofSavings(savings: readonly AgentsSaving[]): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return table(
    ["rule", "training spent", "times less", "best tenth lost", "best run lost"],
    savings.map(({ rule, spent, lost, bestLost }) => [
      `\`${rule}\``,
      percent(spent),
      (1 / spent).toFixed(1),
      percent(lost),
      percent(bestLost),
    ]),
  );
}

// -- plots

function toChart(suite: Suite, agents: number, parts: readonly Part[]): Chart {
  const curves = parts.map((part) => toSeries(part, byValueAt));
  const ours = parts.find(({ engine, rows }) => engine.name === "bayes" && rows.some(hasModelCurve));
  if (ours)
    curves.push({ ...toSeries(ours, byModelAt), label: "Besom, by model", color: BY_MODEL, strong: false });
  return {
    title: titleOf(suite, agents),
    yTitle: Y_TITLES[suite.regret],
    xTitle: "runs ended",
    series: curves,
  };
}

/** Before it everybody only draws, and regrets of single draws would take half of the height. */
const FIRST_SHOWN = 4;

/** The place in the palette of the second curve of ours. */
const BY_MODEL = 8;
const hasModelCurve = ({ play }: Row): boolean => (play?.byModel.length ?? 0) > 0;

const Y_TITLES = {
  distance: "regret, geometric mean",
  share: "regret (0 best, 1 median configuration)",
  loss: "loss above the best found (1: random after 10 runs)",
} as const;

function toSeries(
  { engine, rows, suite }: Part,
  at: (run: number) => (row: Row) => number | undefined,
): Series {
  const level =
    suite.regret === "distance"
      ? (groups: ByTask<number>) => geometricMean(groups.map(geometricMean))
      : meanOfMeans;
  const tasks = new Set(rows.map(({ task }) => task)).size;
  const points = Array.from({ length: suite.evaluations }, (_, i) => {
    const groups = byTask(rows, at(i + 1));
    if (i + 1 < FIRST_SHOWN || groups.length < tasks)
      return { value: Number.NaN, low: Number.NaN, high: Number.NaN };
    const value = level(groups);
    return {
      value,
      ...(fewest(groups) < 3 ? { low: value, high: value } : bootstrap(groups, level, { rounds: 100 })),
    };
  });
  return {
    label: engine.label.replaceAll("*", ""),
    color: engine.color ?? 0,
    strong: engine.label.startsWith("**"),
    values: points.map(({ value }) => value),
    low: points.map(({ low }) => low),
    high: points.map(({ high }) => high),
  };
}

// -- how it is written

const fewest = (groups: ByTask<unknown>): number => Math.min(...groups.map(({ length }) => length));

/** With fewer than three seeds there is none to speak of. */
function showInterval(
  groups: ByTask<number>,
  statistic: (groups: ByTask<number>) => number,
  show: (value: number) => string = digits,
): string {
  if (fewest(groups) < 3) return "";
  const { low, high }: Interval = bootstrap(groups, statistic);
  return ` (${show(low)} to ${show(high)})`;
}

function seedsOf({ rows }: Part): string {
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const given = rows.filter(({ play }) => play === null).length;
  return given > 0 ? `${seeds}, ${given} given up` : String(seeds);
}

/** Of processor time a proposal, what it was told of runs included. */
const timeOf = ({ rows }: Part): string =>
  digits(1000 * meanOfMeans(byTask(rows, ({ play }) => play?.seconds)), 2);

const fixed = (value: number): string => value.toFixed(3);

/** Few digits, without an exponent where it can be read without. */
function digits(value: number, count = 2): string {
  const rounded = Number(value.toPrecision(count));
  return Math.abs(rounded) >= 1e-4 || rounded === 0 ? String(rounded) : rounded.toExponential(count - 1);
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(head), row(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...lines.map(row)].join("\n");
}

/** The page with its tables as they are now. Each stands between `<!-- table NAME -->` and `<!-- end -->`. */
export function fillTables(page: string, tables: ReadonlyMap<string, string>): string {
  return page.replace(
    /(<!-- table (\S+) -->)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, name: string, close: string) => {
      return `${open}\n${tables.get(name) ?? "No results yet."}\n${close}`;
    },
  );
}
