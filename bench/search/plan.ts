import type { Engine } from "./engines";
import type { Row } from "./results";
import type { Suite } from "./suites";
import type { Task } from "./task";

/** A search to be made. */
export interface Step {
  readonly engine: Engine;
  readonly suite: Suite;
  readonly agents: number;
  readonly task: Task;
  readonly seed: number;
}

export interface Wanted {
  readonly engines: readonly Engine[];
  readonly suites: readonly Suite[];
  readonly agents: readonly number[];
  /** From 1 to this one; a suite's own number when left out. */
  readonly seeds?: number;
  /** Part of the names of tasks; all when left out. */
  readonly task?: string;
}

/** What is wanted and not had, nor refused as it would be to a user, seed by seed: wherever a bench is ended, all engines have come about as far. */
export function planSearches(
  wanted: Wanted,
  tasksOf: (suite: Suite) => readonly Task[],
  had: readonly Row[],
): Step[] {
  const done = new Set(
    had.map(({ suite, agents, engine, version, task, seed }) =>
      key(suite, agents, engine, version, task, seed),
    ),
  );
  const seedsOf = (suite: Suite): number => wanted.seeds ?? suite.seeds;
  const most = Math.max(...wanted.suites.map(seedsOf));
  const steps: Step[] = [];
  for (let seed = 1; seed <= most; seed++)
    for (const suite of wanted.suites)
      for (const agents of suite.agents.filter((each) => wanted.agents.includes(each)))
        for (const engine of wanted.engines)
          for (const task of tasksOf(suite)) {
            const isWanted = seed <= seedsOf(suite) && task.name.includes(wanted.task ?? "");
            const isRefused = engine.isOurs && task.refusedBy.has(engine.name);
            if (
              isWanted &&
              !isRefused &&
              !done.has(key(suite.name, agents, engine.name, engine.version, task.name, seed))
            )
              steps.push({ engine, suite, agents, task, seed });
          }
  return steps;
}

const key = (...parts: (string | number)[]): string => parts.join(" ");
