import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deserializeConfig, parseSweepConfig, serializeConfig } from "@/core/sweep-config";
import { complaintsAbout } from "./support";

/** Touches most of the grammar, so that a mutation meets some rule of every file of the parser. */
const VALID = `# a sweep
program: train.py
method: random
metric: {name: val/loss, goal: minimize, target: 1.0e-3}
early_terminate: {type: hyperband, min_iter: 3}
command: ["\${env}", python, "\${program}", "\${args}"]
run_cap: 100
seed: 7
run_name: "lr-{lr}"
base: &base {min: 0.0, max: 1.0}
parameters:
  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 1e-1}
  opt: {values: [sgd, adam, null, 1_000, 0x1F, yes], probabilities: [0.5, 0.1, 0.1, 0.1, 0.1, 0.1]}
  momentum:
    <<: *base
    when: {opt: sgd}
  size: {distribution: q_uniform, min: 8, max: 64, q: 8}
  model:
    parameters:
      depth: {min: 1, max: 5}
      width: {value: [64, "32", !!float 1e-5]}
    when: {size: {min: 16}}
constraints:
  - lr * size < 4 and opt not in ['adam', null]
  - "model.depth <= 3 or 0 < momentum ** 2 < 0.5"
  - "\`val/loss\` < 3"
budget: {hours: 2, runs: 50, until: {target: 1.0e-4, no_improvement: 20}}
`;
const PIECES = [
  ": ",
  "- ",
  "\n",
  "\n  ",
  "\t",
  "[",
  "]",
  "{",
  "}",
  "&x ",
  "*x",
  "*base",
  "<<: ",
  "!!int ",
  "!t ",
  "|\n",
  ">\n",
  "'",
  '"',
  "#",
  " #",
  "? ",
  "---\n",
  "...\n",
  "%",
  "@",
  "\u0000",
  "\ud800",
  "\ufeff",
  "\u2028",
  "\r",
  "1e999",
  "-.inf",
  ".nan",
  "9".repeat(400),
  "__proto__",
  "min",
  "max",
  "values",
  "parameters",
  "when",
  "distribution: beta",
  "null",
  "true",
  "é",
  "😀",
];

const mutated = fc
  .array(
    fc.record({
      at: fc.nat(VALID.length),
      remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
      insert: fc.oneof(fc.constantFrom("", ...PIECES), fc.string({ maxLength: 4 })),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((edits) =>
    edits.reduce(
      (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
      VALID,
    ),
  );

function check(text: string): void {
  const start = process.cpuUsage();
  const parsed = parseSweepConfig(text);
  expect(complaintsAbout(parsed, text)).toEqual([]);
  expect(parsed.source).toBe(text);
  if (parsed.config) expect(deserializeConfig(serializeConfig(parsed.config))).toEqual(parsed.config);
  // a few milliseconds, so this is for what grows beyond all bounds
  expect(process.cpuUsage(start).user / 1_000).toBeLessThan(2_000);
}

describe("whatever comes in, a config or errors come out, in time and with places:", () => {
  test("the file that the mutations start from is valid", () => {
    expect(parseSweepConfig(VALID).errors).toEqual([]);
  });

  test("a valid file with a few mutations", () => {
    fc.assert(fc.property(mutated, check), { numRuns: 600 });
  });

  test("pieces of YAML in any order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join("")),
        check,
      ),
      { numRuns: 400 },
    );
  });

  test("random bytes", () => {
    const decoder = new TextDecoder();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }).map((bytes) => decoder.decode(bytes)),
        check,
      ),
      { numRuns: 400 },
    );
  });

  test("random text, lone surrogates included", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), check), { numRuns: 300 });
  });

  test("any JavaScript value as JSON", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
    });
    const shaped = fc.record({
      method: fc.oneof(fc.constantFrom("grid", "bayes"), anything),
      parameters: fc.dictionary(fc.string(), anything),
    });
    fc.assert(
      fc.property(fc.oneof(anything, shaped), (json) => {
        expect(complaintsAbout(parseSweepConfig({ json }))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
