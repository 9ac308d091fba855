import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openPoints, type Points } from "@/compute/search/points";
import { openConstraints } from "@/core/constraint";
import { AppError } from "@/core/errors";
import { stringifyJson } from "@/core/value";
import { constraintsOn, leavesNothing } from "../support/constraints";
import { type PlannedConfig, parameters } from "../support/parameters";

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What every way of choosing points by number must keep. */
export function describePoints(method: "grid" | "random" | "sobol"): void {
  const configs = fc
    .record({
      parameters: parameters({ continuous: method !== "grid" }),
      repeats: fc.integer({ min: 1, max: 3 }),
      gridOrder: fc.constantFrom("sorted" as const, "random" as const),
      seed: fc.string({ maxLength: 12 }),
    })
    .chain((parts) => fc.tuple(fc.constant(parts), constraintsOn(parts.parameters)))
    .map(([parts, constraints]): PlannedConfig & { seed: string } => {
      const config = { ...parts, method };
      const isSpent = leavesNothing(config.parameters, constraints) || refuses({ ...config, constraints });
      return { ...config, constraints: isSpent ? [] : constraints };
    });
  /** A grid lacks values that a draw has: the upper end of a q_uniform, as W&B's does. */
  const refuses = (config: PlannedConfig & { seed: string }): boolean => {
    try {
      open(config);
      return false;
    } catch (error) {
      if (method === "grid" && error instanceof AppError && error.code === "CONSTRAINTS_LEAVE_NOTHING")
        return true;
      throw error;
    }
  };
  const open = ({ seed, ...config }: PlannedConfig & { seed: string }): Points =>
    openPoints({ retries: 0, retryFailed: false, extra: new Map(), ...config }, seed);
  /** The first few indexes, and the last where there is one. */
  const someIndexes = ({ size }: Points): bigint[] => {
    const end = size === null ? 10n ** 12n : size;
    const indexes = [0n, 1n, 2n, 3n, 5n, 8n, end / 2n, end - 2n, end - 1n];
    return [...new Set(indexes.filter((index) => index >= 0n && index < end))];
  };

  describe(`points of ${method}`, () => {
    test("the same configuration, seed and index give the same point, in any order and from a new start", () => {
      fc.assert(
        fc.property(configs, (config) => {
          const one = open(config);
          const other = open(config);
          const indexes = someIndexes(one);
          const forwards = indexes.map((index) => one.at(index));
          const backwards = [...indexes].reverse().map((index) => other.at(index));
          expect(backwards.reverse()).toEqual(forwards);
        }),
        { numRuns: 60 },
      );
    });

    test("repeats of a configuration share parameters and hash, and their numbers run from 0", () => {
      fc.assert(
        fc.property(configs, (config) => {
          const points = open(config);
          const { through = 0n } = points.at(0n); // a Sobol point that is forbidden gives way to a later one
          const first = Array.from({ length: config.repeats }, (_, index) =>
            points.at(through + BigInt(index)),
          );
          expect(first.map(({ repeat }) => repeat)).toEqual(first.map((_, index) => index));
          expect(new Set(first.map(({ hash }) => toHex(hash))).size).toBe(1);
          expect(new Set(first.map(({ params }) => stringifyJson(params))).size).toBe(1);
        }),
        { numRuns: 40 },
      );
    });

    test("no two configurations share a hash of 32 bytes", () => {
      fc.assert(
        fc.property(configs, (config) => {
          const points = open({ ...config, repeats: 1 });
          const hashes = someIndexes(points).map((index) => points.at(index).hash);
          expect(hashes.every((hash) => hash.length === 32)).toBe(true);
          // a Sobol point has the hash of its values even where there is no end of them
          const mayRepeat = points.count !== points.size || (method === "sobol" && points.size === null);
          if (!mayRepeat) expect(new Set(hashes.map(toHex)).size).toBe(hashes.length);
        }),
        { numRuns: 60 },
      );
    });

    test("no point breaks a constraint", () => {
      fc.assert(
        fc.property(configs, (config) => {
          const points = open(config);
          const allows = openConstraints(config);
          for (const index of someIndexes(points)) expect(allows(points.at(index).params)).toBe(true);
        }),
        { numRuns: 60 },
      );
    });

    test("an index outside the sweep is refused", () => {
      fc.assert(
        fc.property(configs, (config) => {
          const points = open(config);
          expect(() => points.at(-1n)).toThrow(RangeError);
          if (points.size !== null) expect(() => points.at(points.size ?? 0n)).toThrow(RangeError);
        }),
        { numRuns: 20 },
      );
    });
  });
}
