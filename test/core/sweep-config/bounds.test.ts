import { describe, expect, test } from "vitest";
import { parseSweepConfig } from "@/core/sweep-config";
import { codesOf, complaintsAbout, sweepOf } from "./support";

/** Of the processor, since other tests run beside; the slowest takes 1,200. */
const LIMIT_CPU_MS = 6_000;

const laughs = (levels: number, width: number): string =>
  Array.from({ length: levels }, (_, i) =>
    i === 0
      ? "a0: &a0 [x, x]"
      : `a${i}: &a${i} [${Array(width)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
  ).join("\n");

const bombs: [string, string, string][] = [
  ["a file of 10 MB", `# ${"x".repeat(10_000_000)}`, "FILE_TOO_LARGE"],
  ["10,000 open brackets", "[".repeat(10_000), "TOO_DEEP"],
  ["10,000 closed brackets", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, "TOO_DEEP"],
  ["100,000 open braces", "{a: ".repeat(100_000), "TOO_DEEP"],
  ["300,000 list marks in a line", "- ".repeat(300_000), "TOO_DEEP"],
  ["200,000 question marks", "? ".repeat(200_000), "TOO_DEEP"],
  [
    "1,000 levels of indentation",
    Array.from({ length: 1_000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
    "TOO_DEEP",
  ],
  ["a million commas", `[${",".repeat(1_000_000)}`, "TOO_MANY_NODES"],
  ["a list of 250,000 numbers", sweepOf(`a: {values: [${"1,".repeat(250_000)}]}`), "TOO_MANY_NODES"],
  ["a billion laughs", `${laughs(10, 10)}\nmethod: random`, "TOO_MANY_NODES"],
  ["a quintillion laughs", `${laughs(60, 9)}\nmethod: random`, "TOO_MANY_NODES"],
  [
    "one long text, repeated 400 times",
    sweepOf(
      `a: {values: [1, &a "${"x".repeat(900_000)}"]}\n${Array.from({ length: 400 }, (_, i) => `p${i}: {values: [1, *a]}`).join("\n")}`,
    ),
    "FILE_TOO_LARGE",
  ],
  ["aliases nested 200 deep", laughs(200, 1), "TOO_DEEP"],
  ["a million quotes", '"'.repeat(1_000_000), "TOO_MANY_NODES"],
  ["30,000 anchors", "&a ".repeat(30_000), "YAML_SYNTAX"],
  ["30,000 aliases", "*a ".repeat(30_000), "YAML_SYNTAX"],
  ["30,000 documents", "---\n".repeat(30_000), "NOT_A_SWEEP"],
  ["100,000 line ends", "\n".repeat(100_000), "NOT_A_SWEEP"],
  ["an integer of 100,000 digits", sweepOf(`a: {min: 1, max: ${"9".repeat(100_000)}}`), "NUMBER_EXPECTED"],
  [
    "a name of 500,000 letters",
    `method: ${"x".repeat(500_000)}\nparameters: {a: {value: 1}}`,
    "METHOD_UNKNOWN",
  ],
  [
    "5,000 misspelt parameters",
    sweepOf(Array.from({ length: 5_000 }, (_, i) => `p${i}: {vlaue: 1}`).join("\n")),
    "PARAMETER_KEY_UNKNOWN",
  ],
];

describe("a bomb", () => {
  test.each(bombs)("of %s gives an error in time", (_, text, code) => {
    const start = process.cpuUsage();
    const parsed = parseSweepConfig(text);
    const used = process.cpuUsage(start).user / 1_000;
    expect(codesOf(parsed.errors)[0]).toBe(code);
    expect(parsed.errors.length).toBeLessThanOrEqual(101);
    expect(complaintsAbout(parsed, text)).toEqual([]);
    expect(used).toBeLessThan(LIMIT_CPU_MS);
  });

  test("as a JSON value gives an error too", () => {
    const deep = Array.from({ length: 50_000 }).reduce<unknown>((inner) => [inner], 1);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const json of [
      deep,
      circle,
      { method: () => 1 },
      { a: Symbol("x") },
      Array(300_000).fill(0),
      "text",
      null,
      3,
    ]) {
      const parsed = parseSweepConfig({ json });
      expect(parsed.errors.length).toBeGreaterThan(0);
      expect(complaintsAbout(parsed)).toEqual([]);
    }
  });

  test("is what a large honest file is not: 40,000 names of files are read", () => {
    const values = Array.from({ length: 40_000 }, (_, i) => `/data/${i}.csv`);
    const { config, errors } = parseSweepConfig(sweepOf(`file: {values: [${values.join(", ")}]}`));
    expect(codesOf(errors)).toEqual([]);
    expect(config?.parameters.get("file")).toEqual({ kind: "categorical", values });
  });
});
