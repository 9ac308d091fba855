import { holds, listLeaves, nestValues, orderByConditions } from "@/core/leaves";
import { fromUnit } from "@/core/space";
import type { SweepConfig } from "@/core/sweep-config";
import type { Value } from "@/core/value";
import { drawUnit, openStream } from "@/math/random";
import { hashText, type Points, toCanonicalText, toLabel } from "./point";

type RandomConfig = Pick<SweepConfig, "parameters" | "repeats">;

/**
 * Independent draws without end. The k-th configuration depends on the seed and k alone, not on who asks when; each
 * parameter draws from a stream keyed by its own path, so adding or removing one leaves the values of the others alone.
 *
 * Streams repeat after 2^64 configurations. The hash covers k: equal draws are two runs, as in W&B, which compares none.
 */
export function openRandom({ parameters, repeats }: RandomConfig, seed: string): Points {
  const leaves = listLeaves(parameters);
  const order = orderByConditions(leaves);
  const streams = leaves.map(({ path }) => openStream(seed, path));
  const labels = leaves.map(toLabel);
  const times = BigInt(repeats);
  return {
    size: null,
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
