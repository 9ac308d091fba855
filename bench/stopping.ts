import { toTable } from "@/agent/table";
import { measureRules, RECORDED, RUNS, SWEEPS } from "./stopping/measure";

/** How much training each rule saves on recorded curves, and what it loses, with 1, 8 and 32 agents: `npx tsx bench/stopping.ts`. */
const percent = (share: number, digits = 1): string => (100 * share).toFixed(digits);

console.log(`${RECORDED.runs} runs of ${RECORDED.epochs} epochs; ${SWEEPS} sweeps of ${RUNS} runs each`);
for (const agents of [1, 8, 32]) {
  console.log(`\n${agents} agents`);
  console.log(
    toTable(
      ["RULE", "SPENT %", "TIMES LESS", "LOST %", "BEST RUN LOST %", "BEHIND %"],
      measureRules(agents).map(({ rule, spent, lost, bestLost, behind }) => [
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
