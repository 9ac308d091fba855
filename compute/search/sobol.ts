import type { SweepConfig } from "@/core/sweep-config";
import { openSobol } from "@/math/sobol";
import { openDomain } from "./domain";
import { openDraws } from "./draws";
import type { Points } from "./point";

type SobolConfig = Pick<SweepConfig, "parameters" | "repeats">;

/**
 * Scrambled Sobol points: random, and yet without the clusters and gaps of independent draws. Each varying parameter is a
 * coordinate, whether it exists in a configuration or not, so all of them stay evenly spread. In a finite space
 * none comes twice. What falls together in an endless one (a branch without reals) has one hash.
 */
export function openSobolPoints({ parameters, repeats }: SobolConfig, seed: string): Points {
  const domain = openDomain({ parameters });
  const sobol = openSobol(domain.dimensions.length, seed);
  const units = new Float64Array(domain.dimensions.length);
  const draw = (k: bigint) => {
    sobol.at(Number(BigInt.asUintN(32, k)), units); // the sequence ends there, and begins again
    return domain.sample((dimension) => units[dimension] ?? 0.5);
  };
  return openDraws(domain, draw, seed, repeats, false);
}
