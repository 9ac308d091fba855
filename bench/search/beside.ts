import { median } from "@/math/stats";
import { digits, table } from "./markdown";
import type { Row } from "./results";
import { ENGINES, earlyOf, type Part, pairsOf, partsOf } from "./selection";
import { type ByTask, bootstrap, type Pair, ratioOfGeometricMeans, ratioOfMeans } from "./statistics";
import { SUITES, type Suite } from "./suites";

/** Ours beside each of the others on the same tasks and seeds, as a multiple of their regret. */
export function ofRatios(rows: readonly Row[]): string {
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
export function ofDefeats(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const suite of SUITES)
    for (const agents of suite.agents) {
      const parts = partsOf(rows, suite, agents);
      const ours = parts.find(({ engine }) => engine.name === "bayes");
      const others = parts.filter(({ engine }) => !engine.label.startsWith("**"));
      if (ours === undefined) continue;
      for (const theirs of others)
        for (const at of [earlyOf(suite.evaluations), suite.evaluations]) {
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
