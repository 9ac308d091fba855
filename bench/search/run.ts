import { parseArgs } from "node:util";
import { PeerGone } from "./conversation";
import { type Engine, openEngines } from "./engines";
import { writePage } from "./page";
import { planSearches, type Step } from "./plan";
import { play } from "./play";
import { makeCharts } from "./plots";
import { pythonOf } from "./python";
import { makeTables } from "./report";
import { addResult, RESULTS, readResults, removeStale } from "./results";
import { hasSavings, makeSavings, readSavings } from "./savings";
import { SUITES, type Suite, suiteOf } from "./suites";
import type { Task } from "./task";

/**
 * The comparison with other projects' engines: `npm run bench:search`. Searches that have no result yet are made, one after another and seed by
 * seed; then the tables are printed. It may be ended at any time, and goes on where it was.
 *
 *     --peers           other projects' engines, too (hours); without it ours alone
 *     --engine a,b      these alone        --suite A,B   --agents 1,8   --task TEXT   --seeds N
 *     --out FOLDER      results elsewhere, to compare a variant: the documentation stays as it is
 *     --seeds 0         makes nothing, and writes the tables again
 *     --minutes N       ends by itself     --part 1/2    every other search, and no tables: for two processes side by side
 *     --prepare         only installs what is needed
 *
 * Suite D has no version by which its results would be told from older ones: `--suite D` makes them again.
 */
const { values: options } = parseArgs({
  options: {
    peers: { type: "boolean", default: false },
    engine: { type: "string" },
    suite: { type: "string" },
    agents: { type: "string", default: "1,8" },
    task: { type: "string" },
    seeds: { type: "string" },
    out: { type: "string", default: RESULTS },
    minutes: { type: "string", default: "Infinity" },
    part: { type: "string" },
    prepare: { type: "boolean", default: false },
  },
});

/** Early stopping has no searches: its suite is measured in one go. */
const STOPPING = "D";
const say = (message: string): void => console.error(message);
const engines = openEngines(say);
const suiteNames = options.suite?.split(",") ?? [...SUITES.map(({ name }) => name), STOPPING];
const suites = suiteNames.filter((name) => name !== STOPPING).map(suiteOf);
const chosen = options.engine
  ? options.engine.split(",").map(engineOf)
  : engines.filter(({ isOurs, name }) => (isOurs || options.peers) && name !== "auto");
const tasks = new Map<Suite, readonly Task[]>();
const tasksOf = (suite: Suite): readonly Task[] => {
  if (!tasks.has(suite)) tasks.set(suite, suite.open(say));
  return tasks.get(suite) ?? [];
};

const [part = 1, parts = 1] = options.part?.split("/").map(Number) ?? [];
if (options.prepare) prepare();
const plan = planSearches(
  {
    engines: chosen,
    suites,
    agents: options.agents.split(",").map(Number),
    seeds: options.seeds === undefined ? undefined : Number(options.seeds),
    task: options.task,
  },
  tasksOf,
  readResults(options.out),
).filter((_, i) => i % parts === part - 1);
if (!options.prepare) {
  removeStale(options.out, plan);
  work(plan);
}
if (isStoppingDue()) makeSavings(options.out);
for (const engine of engines) engine.close();
if (options.part === undefined && !options.prepare) report();

function isStoppingDue(): boolean {
  const isWanted = suiteNames.includes(STOPPING) && part === 1 && !options.prepare && options.seeds !== "0";
  return isWanted && (options.suite === STOPPING || !hasSavings(options.out));
}

/** Installs what the searches need, before several processes want to at once. */
function prepare(): void {
  for (const { label, environment } of chosen) {
    if (environment === null) continue;
    try {
      pythonOf(environment, say);
    } catch (error) {
      say(`${label} CAN'T BE INSTALLED and will be left out: ${(error as Error).message}`);
    }
  }
  if (suites.some(({ name }) => name !== "A")) pythonOf("main", say);
  for (const suite of suites) tasksOf(suite);
}

/** Prints the tables of what there is; the project's own results go into the page and its plots, too. */
function report(): void {
  const rows = readResults(options.out);
  const tables = makeTables(rows, readSavings(options.out));
  for (const [name, table] of tables) console.log(`${name}\n${table}\n`);
  if (options.out === RESULTS) writePage(tables, makeCharts(rows));
}

function engineOf(name: string): Engine {
  const engine = engines.find((each) => each.name === name);
  if (engine === undefined)
    throw new RangeError(`no engine is called ${name}: ${engines.map((each) => each.name).join(", ")}`);
  return engine;
}

function work(steps: readonly Step[]): void {
  const began = performance.now();
  const times = new Map<string, number>();
  const unusable = new Set<Engine>();
  for (const [i, step] of steps.entries()) {
    const { engine, suite, agents, task, seed } = step;
    if (performance.now() - began > Number(options.minutes) * 60_000) {
      say(`${steps.length - i} searches are left for another time`);
      return;
    }
    if (unusable.has(engine)) continue;
    const before = performance.now();
    const row = {
      suite: suite.name,
      agents,
      engine: engine.name,
      version: engine.version,
      task: task.name,
      seed,
    };
    try {
      const result = play(engine, suite, task, agents, seed);
      addResult(options.out, { ...row, play: result });
    } catch (error) {
      say(
        `${engine.label} on ${suite.name} ${task.name}, seed ${seed}, ${agents} agents: ${(error as Error).message}`,
      );
      if (error instanceof PeerGone) {
        addResult(options.out, { ...row, play: null });
        engine.close();
      } else {
        say(`${engine.label} IS LEFT OUT from here on`);
        unusable.add(engine);
      }
      continue;
    }
    const seconds = (performance.now() - before) / 1000;
    times.set(kindOf(step), seconds);
    const left = steps.slice(i + 1).reduce((sum, each) => sum + (times.get(kindOf(each)) ?? seconds), 0);
    say(
      `${i + 1}/${steps.length}  ${suite.name} ${agents} ${engine.name} ${task.name} seed ${seed}: ${seconds.toFixed(1)} s; ${Math.ceil(left / 60)} min left`,
    );
  }
}

function kindOf({ engine, suite, agents }: Step): string {
  return `${engine.name} ${suite.name} ${agents}`;
}
