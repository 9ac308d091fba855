import { holds, type Leaf, listLeaves, nestValues, orderByConditions } from "@/core/leaves";
import { fromUnit } from "@/core/space";
import type { SweepConfig } from "@/core/sweep-config";
import type { Value } from "@/core/value";
import { drawUnit, openStream } from "@/math/random";
import { openDomain } from "./domain";
import { openDraws } from "./draws";
import { hashText, type Points, toCanonicalText, toLabel } from "./point";

type RandomConfig = Pick<SweepConfig, "parameters" | "repeats">;

/**
 * Random draws: from a finite space without replacement until all of it was had, from any other one without end. The k-th
 * configuration depends on the seed and k alone, not on who asks when; each parameter draws from a stream keyed by its own
 * path, so adding or removing one leaves the values of the others alone (unless the space is finite and all its
 * configurations are alike likely: then they are shuffled as a whole).
 *
 * Streams repeat after 2^64 configurations.
 */
export function openRandom({ parameters, repeats }: RandomConfig, seed: string): Points {
  const domain = openDomain({ parameters });
  if (domain.size === null) return openEndless(listLeaves(parameters), BigInt(repeats), seed);
  const streams = domain.dimensions.map(({ path }) => openStream(seed, path));
  const draw = (k: bigint) =>
    domain.sample((dimension) => {
      const stream = streams[dimension];
      return stream ? drawUnit(stream, k) : 0.5;
    });
  return openDraws(domain, draw, seed, repeats, domain.even);
}

/** The hash covers k: equal draws, which only spaces with a finite branch have, are two runs, as in W&B, which compares none. */
function openEndless(leaves: readonly Leaf[], times: bigint, seed: string): Points {
  const order = orderByConditions(leaves);
  const streams = leaves.map(({ path }) => openStream(seed, path));
  const labels = leaves.map(toLabel);
  return {
    size: null,
    count: null,
    at(index) {
      if (index < 0n) throw new RangeError(`point ${index} is not within 0 ..`);
      const k = index / times;
      const values: (Value | undefined)[] = new Array(leaves.length).fill(undefined);
      for (const i of order) {
        const leaf = leaves[i];
        const stream = streams[i];
        if (!leaf || !stream || !leaf.conditions.every(({ on, test }) => holds(test, values[on]))) continue;
        values[i] =
          leaf.parameter.kind === "constant"
            ? leaf.parameter.value
            : fromUnit(leaf.parameter, drawUnit(stream, k));
      }
      return {
        params: nestValues(leaves, values),
        hash: hashText(`random ${k}\n${toCanonicalText(labels, values)}`),
        repeat: Number(index % times),
      };
    },
  };
}
