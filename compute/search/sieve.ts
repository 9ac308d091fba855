import type { Constraint } from "@/core/constraint";
import type { Value } from "@/core/value";
import { openMarks } from "./marks";
import { nothingLeft } from "./nothing-left";
import type { Tangle } from "./tangle";

/** Values by leaf; a test asks about leaves that have their values. */
export type Test = (values: readonly (Value | undefined)[]) => boolean;

/** A tangle, some of whose combinations may be forbidden. */
export interface Digit extends Tangle {
  /** Whether every index below `size` holds a combination of its own. Otherwise `choose` takes the allowed ones alone. */
  readonly exact: boolean;
  /** The first allowed index from this one on; undefined when there is none. Writes its values, as `choose` does. */
  next(index: bigint, values: (Value | undefined)[]): bigint | undefined;
  /** Whether this index is allowed; writes its values, as `choose` does. */
  allows(index: bigint, values: (Value | undefined)[]): boolean;
}

export const openDigit = (tangle: Tangle): Digit => ({
  ...tangle,
  exact: true,
  next(index, values) {
    if (index >= tangle.size) return undefined;
    tangle.choose(index, values);
    return index;
  },
  allows: () => true,
});

/** So many combinations are gone through when a sweep is opened, in half a second, and noted in 133 kB. */
const LISTED = 1_000_000n;

/**
 * Tangles that constraints tie together, as one digit: the first of them the highest, the last varies fastest. Up to LISTED
 * combinations the forbidden ones have no index. Of more the indexes are those of all combinations, and forbidden ones are
 * found as one comes to them.
 *
 * @throws AppError CONSTRAINTS_LEAVE_NOTHING from `next`, when it has looked for seconds
 * @param tests by tangle: what can be asked once it and those before it are chosen, so that a forbidden beginning is not gone through
 */
export function openSieve(
  tangles: readonly Tangle[],
  tests: readonly (readonly Test[])[],
  constraints: readonly Constraint[],
  leaves: number,
): Digit {
  const size = tangles.reduce((product, tangle) => product * tangle.size, 1n);
  if (size > LISTED) return openLazy(tangles, tests, constraints, size);
  const allowed = openMarks(Number(size));
  const values: (Value | undefined)[] = new Array(leaves).fill(undefined);
  const walk = (position: number, index: number): void => {
    const tangle = tangles[position];
    if (tangle === undefined) {
      allowed.mark(index);
      return;
    }
    const own = tests[position] ?? [];
    const radix = Number(tangle.size);
    for (let digit = 0; digit < radix; digit++) {
      tangle.choose(BigInt(digit), values);
      if (own.every((test) => test(values))) walk(position + 1, index * radix + digit);
    }
  };
  walk(0, 0);
  const chooser = openChooser(tangles);
  return openDigit({
    size: BigInt(allowed.count()),
    choose: (index, into) => chooser(BigInt(allowed.at(Number(index))), into),
  });
}

function openChooser(tangles: readonly Tangle[]): Tangle["choose"] {
  const fastestFirst = [...tangles].reverse();
  return (index, values) => {
    let rest = index;
    for (const tangle of fastestFirst) {
      tangle.choose(rest % tangle.size, values);
      rest /= tangle.size;
    }
  };
}

function openLazy(
  tangles: readonly Tangle[],
  tests: readonly (readonly Test[])[],
  constraints: readonly Constraint[],
  size: bigint,
): Digit {
  const choose = openChooser(tangles);
  const passes = (position: number, values: readonly (Value | undefined)[]): boolean =>
    (tests[position] ?? []).every((test) => test(values));
  return {
    size,
    exact: false,
    choose,
    next: (index, values) => {
      if (index >= size) return undefined;
      const digits = new Array<bigint>(tangles.length).fill(0n);
      let rest = index;
      for (let position = tangles.length - 1; position >= 0; position--) {
        const radix = tangles[position]?.size ?? 1n;
        digits[position] = rest % radix;
        rest /= radix;
      }
      const found = seek(tangles, digits, passes, values);
      if (found === "given up") throw nothingLeft(constraints, `none of ${MOST_LOOKS} combinations in a row`);
      if (found === "none") return undefined;
      return digits.reduce((sum, digit, position) => sum * (tangles[position]?.size ?? 1n) + digit, 0n);
    },
    allows(index, values) {
      choose(index, values);
      return tangles.every((_, position) => passes(position, values));
    },
  };
}

/** Seconds: nobody waits any longer, and a transaction may be open. */
const MOST_LOOKS = 2_000_000;

/** Moves the digits on to the first combination at or behind them that passes. */
function seek(
  tangles: readonly Tangle[],
  digits: bigint[],
  passes: (position: number, values: readonly (Value | undefined)[]) => boolean,
  values: (Value | undefined)[],
): "found" | "none" | "given up" {
  let position = 0;
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const tangle = tangles[position];
    if (tangle === undefined) return "found";
    const digit = digits[position] ?? 0n;
    if (digit < tangle.size) {
      tangle.choose(digit, values);
      if (passes(position, values)) {
        position++;
        continue;
      }
    } else if (position === 0) return "none";
    else position--;
    digits[position] = (digits[position] ?? 0n) + 1n;
    digits.fill(0n, position + 1);
  }
  return "given up";
}
