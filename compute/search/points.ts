import { AppError } from "@/core/errors";
import type { Method, SweepConfig } from "@/core/sweep-config";
import { openGrid } from "./grid";
import type { Points } from "./point";
import { openRandom } from "./random";
import { openSobolPoints } from "./sobol";

export type { Point, Points } from "./point";

/** The points of a sweep that chooses them by itself. Opening computes all that `at` needs: keep it for the next claim. */
export function openPoints(config: SweepConfig, seed: string): Points {
  switch (config.method) {
    case "grid":
      return openGrid(config, seed);
    case "random":
      return openRandom(config, seed);
    case "sobol":
      return openSobolPoints(config, seed);
    default:
      throw new AppError(
        "METHOD_NOT_YET",
        `method ${config.method} does not choose points by number: use grid, random or sobol`,
        {
          details: { method: config.method },
        },
      );
  }
}

/** Methods that learn from results: a search proposes their points, one after the other, and none has a number. */
export const SEARCHED_METHODS = ["bayes", "tpe", "cmaes", "auto"] as const satisfies readonly Method[];
export const isSearched = (method: Method): boolean => SEARCHED_METHODS.some((each) => each === method);
