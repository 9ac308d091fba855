import { AppError } from "@/core/errors";
import { workersOf } from "@/core/sweep-config";
import { bayes } from "./bayes";
import { byNumber } from "./by-number";
import { cmaes } from "./cmaes";
import { isCoveredBy } from "./covered";
import { type Domain, openDomain } from "./domain";
import type { Problem, SearchMethod } from "./method";
import { tpe } from "./tpe";

const random = byNumber("random", "random");
const sobol = byNumber("sobol", "design");
const METHODS: readonly SearchMethod[] = [byNumber("grid", "grid"), random, sobol, bayes, tpe, cmaes];

/** @throws AppError METHOD_NOT_YET for a method that proposes nothing by itself */
export function methodOf(name: string): SearchMethod {
  const method = METHODS.find((each) => each.name === name);
  if (method !== undefined) return method;
  throw new AppError(
    "METHOD_NOT_YET",
    `method ${name} proposes nothing by itself: use auto, or one of ${METHODS.map((each) => each.name).join(", ")}`,
    {
      details: { method: name, known: METHODS.map((each) => each.name) },
    },
  );
}

export interface Picked {
  readonly method: SearchMethod;
  /** A sentence for people. */
  readonly why: string;
}

/**
 * Which method searches: the one that the sweep file names, or the one that `auto` finds best for it.
 * @param hasPriors its log begins with results of before
 */
export function pickMethod(problem: Problem, hasPriors = false): Picked {
  const { method } = problem.config;
  if (method === "auto") return pickForYou(problem, hasPriors);
  return { method: methodOf(method), why: `the sweep file names method ${method}` };
}

/** With more runs a model no longer pays for its time: a proposal takes 0.15 s of a core at 1,000 results. */
const MODELLED_RUNS = 1000;

/**
 * A distribution that moves needs turns to do so. Over the five continuous functions of suite A, 1,500 runs as bench/search/long.ts plays
 * them but by many agents, the regret of cmaes is 0.002 after 15 turns of 100 runs and 0.025 after 10 of 150; that of tpe hardly depends on
 * them: 0.007 with 64 side by side, 0.02 with 400.
 */
const TURNS = 15;

function pickForYou({ config }: Problem, hasPriors: boolean): Picked {
  const { runCap, metrics, softConstraints = [], budget } = config;
  const domain = openDomain(config);
  if (isCoveredBy(config, domain))
    return { method: random, why: `random order: run_cap covers all ${domain.size} configurations` };
  const workers = workersOf(config);
  if (runCap !== undefined && workers !== undefined && workers >= runCap && !hasPriors)
    return {
      method: sobol,
      why: `sobol: all ${runCap} runs begin side by side, before there is a result to learn from (num_workers is ${workers})`,
    };
  if (runCap === undefined || runCap <= MODELLED_RUNS) {
    const beside = workers !== undefined && workers > 1 ? `, ${workers} side by side included` : "";
    const open = runCap === undefined && budget?.hours !== undefined;
    const unknown = open
      ? `; how many runs ${budget.hours} hours hold is not known before they were run`
      : "";
    return {
      method: bayes,
      why: `bayes: a model of the results chooses better than chance from the first ten runs on${beside}${unknown}`,
    };
  }
  const many = `${runCap} runs are more than the ${MODELLED_RUNS} up to which a model pays for its time`;
  if (!isOfReals(domain) || metrics !== undefined || softConstraints.length > 0)
    return { method: tpe, why: `tpe: ${many}` };
  if (workers !== undefined && runCap / workers < TURNS)
    return { method: tpe, why: `tpe: ${many}, and ${workers} side by side leave too few turns for cmaes` };
  return { method: cmaes, why: `cmaes: ${many}, and all parameters are continuous` };
}

/** Where nothing is a list or a step, and nothing depends on another: there an evolution strategy converges, as tpe does not. */
const isOfReals = ({ dimensions }: Domain): boolean =>
  dimensions.every(({ kind, conditions }) => kind === "real" && conditions.length === 0);
