import fc from "fast-check";
import { expect, test } from "vitest";
import { roundDigits } from "@/core/history/digits";

test("rounded columns are as toPrecision rounds them, to one unit of the last digit, at every scale, and short in JSON", () => {
  const value = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 15 }), (x, digits) => {
      const [rounded = null] = roundDigits([x], digits);
      if (x === 0) {
        expect(rounded).toBe(x);
        return;
      }
      const unit = 10 ** (Math.floor(Math.log10(Math.abs(x))) + 1 - digits);
      expect(Math.abs((rounded as number) - x)).toBeLessThanOrEqual(Math.max(unit, Number.MIN_VALUE));
      const [mantissa = ""] = Math.abs(rounded as number)
        .toExponential()
        .split("e");
      if (Math.abs(x) > 1e-300 && Math.abs(x) < 1e307)
        expect(mantissa.replace(".", "").length).toBeLessThanOrEqual(digits);
    }),
  );
  expect(roundDigits([0.123456789012, null, -98_765.4321, 1e-30, 0], 8)).toEqual([
    0.12345679,
    null,
    -98_765.432,
    1e-30,
    0,
  ]);
});
