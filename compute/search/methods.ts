import { AppError } from "@/core/errors";
import { bayes } from "./bayes";
import { byNumber } from "./by-number";
import type { Problem, SearchMethod } from "./method";

const METHODS: readonly SearchMethod[] = [
  byNumber("grid", "grid"),
  byNumber("random", "random"),
  byNumber("sobol", "design"),
  bayes,
];

/** @throws AppError METHOD_NOT_YET for a method that does not choose by itself */
export function methodOf(name: string): SearchMethod {
  const method = METHODS.find((each) => each.name === name);
  if (method !== undefined) return method;
  throw new AppError("METHOD_NOT_YET", `method ${name} does not choose points by itself`, {
    details: { method: name, known: METHODS.map((each) => each.name) },
  });
}

export interface Picked {
  readonly method: SearchMethod;
  /** A sentence for people. */
  readonly why: string;
}

/** Which method searches: the one that the sweep file names, or the one that `auto` finds best for it. */
export function pickMethod({ config }: Problem): Picked {
  return { method: methodOf(config.method), why: `the sweep file names method ${config.method}` };
}
