import { holds, type Leaf, listLeaves, nestValues, orderByConditions } from "@/core/leaves";
import { fromUnit } from "@/core/space";
import type { SweepConfig } from "@/core/sweep-config";
import type { Value } from "@/core/value";
import { drawUnit, openStream } from "@/math/random";
import { openDomain } from "./domain";
import { openDraws } from "./draws";
import { type Found, toPoints } from "./numbers";
import { hashText, type Points, toCanonicalText, toLabel } from "./point";
import { openRedraw } from "./redraw";

type RandomConfig = Pick<SweepConfig, "parameters" | "repeats" | "constraints">;

/**
 * Random draws: from a finite space without replacement until all of it was had, from any other one without end. The k-th
 * configuration depends on the seed and k alone, not on who asks when; each parameter draws from a stream keyed by its own
 * path, so adding or removing one leaves the values of the others alone (unless the space is finite and all its
 * configurations are alike likely: then they are shuffled as a whole). What the constraints forbid is drawn again.
 *
 * Streams repeat after 2^64 configurations.
 *
 * @throws AppError CONSTRAINTS_LEAVE_NOTHING
 */
export function openRandom({ parameters, repeats, constraints = [] }: RandomConfig, seed: string): Points {
  const domain = openDomain({ parameters, constraints });
  if (domain.listed === null && constraints.length === 0)
    return openEndless(listLeaves(parameters), BigInt(repeats), seed);
  const draw = openRedraw(domain, constraints, seed);
  if (domain.listed !== null) return openDraws(domain, (k) => draw(k), seed, repeats, domain.even);
  const find = (k: bigint): Found => {
    const { params, hash } = draw(k);
    return { params, hash: hashText(`random ${k}\n${hash}`) };
  };
  return toPoints(null, null, find, BigInt(repeats));
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
