import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keepMargin } from "@/compute/search/cma/margin";
import { normalCdf } from "@/math/special";

const spreads = fc.double({ min: -9, max: 0, noNaN: true }).map((power) => 10 ** power);
const alphas = fc.double({ min: 0.001, max: 0.2, noNaN: true });
const places = fc.double({ min: 0, max: 1, noNaN: true });
/** The cell within which the mean lies. */
const LOW = 0.4;
const HIGH = 0.6;

describe("the margin of a number of few values", () => {
  test("leaves both sides of a cell a chance of half of it, however far the distribution has shrunk", () => {
    fc.assert(
      fc.property(spreads, alphas, places, (spread, alpha, place) => {
        const kept = keepMargin(LOW + place * (HIGH - LOW), spread, [LOW, HIGH], alpha);
        expect(kept.mean).toBeGreaterThanOrEqual(LOW);
        expect(kept.mean).toBeLessThanOrEqual(HIGH);
        expect(normalCdf((LOW - kept.mean) / kept.spread)).toBeGreaterThan((alpha / 2) * (1 - 1e-5));
        expect(normalCdf((kept.mean - HIGH) / kept.spread)).toBeGreaterThan((alpha / 2) * (1 - 1e-5));
      }),
    );
  });

  test("leaves the one side that a cell at an end of the range has a chance of all of it", () => {
    fc.assert(
      fc.property(spreads, alphas, places, (spread, alpha, place) => {
        const first = keepMargin(place * LOW, spread, [Number.NEGATIVE_INFINITY, LOW], alpha);
        expect(normalCdf((first.mean - LOW) / first.spread)).toBeGreaterThan(alpha * (1 - 1e-5));
        const last = keepMargin(HIGH + place * LOW, spread, [HIGH, Number.POSITIVE_INFINITY], alpha);
        expect(normalCdf((HIGH - last.mean) / last.spread)).toBeGreaterThan(alpha * (1 - 1e-5));
      }),
    );
  });

  test("changes nothing where the distribution is wide enough", () => {
    expect(keepMargin(0.5, 0.3, [LOW, HIGH], 0.1)).toEqual({ mean: 0.5, spread: 0.3 });
  });
});
