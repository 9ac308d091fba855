import { median } from "@/math/stats";
import { compareAll, ofDefeats, ofRatios, ofSeeds, ofVerdicts, ofYardstick } from "./beside";
import { digits, fixed, table } from "./markdown";
import type { Row } from "./results";
import type { AgentsSaving } from "./savings";
import {
  byModelAt,
  byTask,
  byValueAt,
  chartName,
  coverageOf,
  ENGINES,
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
  tables.set("coverage", ofCoverage(found));
  const comparisons = compareAll(rows);
  tables.set("verdicts", ofVerdicts(comparisons));
  tables.set("behind", ofDefeats(comparisons));
  tables.set("ratios", ofRatios(comparisons));
  tables.set("seeds", ofSeeds(comparisons));
  tables.set("yardstick", ofYardstick(comparisons));
  for (const { set, agents } of savings)
    if (SHOWN_CURVES.has(set))
      tables.set(
        `D.${set}.${agents}`,
        ofSavings(savings.filter((each) => each.set === set && each.agents === agents)),
      );
  for (const agents of new Set(savings.map((each) => each.agents)))
    tables.set(`D.all.${agents}`, ofAllCurves(savings.filter((each) => each.agents === agents)));
  return tables;
}

/** Whole seeds by engine and suite: who has played, and who has not. */
function ofCoverage(rows: readonly Row[]): string {
  const columns = SUITES.flatMap((suite) => suite.agents.map((agents) => ({ suite, agents })));
  return table(
    ["seeds", ...columns.map(({ suite, agents }) => `${suite.name}, ${agents}`)],
    ENGINES.map((engine) => [
      engine.label,
      ...columns.map(({ suite, agents }) => {
        const part = partsOf(rows, suite, agents).find((each) => each.engine === engine);
        return part ? coverageOf(part) : "";
      }),
    ]),
  );
}

/** Of functions: medians, and their geometric mean beside random search's. */
function ofFunctions({ evaluations }: Suite, parts: readonly Part[]): string {
  const tasks = parts[0]?.tasks ?? [];
  const yardstick = parts.find(({ engine }) => engine.name === "random");
  const early = earlyOf(evaluations);
  return table(
    ["", "seeds", ...tasks, `vs random, ${early}`, `vs random, ${evaluations}`, "ms"],
    parts.map((part) => [
      nameOf(part),
      coverageOf(part),
      ...tasks.map((task) => medianOn(part, task, evaluations)),
      besideRandom(part, yardstick, early),
      besideRandom(part, yardstick, evaluations, true),
      timeOf(part),
    ]),
  );
}

/** Empty where every search of the task was given up. */
function medianOn({ whole }: Part, task: string, at: number): string {
  const [values] = byTask(
    whole.filter((row) => row.task === task),
    byValueAt(at),
  );
  return values ? digits(median(values)) : "";
}

/** Empty without results on every task: the easy ones alone say nothing. */
function besideRandom(part: Part, yardstick: Part | undefined, at: number, interval = false): string {
  const level = (groups: ByTask<number>): number => geometricMean(groups.map((each) => median(each)));
  const [own, random] = [part, yardstick].map((each) => byTask(each?.whole ?? [], byValueAt(at)));
  if (own?.length !== part.tasks.length || random?.length !== part.tasks.length) return "";
  const multiple = (groups: ByTask<number>): number => level(groups) / level(random);
  return `${digits(multiple(own))}${interval ? showInterval(own, multiple) : ""}`;
}

/** Of tables and of training: mean regrets as shares. */
function ofTables({ evaluations }: Suite, parts: readonly Part[]): string {
  const early = earlyOf(evaluations);
  return table(
    ["", "seeds", String(early), String(evaluations), `${evaluations}, chosen by model`, "unique", "ms"],
    parts.map((part) => {
      const groupsOf = (of: (row: Row) => number | undefined): ByTask<number> | undefined => {
        const groups = byTask(part.whole, of);
        return groups.length === part.tasks.length ? groups : undefined;
      };
      const late = groupsOf(byValueAt(evaluations));
      return [
        nameOf(part),
        coverageOf(part),
        meanIn(groupsOf(byValueAt(early))),
        `${meanIn(late)}${late ? showInterval(late, meanOfMeans, fixed) : ""}`,
        meanIn(groupsOf(byModelAt(evaluations))),
        `${(100 * meanOfMeans(byTask(part.rows, ({ play }) => play?.unique))).toFixed(1)} %`,
        timeOf(part),
      ];
    }),
  );
}

const meanIn = (groups: ByTask<number> | undefined): string => (groups ? fixed(meanOfMeans(groups)) : "");

/** Those whose rules each have a line; of the others the common rules alone are shown. */
const SHOWN_CURVES: ReadonlySet<string> = new Set(["digits", "restarts"]);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function ofSavings(savings: readonly AgentsSaving[]): string {
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

/** Each rule by the curves, as training spent / best tenth lost; where it first looks differs with their length, and is left out. */
function ofAllCurves(savings: readonly AgentsSaving[]): string {
  const nameOfRule = ({ rule }: AgentsSaving): string =>
    rule.replace(/, (grace|min_iter|patience|eta): \d+/g, "");
  const sets = [...new Set(savings.map(({ set }) => set))];
  const rules = [...new Set(savings.map(nameOfRule))];
  return table(
    ["rule", ...sets.map((set) => `\`${set}\``), "mean"],
    rules.map((rule) => {
      // The first of those that differ in the first look alone.
      const found = sets.flatMap(
        (set) => savings.find((each) => each.set === set && nameOfRule(each) === rule) ?? [],
      );
      const mean = (of: (one: AgentsSaving) => number): number =>
        found.reduce((sum, one) => sum + of(one) / found.length, 0);
      const show = ({ spent, lost }: Pick<AgentsSaving, "spent" | "lost">): string =>
        `${(100 * spent).toFixed(0)} / ${(100 * lost).toFixed(0)}`;
      const over = { spent: mean(({ spent }) => spent), lost: mean(({ lost }) => lost) };
      return [`\`${rule}\``, ...found.map(show), show(over)];
    }),
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

/** Of processor time a proposal, what it was told of runs included. */
function timeOf({ rows }: Part): string {
  const seconds = byTask(rows, ({ play }) => play?.seconds);
  return seconds.length > 0 ? digits(1000 * meanOfMeans(seconds)) : "";
}
