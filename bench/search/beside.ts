import { median } from "@/math/stats";
import { digits, table } from "./markdown";
import type { Row } from "./results";
import { ENGINES, earlyOf, fewest, type Part, pairsOf, partsOf } from "./selection";
import {
  type ByTask,
  bootstrap,
  type Interval,
  type Pair,
  ratioOfGeometricMeans,
  ratioOfMeans,
} from "./statistics";
import { SUITES, type Suite } from "./suites";

const isOurs = ({ label }: (typeof ENGINES)[number]): boolean => label.startsWith("**");
const PEERS = ENGINES.filter((engine) => !isOurs(engine));

/** All engines on one suite with so many agents, beside each other. */
export interface Comparison {
  readonly suite: Suite;
  readonly agents: number;
  readonly parts: ReadonlyMap<string, Part>;
  /** Of engines by name; undefined where one of them has no results, or there is no task and seed that both have done. */
  ratio(one: string, other: string, at?: number): Ratio | undefined;
}

/** Wherever bayes has results. */
export function compareAll(rows: readonly Row[]): Comparison[] {
  return SUITES.flatMap((suite) =>
    suite.agents.flatMap((agents) => {
      const parts = new Map(partsOf(rows, suite, agents).map((part) => [part.engine.name, part]));
      if (!parts.has("bayes")) return [];
      const known = new Map<string, Ratio | undefined>();
      const ratio = (one: string, other: string, at = suite.evaluations): Ratio | undefined => {
        const key = `${one} ${other} ${at}`;
        if (!known.has(key)) known.set(key, ratioOf(parts.get(one), parts.get(other), at));
        return known.get(key);
      };
      return [{ suite, agents, parts, ratio }];
    }),
  );
}

/** Ours beside each of the others on the same tasks and seeds, as a multiple of their regret. */
export const ofRatios = (comparisons: readonly Comparison[]): string =>
  toTable(comparisons, PEERS, ({ ratio }, name) => ratio("bayes", name));

/** The same with seeds alone resampled: how it would come out on these very tasks. Empty where a task has one seed. */
export const ofSeeds = (comparisons: readonly Comparison[]): string =>
  toTable(
    comparisons,
    PEERS,
    ({ ratio }, name) => {
      const found = ratio("bayes", name);
      return found && found.seeds > 1 && isOnAll(found) ? found : undefined;
    },
    ({ bySeeds: { low, high }, seeds }) => `${digits(low)} to ${digits(high)}; ${seeds}`,
  );

/** Everybody beside random search. */
export const ofYardstick = (comparisons: readonly Comparison[]): string =>
  toTable(
    comparisons,
    ENGINES.filter(({ name }) => name !== "random"),
    ({ ratio }, name) => ratio(name, "random"),
  );

function toTable(
  comparisons: readonly Comparison[],
  engines: typeof ENGINES,
  pick: (comparison: Comparison, name: string) => Ratio | undefined,
  show: (ratio: Ratio) => string = showBasis,
): string {
  const lines = comparisons.map((comparison) => [
    comparison.suite.name,
    String(comparison.agents),
    ...engines.map(({ name }) => {
      const ratio = pick(comparison, name);
      return ratio ? `${digits(ratio.value)} (${show(ratio)})` : "";
    }),
  ]);
  return table(["suite", "agents", ...engines.map(({ label }) => label)], lines);
}

const statisticOf = ({ regret }: Suite): ((groups: ByTask<Pair>) => number) =>
  regret === "distance" ? ratioOfGeometricMeans : ratioOfMeans;

interface Ratio extends Interval {
  readonly value: number;
  readonly pairs: number;
  readonly tasks: number;
  readonly allTasks: number;
  /** Of the searches on one task, where they are fewest. */
  readonly seeds: number;
  /** The interval over seeds alone. */
  readonly bySeeds: Interval;
  /** Searches that both have begun and one of them has given up. */
  readonly missing: number;
}

/** Over the tasks and seeds that both have done. */
function ratioOf(one: Part | undefined, other: Part | undefined, at: number): Ratio | undefined {
  if (one === undefined || other === undefined) return undefined;
  const pairs = pairsOf(one.rows, other.rows, at);
  if (pairs.length === 0) return undefined;
  const statistic = statisticOf(one.suite);
  const key = ({ task, seed }: Row): string => `${task} ${seed}`;
  const begun = new Set(other.rows.map(key));
  const done = pairs.flat().length;
  return {
    value: statistic(pairs),
    pairs: done,
    tasks: pairs.length,
    allTasks: one.tasks.length,
    seeds: fewest(pairs),
    missing: one.rows.filter((row) => begun.has(key(row))).length - done,
    // Half of the time of all tables, and asked for of a part of them only.
    get bySeeds() {
      return bootstrap(pairs, statistic);
    },
    ...bootstrap(pairs, statistic, { tasks: true }),
  };
}

