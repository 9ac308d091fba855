import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openPermutation } from "@/math/permutation";

describe("a permutation", () => {
  test("of any small size visits each place once", () => {
    for (let size = 1; size <= 300; size++) {
      const permute = openPermutation(BigInt(size), "s");
      const images = new Set(Array.from({ length: size }, (_, k) => permute(BigInt(k))));
      expect(images.size).toBe(size);
      expect([...images].every((image) => image >= 0n && image < size)).toBe(true);
    }
  });

  test("of a size beyond any list stays inside, without meeting itself", () => {
    const sizes = fc.bigInt({ min: 2n, max: 2n ** 200n });
    fc.assert(
      fc.property(
        sizes,
        fc.string({ maxLength: 8 }),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 200n })),
        (size, seed, ks) => {
          const permute = openPermutation(size, seed);
          const places = [...new Set(ks.map((k) => k % size))];
          const images = places.map(permute);
          expect(images.every((image) => image >= 0n && image < size)).toBe(true);
          expect(new Set(images).size).toBe(places.length);
          expect(places.map(openPermutation(size, seed))).toEqual(images);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("is the same on every machine", () => {
    expect([0n, 1n, 2n, 999n].map(openPermutation(1000n, "7"))).toMatchInlineSnapshot(`
      [
        70n,
        453n,
        227n,
        315n,
      ]
    `);
    expect([0n, 10n ** 30n - 1n].map(openPermutation(10n ** 30n, "7"))).toMatchInlineSnapshot(`
      [
        125188291338566875915100520647n,
        941158794027574103173160460430n,
      ]
    `);
  });

  test("puts every value at every place about equally often over seeds", () => {
    const counts = new Map<string, number>();
    const seeds = 5_000;
    for (let seed = 0; seed < seeds; seed++) {
      const permute = openPermutation(5n, String(seed));
      for (let k = 0n; k < 5n; k++) {
        const key = `${k}->${permute(k)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    expect(counts.size).toBe(25);
    const deviation = Math.sqrt(seeds * 0.2 * 0.8);
    for (const count of counts.values()) expect(Math.abs(count - seeds * 0.2)).toBeLessThan(5 * deviation);
  });

  test("refuses a size and a place that make no sense", () => {
    expect(() => openPermutation(0n, "")).toThrow("not 0");
    expect(() => openPermutation(3n, "")(3n)).toThrow("3 is not within 0 .. 2");
  });
});
