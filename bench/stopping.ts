import { toTable } from "@/agent/table";
import { describeSet, measureRules, RUNS, SETS, SWEEPS } from "./stopping/measure";
import { savingsTable } from "./stopping/table";

/**
 * How much training each rule saves on recorded curves, and what it loses, with 1, 8 and 32 agents: `npx tsx bench/stopping.ts [set ...]`;
 * with `page` the tables of docs/early-stopping.md.
 */
const percent = (share: number, digits = 1): string => (100 * share).toFixed(digits);
const asked = process.argv.slice(2);
if (asked[0] === "page")
  for (const agents of [8, 1]) console.log(`\n${agents} agents\n\n${savingsTable(agents)}`);

for (const set of SETS.filter((one) => asked.length === 0 || asked.includes(one))) {
  const { runs, epochs } = describeSet(set);
  console.log(`\n${set}: ${runs} runs of ${epochs} epochs; ${SWEEPS} sweeps of ${RUNS} runs each`);
  for (const agents of [1, 8, 32]) {
    console.log(`\n${agents} agents`);
    console.log(
      toTable(
        ["RULE", "SPENT %", "TIMES LESS", "LOST %", "BEST RUN LOST %", "BEHIND %"],
        measureRules(agents, set).map(({ rule, spent, lost, bestLost, behind }) => [
          rule,
          percent(spent),
          (1 / spent).toFixed(2),
          percent(lost),
          percent(bestLost),
          percent(behind, 2),
        ]),
      ),
    );
  }
}
