import { AppError } from "@/core/errors";
import { bayes } from "./bayes";
import { byNumber } from "./by-number";
import { openDomain } from "./domain";
import type { Problem, SearchMethod } from "./method";

const random = byNumber("random", "random");
const sobol = byNumber("sobol", "design");
const METHODS: readonly SearchMethod[] = [byNumber("grid", "grid"), random, sobol, bayes];

/** @throws AppError METHOD_NOT_YET for a method that is not built */
export function methodOf(name: string): SearchMethod {
  const method = METHODS.find((each) => each.name === name);
  if (method !== undefined) return method;
  throw new AppError("METHOD_NOT_YET", `method ${name} is not built yet: use auto, bayes, random or grid`, {
    details: { method: name, known: METHODS.map((each) => each.name) },
  });
}

export interface Picked {
  readonly method: SearchMethod;
  /** A sentence for people. */
  readonly why: string;
}

/** Which method searches: the one that the sweep file names, or the one that `auto` finds best for it. */
export function pickMethod(problem: Problem): Picked {
  const { method } = problem.config;
  if (method === "auto") return pickForYou(problem);
  return { method: methodOf(method), why: `the sweep file names method ${method}` };
}

/** With more runs a model no longer pays for its time: a proposal takes half a second of a core at 1,000 results. */
const MODELLED_RUNS = 1000;

function pickForYou({ config }: Problem): Picked {
  const { runCap, repeats } = config;
  const { size } = openDomain(config);
  if (size !== null && runCap !== undefined && size * BigInt(repeats) <= BigInt(runCap))
    return { method: random, why: `random order: run_cap covers all ${size} configurations` };
  if (runCap !== undefined && runCap > MODELLED_RUNS)
    return {
      method: sobol,
      why: `sobol: ${runCap} runs are more than the ${MODELLED_RUNS} up to which a model pays for its time`,
    };
  return {
    method: bayes,
    why: "bayes: a model of the results chooses better than chance from the first ten runs on",
  };
}
