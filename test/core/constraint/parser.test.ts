import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseExpression } from "@/core/constraint";
import { anyName, complaintOf, parsed } from "./support";

const LONGEST = 1_000;
const DEEPEST = 50;

describe("an expression", () => {
  test.each([
    ["a + b * c", "a + (b * c)"],
    ["a - b - c", "(a - b) - c"],
    ["-a ** -b", "-(a ** (-b))"],
    ["a ** b ** c", "a ** (b ** c)"],
    ["a or b and not c < d", "a or (b and (not (c < d)))"],
    ["not a in [1]", "not (a in [1])"],
    ["a // b % c / d", "((a // b) % c) / d"],
    ["- + - a", "-(+(-a))"],
    ["a,"[0] ?? "", "(((a)))"],
    ["min(a, b,)", "min(a, b)"],
  ])("binds as in Python: %s is %s", (short, long) => {
    expect(parsed(short)).toEqual(parsed(long));
  });

  test("is a tree of names, values and operators, a chain of comparisons being one", () => {
    expect(parsed("0 < opt.lr <= `odd name`")).toEqual({
      kind: "compare",
      first: { kind: "literal", value: 0 },
      rest: [
        { op: "<", with: { kind: "parameter", path: ["opt", "lr"] } },
        { op: "<=", with: { kind: "parameter", path: ["odd name"] } },
      ],
    });
  });

  test.each([
    ["", "it is empty @ 0"],
    ["a <", "a value or a name is expected at its end @ 3"],
    ["a = b", '"=" has no meaning here; write == @ 2'],
    ["a && b", '"&&" has no meaning here; write and @ 2'],
    ["a || b", '"||" has no meaning here; write or @ 2'],
    ["a ≤ b", '"≤" has no meaning here; write <= @ 2'],
    ["!a", '"!" has no meaning here; write not @ 0'],
    ["a ^ 2", '"^" has no meaning here; write ** @ 2'],
    ["$a < 1", '"$" has no meaning here; write the name alone @ 0'],
    ["2a < 3", "`2a` is neither a number nor a name; write 2 * a @ 0"],
    ["'a'.upper() == b", '"." has no meaning here @ 3'],
    ["(a < b", "`)` is expected at its end @ 6"],
    ["a < b)", "an operator such as <= or `and` is expected, not ) @ 5"],
    ["a b", "an operator such as <= or `and` is expected, not b @ 2"],
    ["a not b", "`in` behind this `not` is expected, not b @ 6"],
    ["a == not b", "a value or a name is expected, not not @ 5"],
    ["'a", "the ' that opens here is never closed @ 0"],
    ["a < 'x\\n'", "a backslash stands before a quote or another backslash, not before n @ 6"],
    [
      "round(a) < 1",
      "there is no function `round`; there are min, max, abs, log, exp, sqrt, floor, ceil @ 0",
    ],
    ["log(a, 2) < 1", "`log` takes one value, not 2 @ 0"],
    ["min() < 1", "`min` takes one value or more, not 0 @ 0"],
    ["a < 1__0", "`1__0` is no number: an underscore stands between two digits @ 4"],
    ["a < 010", "`010` begins with a zero; write it without @ 4"],
    [
      "__import__('os')",
      "there is no function `__import__`; there are min, max, abs, log, exp, sqrt, floor, ceil @ 0",
    ],
  ])("%j is refused with its place and a way out", (source, complaint) => {
    expect(complaintOf(source)).toBe(complaint);
  });

  test(`has at most ${LONGEST} characters, and brackets at most ${DEEPEST} deep`, () => {
    expect(complaintOf("a".repeat(LONGEST))).toBe("none");
    expect(complaintOf("a".repeat(LONGEST + 1))).toMatch(/at most 1000 are read @ 1000$/);
    const nested = (depth: number): string => `${"(".repeat(depth)}a${")".repeat(depth)}`;
    expect(complaintOf(nested(DEEPEST))).toBe("none");
    expect(complaintOf(nested(DEEPEST + 1))).toMatch(/more than 50 deep inside each other @ /);
    for (const open of ["not ", "-", "[", "2 ** ", "min("])
      expect(complaintOf(open.repeat(900 / open.length))).toContain("more than 50 deep");
  });

  test("whatever the text, gives a tree or a complaint inside it, and the same one again", () => {
    const pieces = [
      "a",
      "opt.lr",
      "`x y`",
      "1",
      "2.5e3",
      "'t'",
      " ",
      "<",
      "<=",
      "==",
      "in",
      "not ",
      "and ",
      "or ",
      "(",
      ")",
      "[",
      "]",
      ",",
      "+",
      "-",
      "*",
      "**",
      "//",
      "min(",
      "log(",
      "é",
      "😀",
      "\\",
      '"',
      "`",
    ];
    const texts = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((list) => list.join("")),
      fc.string({ unit: "binary", maxLength: 60 }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseExpression(text, anyName);
        if ("complaint" in read) {
          expect(read.complaint.length).toBeGreaterThan(8);
          expect(read.at).toBeGreaterThanOrEqual(0);
          expect(read.at).toBeLessThanOrEqual(text.length);
        }
        expect(parseExpression(text, anyName)).toEqual(read);
      }),
      { numRuns: 1_000 },
    );
  });
});
