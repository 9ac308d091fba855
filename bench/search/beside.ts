import { median } from "@/math/stats";
import { digits, table } from "./markdown";
import type { Row } from "./results";
import { ENGINES, earlyOf, type Part, pairsOf, partsOf } from "./selection";
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

/** Ours beside each of the others on the same tasks and seeds, as a multiple of their regret. */
export const ofRatios = (rows: readonly Row[]): string =>
  toTable(rows, PEERS, (name, parts) => [parts.get("bayes"), parts.get(name)]);

/** Everybody beside random search. */
export const ofYardstick = (rows: readonly Row[]): string =>
  toTable(
    rows,
    ENGINES.filter(({ name }) => name !== "random"),
    (name, parts) => [parts.get(name), parts.get("random")],
  );

type Parts = ReadonlyMap<string, Part>;

function toTable(
  rows: readonly Row[],
  engines: typeof ENGINES,
  pick: (name: string, parts: Parts) => [Part | undefined, Part | undefined],
): string {
  const lines = everyPart(rows).map(({ suite, agents, parts }) => [
    suite.name,
    String(agents),
    ...engines.map(({ name }) => {
      const [one, other] = pick(name, parts);
      const ratio = one && other && ratioOf(one, other, suite.evaluations);
      return ratio ? `${digits(ratio.value)} (${showBasis(ratio)})` : "";
    }),
  ]);
  return table(["suite", "agents", ...engines.map(({ label }) => label)], lines);
}

function everyPart(rows: readonly Row[]): { suite: Suite; agents: number; parts: Parts }[] {
  return SUITES.flatMap((suite) =>
    suite.agents.flatMap((agents) => {
      const parts = new Map(partsOf(rows, suite, agents).map((part) => [part.engine.name, part]));
      return parts.has("bayes") ? [{ suite, agents, parts }] : [];
    }),
  );
}

const statisticOf = ({ regret }: Suite): ((groups: ByTask<Pair>) => number) =>
  regret === "distance" ? ratioOfGeometricMeans : ratioOfMeans;

interface Ratio extends Interval {
  readonly value: number;
  readonly pairs: number;
  readonly tasks: number;
  readonly allTasks: number;
  /** Searches that both have begun and one of them has given up. */
  readonly missing: number;
}

/** Over the tasks and seeds that both have done; undefined where there are none. */
function ratioOf(ours: Part, theirs: Part, at: number): Ratio | undefined {
  const pairs = pairsOf(ours.rows, theirs.rows, at);
  const statistic = statisticOf(ours.suite);
  if (pairs.length === 0) return undefined;
  const key = ({ task, seed }: Row): string => `${task} ${seed}`;
  const begun = new Set(theirs.rows.map(key));
  const done = pairs.flat().length;
  return {
    value: statistic(pairs),
    pairs: done,
    tasks: pairs.length,
    allTasks: ours.tasks.length,
    missing: ours.rows.filter((row) => begun.has(key(row))).length - done,
    ...bootstrap(pairs, statistic, { tasks: true }),
  };
}

const showBasis = ({ low, high, pairs, tasks, allTasks, missing }: Ratio): string =>
  [
    `${digits(low)} to ${digits(high)}; ${pairs}`,
    tasks < allTasks ? ` on ${tasks} of ${allTasks} tasks` : "",
    missing > 0 ? `, ${missing} more given up` : "",
  ].join("");

/** Of whom bayes is ahead, by intervals of the ratio that do not reach over 1, and who is ahead of it. */
export function ofVerdicts(rows: readonly Row[]): string {
  const lines = everyPart(rows).map(({ suite, agents, parts }) => {
    const ours = parts.get("bayes");
    const said = PEERS.flatMap(({ name, label }) => {
      const theirs = parts.get(name);
      const ratio = ours && theirs && ratioOf(ours, theirs, suite.evaluations);
      return ratio ? [{ label, ratio }] : [];
    });
    const those = (are: (ratio: Ratio) => boolean): string =>
      said.flatMap(({ label, ratio }) => (are(ratio) ? [`${label} ${digits(ratio.value)}`] : [])).join(", ");
    return [
      suite.name,
      String(agents),
      those(({ high }) => high < 1),
      those(({ low, high }) => low <= 1 && high >= 1),
      those(({ low }) => low > 1),
    ];
  });
  return table(["suite", "agents", "bayes is ahead of", "nobody knows", "bayes is behind"], lines);
}

/** Where another engine comes out ahead of bayes: of a whole suite, and on single tasks. */
export function ofDefeats(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const { suite, agents, parts } of everyPart(rows)) {
    const ours = parts.get("bayes") as Part;
    const others = PEERS.flatMap(({ name }) => parts.get(name) ?? []);
    for (const theirs of others)
      for (const at of [earlyOf(suite.evaluations), suite.evaluations]) {
        const ratio = ratioOf(ours, theirs, at);
        if (ratio && ratio.value > 1)
          lines.push(
            `- Suite ${suite.name}, agents: ${agents}, after ${at} runs: ${theirs.engine.label} is ahead of us, our regret is ${digits(ratio.value)} times theirs (${showBasis(ratio)}).`,
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