/** Two searches drawn again and again are those two searches. */
const hasInterval = ({ pairs }: Ratio): boolean => pairs > 2;
const isOnAll = ({ tasks, allTasks }: Ratio): boolean => tasks === allTasks;
const showTasks = ({ tasks, allTasks }: Ratio): string => ` on ${tasks} of ${allTasks} tasks`;

const showBasis = (ratio: Ratio): string =>
  [
    hasInterval(ratio) ? `${digits(ratio.low)} to ${digits(ratio.high)}; ` : "",
    ratio.pairs,
    isOnAll(ratio) ? "" : showTasks(ratio),
    ratio.missing > 0 ? `, ${ratio.missing} more given up` : "",
  ].join("");

/** Of whom bayes is ahead, by intervals of the ratio over all tasks that do not reach over 1, and who is ahead of it. */
export function ofVerdicts(comparisons: readonly Comparison[]): string {
  const lines = comparisons.map(({ suite, agents, ratio }) => {
    const those = (are: (ratio: Ratio) => boolean): string =>
      PEERS.flatMap(({ name, label }) => {
        const found = ratio("bayes", name);
        if (found === undefined || !are(found)) return [];
        const seeds = found.seeds === 1 ? " (1 seed)" : "";
        return [`${label} ${digits(found.value)}${isOnAll(found) ? seeds : showTasks(found)}`];
      }).join(", ");
    const isKnown = (found: Ratio): boolean => hasInterval(found) && isOnAll(found);
    return [
      suite.name,
      String(agents),
      those((found) => isKnown(found) && found.high < 1),
      those((found) => !isKnown(found) || (found.low <= 1 && found.high >= 1)),
      those((found) => isKnown(found) && found.low > 1),
    ];
  });
  return table(["suite", "agents", "bayes is ahead of", "nobody knows", "bayes is behind"], lines);
}

/** Where another engine comes out ahead of bayes: of a whole suite, and on single tasks. */
export function ofDefeats(comparisons: readonly Comparison[]): string {
  if (comparisons.length === 0) return "No results yet.";
  const lines = comparisons.flatMap(({ suite, agents, parts, ratio }) => {
    const where = `- Suite ${suite.name}, agents: ${agents}`;
    const others = PEERS.flatMap(({ name }) => parts.get(name) ?? []);
    const ahead = others.flatMap(({ engine }) =>
      [earlyOf(suite.evaluations), suite.evaluations].flatMap((at) => {
        const found = ratio("bayes", engine.name, at);
        if (found === undefined || found.value <= 1 || digits(found.value) === "1") return [];
        return [
          `${where}, after ${at} runs: ${engine.label} is ahead of us, our regret is ${digits(found.value)} times theirs (${showBasis(found)}).`,
        ];
      }),
    );
    const lost = tasksLost(parts.get("bayes") as Part, others);
    return lost.length > 0 ? [...ahead, `${where}, at the end, single tasks: ${lost.join("; ")}.`] : ahead;
  });
  return lines.length > 0 ? lines.join("\n") : "Nowhere, on these tasks and seeds.";
}

/** Tasks on which another's median over the seeds that both have is below ours, with who is best there. */
function tasksLost(ours: Part, others: readonly Part[]): string[] {
  const { evaluations } = ours.suite;
  return ours.tasks.flatMap((task) => {
    const own = ours.rows.filter((row) => row.task === task);
    const ahead = others.flatMap(({ engine, rows }) => {
      const pairs = pairsOf(own, rows, evaluations).flat();
      if (pairs.length === 0) return [];
      const [mine, other] = [
        median(pairs.map((pair) => pair.ours)),
        median(pairs.map((pair) => pair.theirs)),
      ];
      const isSeen = other < mine && digits(other) !== digits(mine);
      return isSeen ? [{ label: engine.label, mine, other, gain: mine / other }] : [];
    });
    const [first] = ahead.sort((a, b) => b.gain - a.gain);
    return first ? [`${task} (${first.label} ${digits(first.other)}, we ${digits(first.mine)})`] : [];
  });
}
