import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAppError } from "@/core/errors";
import {
  compareCodePoints,
  Float,
  fromPlain,
  isSameValue,
  MAX_VALUE_DEPTH,
  parseJson,
  sortKeys,
  stringifyJson,
  toIdentity,
  toValueMap,
  type Value,
} from "@/core/value";

const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.string({ unit: "binary" }).filter((text) => !/\p{Surrogate}/u.test(text)),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
    fc.double({ noInteger: true, noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger().map((whole) => new Float(whole)),
    fc.constantFrom(new Float(1e22), new Float(-0), new Float(1.5e300)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 4 }).map(toValueMap),
    fc.constantFrom("__proto__", "constructor", "10", "9").map((key) => toValueMap([[key, 1]])),
  ),
})).value;

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return "nothing thrown";
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
};

describe("values", () => {
  test("come back from JSON text as they were", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(parseJson(stringifyJson(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test("agree with JSON.parse on everything but the kind of number", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.parse(stringifyJson(parseJson(text)))).toEqual(
          JSON.parse(text, (_, x) => (Object.is(x, -0) ? 0 : x)),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("tell 1.0 from 1, keep large integers whole and write floats so that jsonb keeps them floats", () => {
    const text = "[1,1.0,-0.0,10000000000000000000000,1e22,0.5,1e-7,9007199254740993,1E2]";
    expect(stringifyJson(parseJson(text))).toBe(
      "[1,1.0,-0.0,10000000000000000000000,10000000000000000000000.0,0.5,1e-7,9007199254740993,100.0]",
    );
    expect(parseJson("-0")).toBe(0);
  });

  test("read Python's bare NaN and infinities, and write them as strings, since jsonb has none", () => {
    expect(stringifyJson(parseJson("[NaN, Infinity, -Infinity, 1e999]"))).toBe(
      '["NaN","Infinity","-Infinity","Infinity"]',
    );
  });

  test("hold any name, `__proto__` too", () => {
    const value = parseJson('{"__proto__": {"polluted": true}, "a": 1, "a": 2}');
    expect(stringifyJson(value)).toBe('{"__proto__":{"polluted":true},"a":2}');
    expect("polluted" in {}).toBe(false);
  });

  test.each([
    "",
    " ",
    "{",
    "[1,]",
    "01",
    '{"a":1,}',
    '"\n"',
    "1 2",
    "tru",
    "+1",
    ".5",
    "1.",
    "{a:1}",
    "'x'",
    '"\\x"',
    "[1",
    '"abc',
  ])("refuse %j with its position", (text) => {
    expect(codeOf(() => parseJson(text))).toBe("BAD_INPUT");
    expect(() => parseJson(text)).toThrow(/position \d+/);
  });

  test("refuse depth bombs and endless integers instead of overflowing or hanging", () => {
    expect(codeOf(() => parseJson("[".repeat(1_000_000)))).toBe("BAD_INPUT");
    expect(codeOf(() => parseJson("9".repeat(1_000_000)))).toBe("BAD_INPUT");
    const deepest = "[".repeat(MAX_VALUE_DEPTH) + "]".repeat(MAX_VALUE_DEPTH);
    expect(stringifyJson(parseJson(deepest))).toBe(deepest);
    expect(parseJson(`"${"\\\\a".repeat(2_000_000)}"`)).toHaveLength(4_000_000);
    const loop: unknown[] = [];
    loop.push(loop);
    expect(codeOf(() => fromPlain(loop))).toBe("BAD_INPUT");
  });

  test("never throw anything but BAD_INPUT on bytes of any kind", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"',
      "\\",
      ",",
      ":",
      "1",
      "-",
      ".",
      "e",
      "true",
      "null",
      " ",
      "é",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        expect(["nothing thrown", "BAD_INPUT"]).toContain(codeOf(() => parseJson(parts.join(""))));
      }),
      { numRuns: 500 },
    );
  });

  test("from plain JavaScript take whole numbers as integers", () => {
    expect(fromPlain({ a: 1, b: [1.5, 1e300], c: undefined })).toEqual({ a: 1, b: [1.5, new Float(1e300)] });
    expect(codeOf(() => fromPlain(() => 1))).toBe("BAD_INPUT");
  });
});

describe("identity", () => {
  test.each<[Value, Value]>([
    [1, new Float(1)],
    [10n ** 22n, new Float(1e22)],
    [0, new Float(-0)],
    [new Float(Number.NaN), new Float(Number.NaN)],
    [
      toValueMap([
        ["a", 1],
        ["b", 2],
      ]),
      toValueMap([
        ["b", 2],
        ["a", 1],
      ]),
    ], // prettier-ignore
  ])("of %o and %o is one", (a, b) => {
    expect(isSameValue(a, b)).toBe(true);
  });

  test.each<[Value, Value]>([
    [1, "1"],
    [1, true],
    [0, false],
    [null, "null"],
    [[1], [new Float(1)]],
    [[], toValueMap([])],
    [new Float(Number.NaN), "NaN"],
    [["a,b"], ["a", "b"]],
    [2n ** 53n, 2n ** 53n + 1n],
  ])("of %o and %o differs", (a, b) => {
    expect(isSameValue(a, b)).toBe(false);
  });

  test("never joins values that differ in JSON, beyond the whole float at the top", () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        const text = (value: Value): string =>
          stringifyJson(sortKeys(value instanceof Float ? BigInt(value.value) + 0n : value));
        expect(toIdentity(a) === toIdentity(b)).toBe(text(a) === text(b));
      }),
      { numRuns: 500 },
    );
  });
});

test("names sort by code point, as Python sorts them", () => {
  const names = ["b", "a", "B", "_", "é", "a.b", "a-b", "ab", "😀", "\uffee", ""];
  // python3: sorted(names)
  expect([...names].sort(compareCodePoints)).toEqual([
    "",
    "B",
    "_",
    "a",
    "a-b",
    "a.b",
    "ab",
    "b",
    "é",
    "\uffee",
    "😀",
  ]);
  expect(compareCodePoints("😀", "\uffee")).toBeGreaterThan(0);
  expect(compareCodePoints("\uffee", "😀")).toBeLessThan(0);
});
