/**
 * Longer sweeps than those of run.ts: our methods on the functions of suite A by one agent, after N runs. Prints the median of the regret over
 * seeds for each function, the geometric mean of those over the five functions that are continuous, and what a proposal cost.
 * npx tsx bench/search/long.ts [RUNS] [SEEDS] [METHODS] (2000 3 tpe,cmaes,random: ten minutes)
 */
import { median } from "@/math/stats";
import { openEngines } from "./engines";
import { digits, table } from "./markdown";
import { play } from "./play";
import { geometricMean, mean, regretAt } from "./statistics";
import { suiteOf } from "./suites";
import type { Task } from "./task";

const [runs = "2000", seeds = "3", names = "tpe,cmaes,random"] = process.argv.slice(2);
const evaluations = Number(runs);
const say = (message: string): void => console.error(message);
const suite = { ...suiteOf("A"), evaluations };
const tasks = suite
  .open(say)
  .map((task): Task => ({ ...task, config: { ...task.config, runCap: evaluations } }));
const isContinuous = ({ config }: Task): boolean =>
  Object.values(config.parameters).every(({ kind }) => kind === "uniform" || kind === "log_uniform_values");

const lines = names.split(",").map((name) => {
  const engine = openEngines(say).find((each) => each.name === name);
  if (engine === undefined) throw new RangeError(`no engine is called ${name}`);
  const found = tasks.map((task) => {
    const plays = Array.from({ length: Number(seeds) }, (_, i) => play(engine, suite, task, 1, i + 1));
    say(`${name} on ${task.name}`);
    return {
      regret: median(plays.map(({ byValue }) => regretAt(byValue, evaluations) ?? Number.NaN)),
      seconds: mean(plays.map((each) => each.seconds)),
    };
  });
  engine.close();
  const level = geometricMean(
    found.flatMap(({ regret }, i) => (isContinuous(tasks[i] as Task) ? [regret] : [])),
  );
  const cost = 1000 * mean(found.map(({ seconds }) => seconds));
  return [name, ...found.map(({ regret }) => digits(regret)), digits(level), digits(cost)];
});
console.log(table([`${runs} runs`, ...tasks.map(({ name }) => name), "continuous", "ms"], lines));
