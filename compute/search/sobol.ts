import type { SweepConfig } from "@/core/sweep-config";
import { openSobol } from "@/math/sobol";
import { openDomain } from "./domain";
import { type Draw, openDraws } from "./draws";
import { nothingLeft } from "./nothing-left";
import type { Points } from "./point";

type SobolConfig = Pick<SweepConfig, "parameters" | "repeats" | "constraints">;

/**
 * Scrambled Sobol points: random, and yet without the clusters and gaps of independent draws. Each varying parameter is a
 * coordinate, whether it exists in a configuration or not, so all of them stay evenly spread. In a finite space
 * none comes twice. What falls together in an endless one (a branch without reals) has one hash. A number whose own point the
 * constraints forbid holds the next allowed one, so that these are as evenly spread as the sequence is.
 *
 * @throws AppError CONSTRAINTS_LEAVE_NOTHING
 */
export function openSobolPoints(
  { parameters, repeats, constraints = [] }: SobolConfig,
  seed: string,
): Points {
  const domain = openDomain({ parameters, constraints });
  const sobol = openSobol(domain.dimensions.length, seed);
  const units = new Float64Array(domain.dimensions.length);
  const unit = (dimension: number): number => units[dimension] ?? 0.5;
  const draw: Draw = (k) => {
    for (let number = k; number < k + MOST_SKIPPED; number++) {
      sobol.at(Number(BigInt.asUintN(32, number)), units); // the sequence ends there, and begins again
      const values = domain.sampleAllowed(unit, 1);
      if (values !== undefined) return number === k ? values : { ...values, through: number };
    }
    throw nothingLeft(constraints, `none of ${MOST_SKIPPED} points from number ${k} on`);
  };
  return openDraws(domain, draw, seed, repeats, false);
}

/** 20 times as many as a sweep is refused after (see allowed.ts). */
const MOST_SKIPPED = 2_000_000n;
