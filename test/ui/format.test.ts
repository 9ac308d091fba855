import { describe, expect, test } from "vitest";
import { Float, parseJson } from "@/core/value";
import {
  formatAgo,
  formatDuration,
  formatNumber,
  formatRoughly,
  formatUncertain,
  formatValue,
  plural,
  toColumnFormat,
} from "@/ui/format";

/** Number and unit are joined by a space that does not break. */
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("formatNumber", () => {
  test.each([
    [0, "0"],
    [0.1 + 0.2, "0.3"],
    [0.967312, "0.96731"],
    [12345.678, "12346"],
    [1e-5, "1e-5"],
    [0.0003248712, "3.249e-4"],
    [123456789, "1.235e8"],
    [-2.5, "-2.5"],
    [9_999_999, "9999999"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-∞"],
  ])("%d is written %s", (value, text) => expect(formatNumber(value)).toBe(text));
});

describe("formatUncertain", () => {
  test.each([
    [0.02131, 0.004, "0.0213 ± 0.0040"],
    [0.9, 0.0123, "0.900 ± 0.012"],
    [-12.34, 3.2, "-12.3 ± 3.2"],
    [1234.5, 321, "1234.5 ± 321"],
    [0.5, 0, "0.5 ± 0"],
    [1.5e-9, 2e-10, "1.5e-9 ± 2e-10"],
    [3e300, 1e299, "3e300 ± 1e299"],
  ])("%d known to %d is written %s", (mean, sd, text) => expect(plain(formatUncertain(mean, sd))).toBe(text));
});

describe("toColumnFormat", () => {
  test("gives the numbers of a column the same decimals", () => {
    const format = toColumnFormat([0.958, 0.92884, 0.0912]);
    expect([0.958, 0.92884, 0.0912].map(format)).toEqual(["0.9580", "0.9288", "0.0912"]);
  });
  test("writes far-off values as exponents, not as zeros", () => {
    const format = toColumnFormat([0.5, 0.6, 0.7]);
    expect([1e-9, 123_456, Number.NaN, 0].map(format)).toEqual(["1e-9", "123456", "NaN", "0.0000"]);
  });
  test("leaves whole numbers, tiny and huge ones as they are", () => {
    expect(toColumnFormat([16, 128])(16)).toBe("16");
    expect(toColumnFormat([1e-6, 2.5e-6])(2.5e-6)).toBe("2.5e-6");
    expect(toColumnFormat([1.5e9])(1.5e9)).toBe("1.5e9");
    expect(toColumnFormat([])(0.25)).toBe("0.25");
  });
});

describe("formatValue", () => {
  test("keeps a whole float apart from an integer", () => {
    expect(formatValue(parseJson("1.0"))).toBe("1.0");
    expect(formatValue(parseJson("1"))).toBe("1");
    expect(formatValue(new Float(1e22))).toBe("1e22");
  });
  test("writes text bare, and quoted inside a list or a map", () => {
    expect(formatValue("adam")).toBe("adam");
    expect(formatValue(parseJson('["adam", 64, 0.5, null]'))).toBe('["adam", 64, 0.5, null]');
    expect(formatValue(parseJson('{"a": {"b": "c"}}'))).toBe('{a: {b: "c"}}');
  });
  test("writes nothing for a parameter that a run does not have", () => {
    expect(formatValue(undefined)).toBe("");
  });
});

describe("times", () => {
  test.each([
    [0, "0.0 s"],
    [400, "0.4 s"],
    [949, "0.9 s"],
    [950, "1 s"],
    [59_499, "59 s"],
    [59_500, "1 min"],
    [125_000, "2 min 5 s"],
    [3_599_500, "1 h"],
    [11_520_000, "3 h 12 min"],
    [353_000_000, "4 d 2 h"],
  ])("%d ms last %s", (ms, text) => expect(plain(formatDuration(ms))).toBe(text));
  test.each([
    [-5_000, "now"],
    [8_900, "8 s ago"],
    [61_000, "1 min ago"],
    [86_400_000, "24 h ago"],
    [259_200_000, "3 d ago"],
  ])("%d ms back is %s", (ms, text) => expect(plain(formatAgo(ms))).toBe(text));
  test.each([
    [3_000, "a few seconds"],
    [31_000, "about 40 s"],
    [240_000, "about 4 min"],
    [1_300_000, "about 20 min"],
    [5_400_000, "about 1.5 h"],
    [200_000_000, "about 2 days"],
  ])("%d ms left is %s", (ms, text) => expect(plain(formatRoughly(ms))).toBe(text));
  test("a count and its noun agree", () => {
    expect(plural(1, "run")).toBe("1 run");
    expect(plural(13_020, "run")).toBe("13,020 runs");
  });
});
