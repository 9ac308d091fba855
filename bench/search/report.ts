import { median } from "@/math/stats";
import { ofDefeats, ofRatios } from "./beside";
import { digits, fixed, table } from "./markdown";
import type { Row } from "./results";
import type { AgentsSaving } from "./savings";
import {
  byModelAt,
  byTask,
  byValueAt,
  chartName,
  earlyOf,
  fewest,
  meanOfMeans,
  measureFromBest,
  type Part,
  partsOf,
  titleOf,
} from "./selection";
import { type ByTask, bootstrap, geometricMean, type Interval } from "./statistics";
import { SUITES, type Suite } from "./suites";

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

/** Of functions: medians, and their geometric mean beside random search's. */
function ofFunctions({ evaluations }: Suite, parts: readonly Part[]): string {
  const tasks = [...new Set(parts.flatMap(({ rows }) => rows.map(({ task }) => task)))].sort();
  const yardstick = parts.find(({ engine }) => engine.name === "random");
  const early = earlyOf(evaluations);
  const level = (part: Part | undefined, at: number): number =>
    part ? geometricMean(byTask(part.rows, byValueAt(at)).map((each) => median(each))) : Number.NaN;
  return table(
    ["", "seeds", ...tasks, `vs random, ${early}`, `vs random, ${evaluations}`, "ms"],
    parts.map((part) => [
      nameOf(part),
      seedsOf(part),
      ...tasks.map((task) => medianOn(part, task, evaluations)),
      digits(level(part, early) / level(yardstick, early)),
      withInterval(level(part, evaluations) / level(yardstick, evaluations), part, (groups) => {
        return geometricMean(groups.map((each) => median(each))) / level(yardstick, evaluations);
      }),
      timeOf(part),
    ]),
  );
}

/** Empty where every search of the task was given up. */
function medianOn({ rows }: Part, task: string, at: number): string {
  const [values] = byTask(
    rows.filter((row) => row.task === task),
    byValueAt(at),
  );
  return values ? digits(median(values)) : "";
}

function withInterval(
  value: number,
  { rows, suite }: Part,
  statistic: (groups: ByTask<number>) => number,
): string {
  const groups = byTask(rows, byValueAt(suite.evaluations));
  return `${digits(value)}${showInterval(groups, statistic)}`;
}

/** Of tables and of training: mean regrets as shares. */
function ofTables({ evaluations }: Suite, parts: readonly Part[]): string {
  const early = earlyOf(evaluations);
  return table(
    ["", "seeds", String(early), String(evaluations), `${evaluations}, chosen by model`, "unique", "ms"],
    parts.map((part) => {
      const late = byTask(part.rows, byValueAt(evaluations));
      const model = byTask(part.rows, byModelAt(evaluations));
      return [
        nameOf(part),
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

/** With the version whose results these are. */
const nameOf = ({ engine, rows }: Part): string => `${engine.label} ${rows[0]?.version}`;

function seedsOf({ rows }: Part): string {
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const given = rows.filter(({ play }) => play === null).length;
  return given > 0 ? `${seeds}, ${given} given up` : String(seeds);
}

/** Of processor time a proposal, what it was told of runs included. */
const timeOf = ({ rows }: Part): string =>
  digits(1000 * meanOfMeans(byTask(rows, ({ play }) => play?.seconds)), 2);
