import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Float, toValueMap, type Value } from "@/core/value";
import { evaluate } from "./support";

/** Evaluates texts with Python's own eval: `int 3`, `float 0.5`, `bool True`, or `error` where it raises one, leaves the reals, or gives an integer longer than ours may be. */
const REFEREE = `
import json, sys
from math import log, exp, sqrt, floor, ceil
names = {"a": 3, "b": -2, "c": 0.75, "d": -1e-3, "e": 10**6 + 1, "t": "adam", "u": True, "l": [1, 2.5, "adam"],
         "log": log, "exp": exp, "sqrt": sqrt, "floor": floor, "ceil": ceil}
def judge(text):
    try:
        value = eval(text, {"__builtins__": {"min": min, "max": max, "abs": abs}}, names)
    except Exception:
        return "error"
    if isinstance(value, int) and value.bit_length() > 4096:
        return "error"
    if isinstance(value, (bool, int, float)):
        return type(value).__name__ + " " + repr(value)
    return "error" if isinstance(value, complex) else "text " + value if isinstance(value, str) else "other"
print(json.dumps([judge(text) for text in json.load(sys.stdin)]))
`;
const params = toValueMap([
  ["a", 3],
  ["b", -2],
  ["c", 0.75],
  ["d", -1e-3],
  ["e", 1_000_001],
  ["t", "adam"],
  ["u", true],
  ["l", [1, 2.5, "adam"]],
]);

const hasPython = spawnSync("python3", ["--version"]).status === 0;
if (!hasPython)
  console.warn("SKIPPED: there is no python3, so constraints are not compared with Python's own evaluation");

const number = fc.oneof(
  fc.constantFrom("a", "b", "c", "d", "e", "u"),
  fc.integer({ min: 0, max: 12 }).map(String),
  fc.constantFrom(
    "0.1",
    "1e-3",
    "2.5",
    "1_000_000",
    "7.",
    ".5",
    "1e300",
    "9007199254740993",
    "True",
    "False",
  ),
);
const text = fc.constantFrom("t", "'adam'", '"sgd"', "''");

/** What IEEE 754 and whole numbers fix to the last bit. */
const exact = fc.letrec<{ sum: string; test: string }>((tie) => ({
  sum: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    number,
    fc
      .tuple(tie("sum"), fc.constantFrom("+", "-", "*", "/", "//", "%"), tie("sum"))
      .map(([x, op, y]) => `(${x} ${op} ${y})`),
    fc
      .tuple(tie("sum"), fc.constantFrom("+", "-", "*", "/", "//", "%"), tie("sum"))
      .map(([x, op, y]) => `${x} ${op} ${y}`),
    tie("sum").map((x) => `-${x}`),
    fc.tuple(fc.constantFrom("abs", "floor", "ceil", "sqrt"), tie("sum")).map(([f, x]) => `${f}(${x})`),
    fc
      .tuple(fc.constantFrom("min", "max"), fc.array(tie("sum"), { minLength: 1, maxLength: 3 }))
      .map(([f, xs]) => `${f}(${xs.join(", ")})`),
  ),
  test: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    fc
      .tuple(
        tie("sum"),
        fc.constantFrom("<", "<=", ">", ">=", "==", "!="),
        fc.oneof(tie("sum"), tie("sum"), text),
      )
      .map(([x, op, y]) => `${x} ${op} ${y}`),
    fc
      .tuple(tie("sum"), fc.constantFrom("<", "<="), tie("sum"), fc.constantFrom("<", "==", ">="), tie("sum"))
      .map((parts) => parts.join(" ")),
    fc
      .tuple(
        fc.oneof(text, tie("sum")),
        fc.constantFrom("in", "not in"),
        fc.oneof(
          fc.constant("l"),
          fc.array(fc.oneof(text, tie("sum")), { maxLength: 3 }).map((xs) => `[${xs.join(", ")}]`),
          text,
        ),
      )
      .map((parts) => parts.join(" ")),
    fc
      .tuple(tie("test"), fc.constantFrom("and", "or"), fc.oneof(tie("test"), tie("sum"), text))
      .map((parts) => parts.join(" ")),
    tie("test").map((x) => `not ${x}`),
    tie("test").map((x) => `(${x})`),
  ),
}));
/** Python's own log, exp and pow differ from ours, and from machine to machine, in the last place. */
const rounded = fc.oneof(
  fc.tuple(fc.constantFrom("log", "exp"), exact.sum).map(([f, x]) => `${f}(${x})`),
  fc
    .tuple(exact.sum, fc.constantFrom("2", "3", "-1", "0", "0.5", "-2.5", "1", "17", "c", "b", "-a"))
    .map(([x, y]) => `(${x}) ** ${y}`),
);

function spelled(value: Value | undefined): string {
  if (value === undefined) return "error";
  if (typeof value === "boolean") return value ? "bool True" : "bool False";
  if (typeof value === "string") return `text ${value}`;
  if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value)))
    return `int ${value}`;
  return typeof value === "number" || value instanceof Float ? "float" : "other";
}

function agrees(mine: Value | undefined, python: string, tolerance: number): boolean {
  const [kind, shown = ""] = python.split(/ (.*)/s);
  if (kind !== "float") return spelled(mine) === python;
  const wanted = shown === "inf" ? Infinity : shown === "-inf" ? -Infinity : Number(shown);
  const found =
    mine instanceof Float
      ? mine.value
      : typeof mine === "number" && !Number.isInteger(mine)
        ? mine
        : undefined;
  if (found === undefined) return false;
  return (
    Object.is(found, wanted) || found === wanted || Math.abs(found - wanted) <= tolerance * Math.abs(wanted)
  );
}

test.skipIf(!hasPython)("expressions have the values that Python gives them", { timeout: 120_000 }, () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const texts = [
    ...fc.sample(exact.sum, { seed, numRuns: 2_000 }).map((source) => ({ source, tolerance: 0 })),
    ...fc.sample(exact.test, { seed, numRuns: 3_000 }).map((source) => ({ source, tolerance: 0 })),
    ...fc
      .sample(rounded, { seed, numRuns: 2_000 })
      .map((source) => ({ source, tolerance: source.includes("**") ? 2e-13 : 4e-15 })),
  ].filter(({ source }) => source.length <= 1_000);
  const answer = spawnSync("python3", ["-W", "ignore", "-c", REFEREE], {
    input: JSON.stringify(texts.map(({ source }) => source)),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect(answer.stderr).toBe("");
  const judged: string[] = JSON.parse(answer.stdout);
  const different = texts.flatMap(({ source, tolerance }, i) => {
    const mine = evaluate(source, params);
    return agrees(mine, judged[i] ?? "", tolerance)
      ? []
      : [
          `${source}: ${spelled(mine)} ${mine instanceof Float ? mine.value : String(mine)}, Python ${judged[i]}`,
        ];
  });
  expect(different.slice(0, 20), `seed ${seed}`).toEqual([]);
  // the comparison is worth something only where there are values
  expect(judged.filter((each) => each !== "error").length).toBeGreaterThan(texts.length / 3);
});
