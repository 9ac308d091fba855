import fc from "fast-check";
import type { Expression } from "@/core/constraint";
import type { Parameter, Parameters } from "@/core/parameter";
import type { SweepConfig } from "@/core/sweep-config";
import { toFloat, toInteger, toValueMap, type Value } from "@/core/value";

const name = fc.oneof(
  fc.constantFrom("lr", "a.b", "__proto__", "constructor", "$map", "$float", "값", "a b", "0"),
  fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }).filter((text) => !text.includes("\0")),
);

/** Any value that a file can hold, odd numbers and names included. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom<Value>(null, true, false),
    fc.double().map(toFloat),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(toInteger),
    fc.maxSafeInteger(),
    name,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map(toValueMap),
  ),
})).value;

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const quantum = fc.record({ q: fc.double({ min: 1e-9, max: 1e9, noNaN: true }), integer: fc.boolean() });
const condition = fc.record({
  parameter: fc.array(name, { minLength: 1, maxLength: 3 }),
  test: fc.oneof(
    fc.record({ kind: fc.constant("in" as const), values: fc.array(anyValue, { maxLength: 3 }) }),
    fc.record({
      kind: fc.constant("range" as const),
      min: fc.double({ noNaN: true }),
      max: fc.double({ noNaN: true }),
    }),
  ),
});

const leaf: fc.Arbitrary<Parameter> = fc.oneof(
  fc.record({ kind: fc.constant("constant" as const), value: anyValue }),
  fc.record({
    kind: fc.constant("categorical" as const),
    values: fc.array(anyValue, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant("int_uniform" as const),
    min: fc.maxSafeInteger(),
    max: fc.maxSafeInteger(),
  }),
  fc.record({ kind: fc.constantFrom("uniform" as const, "log_uniform" as const), min: finite, max: finite }),
  fc.record({ kind: fc.constant("q_uniform" as const), min: finite, max: finite, quantum }),
  fc.record({
    kind: fc.constant("normal" as const),
    mu: finite,
    sigma: finite,
    when: fc.array(condition, { maxLength: 2 }),
  }),
);

const paths = fc.array(name, { minLength: 1, maxLength: 3 });
const expression: fc.Arbitrary<Expression> = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.record({ kind: fc.constant("literal" as const), value: anyValue }),
    fc.record({ kind: fc.constant("parameter" as const), path: paths }),
    fc.record({ kind: fc.constant("metric" as const), name }),
    fc.record({ kind: fc.constantFrom("not" as const), of: tie("expression") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      of: fc.array(tie("expression"), { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("arithmetic" as const),
      op: fc.constantFrom("+" as const, "**" as const),
      left: tie("expression"),
      right: tie("expression"),
    }),
    fc.record({
      kind: fc.constant("compare" as const),
      first: tie("expression"),
      rest: fc.array(
        fc.record({ op: fc.constantFrom("<" as const, "in" as const), with: tie("expression") }),
        {
          maxLength: 2,
        },
      ),
    }),
    fc.record({
      kind: fc.constant("call" as const),
      name: fc.constantFrom("min" as const, "log" as const),
      of: fc.array(tie("expression"), { maxLength: 2 }),
    }),
  ),
})).expression;
const budget = fc.record(
  {
    hours: finite,
    runs: fc.integer({ min: 1 }),
    until: fc.record(
      {
        targets: fc.array(
          fc.record({
            metric: name,
            goal: fc.constantFrom("minimize" as const, "maximize" as const),
            value: finite,
          }),
          { maxLength: 2 },
        ),
        noImprovement: fc.integer({ min: 1 }),
        expectedImprovement: finite,
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const parameters = (depth: number): fc.Arbitrary<Parameters> =>
  fc
    .array(fc.tuple(name, depth === 0 ? leaf : fc.oneof({ weight: 3, arbitrary: leaf }, group(depth - 1))), {
      maxLength: 4,
    })
    .map((entries) => new Map(entries));
const group = (depth: number): fc.Arbitrary<Parameter> =>
  parameters(depth).map((inner) => ({ kind: "group" as const, parameters: inner }));

/** Any config, also such as no file gives: storing one must not depend on what the parser lets through. */
export const anyConfig: fc.Arbitrary<SweepConfig> = fc.record(
  {
    method: fc.constantFrom("grid", "random", "bayes", "custom"),
    parameters: parameters(2),
    metric: fc.record({
      name,
      goal: fc.constantFrom("minimize", "maximize"),
      target: fc.double(),
      impute: fc.constant("worst"),
      imputeWhileRunning: fc.constant("false"),
    }),
    command: fc.array(name, { maxLength: 4 }),
    scheduler: anyValue,
    seed: fc.bigInt().map(String),
    gridOrder: fc.constantFrom("sorted", "random"),
    repeats: fc.integer({ min: 1 }),
    retries: fc.integer({ min: 0 }),
    retryFailed: fc.boolean(),
    logPattern: fc.array(name, { minLength: 1, maxLength: 2 }),
    quarantineAfter: fc.oneof(fc.constant(false as const), fc.integer({ min: 1 })),
    constraints: fc.array(fc.record({ source: name, test: expression }), { maxLength: 2 }),
    softConstraints: fc.array(
      fc.record({ source: name, metric: name, op: fc.constantFrom("<", ">="), bound: expression }),
      { maxLength: 2 },
    ),
    budget,
    extra: fc.array(fc.tuple(name, anyValue), { maxLength: 3 }).map((entries) => new Map(entries)),
  },
  { requiredKeys: ["method", "parameters", "gridOrder", "repeats", "retries", "retryFailed", "extra"] },
);
