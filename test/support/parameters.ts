import fc from "fast-check";
import type { Condition, LeafParameter, Parameter, Parameters } from "@/core/parameter";
import type { SweepConfig } from "@/core/sweep-config";
import { Float, type Value } from "@/core/value";

/** The parts of a configuration that decide its points. */
export type PlannedConfig = Pick<
  SweepConfig,
  "method" | "parameters" | "repeats" | "gridOrder" | "constraints"
>;

const values: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -2, max: 2 }).map((whole) => new Float(whole)),
  fc.constantFrom<Value>(
    0.5,
    1e-5,
    true,
    false,
    null,
    "a",
    "1",
    "",
    [1, 2],
    [new Float(1)],
    { k: 1 },
    2n ** 70n,
  ),
);

const discrete: fc.Arbitrary<LeafParameter> = fc.oneof(
  values.map((value): LeafParameter => ({ kind: "constant", value })),
  fc
    .array(values, { minLength: 1, maxLength: 4 })
    .map((list): LeafParameter => ({ kind: "categorical", values: list })),
  fc
    .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 4 }))
    .map(([min, width]): LeafParameter => ({ kind: "int_uniform", min, max: min + width })),
  fc.tuple(fc.integer({ min: -2, max: 2 }), fc.constantFrom(0.5, 1, 2.5), fc.constantFrom(0.25, 0.3, 1)).map(
    ([min, width, q]): LeafParameter => ({
      kind: "q_uniform",
      min,
      max: min + width,
      quantum: { q, integer: q === 1 },
    }),
  ),
);

const numbers = { min: -3, max: 3, noNaN: true } as const;
const ordered = fc
  .tuple(fc.double(numbers), fc.double({ min: 0.01, max: 4, noNaN: true }))
  .map(([min, width]) => ({ min, max: min + width }));
const positive = ordered.map(({ min, max }) => ({
  min: Math.abs(min) + 0.01,
  max: Math.abs(min) + 0.01 + max - min,
}));
const quantum = fc.constantFrom(
  { q: 1, integer: true },
  { q: 1, integer: false },
  { q: 0.1, integer: false },
);
const bell = fc.record({ mu: fc.double(numbers), sigma: fc.double({ min: 0.1, max: 2, noNaN: true }) });
const shape = fc.record({
  a: fc.double({ min: 0.2, max: 9, noNaN: true }),
  b: fc.double({ min: 0.2, max: 9, noNaN: true }),
});

/** One leaf of every kind that W&B knows, with sane numbers. */
export const continuous: fc.Arbitrary<LeafParameter> = fc.oneof(
  fc
    .tuple(fc.constantFrom("uniform" as const, "log_uniform" as const, "inv_log_uniform" as const), ordered)
    .map(([kind, bounds]) => ({ kind, ...bounds })),
  fc
    .tuple(fc.constantFrom("log_uniform_values" as const, "inv_log_uniform_values" as const), positive)
    .map(([kind, bounds]) => ({ kind, ...bounds })),
  fc
    .tuple(fc.constantFrom("q_uniform" as const, "q_log_uniform" as const), ordered, quantum)
    .map(([kind, bounds, q]) => ({ kind, ...bounds, quantum: q })),
  fc
    .tuple(positive, quantum)
    .map(([bounds, q]) => ({ kind: "q_log_uniform_values" as const, ...bounds, quantum: q })),
  fc
    .tuple(fc.constantFrom("normal" as const, "log_normal" as const), bell)
    .map(([kind, b]) => ({ kind, ...b })),
  fc
    .tuple(fc.constantFrom("q_normal" as const, "q_log_normal" as const), bell, quantum)
    .map(([kind, b, q]) => ({ kind, ...b, quantum: q })),
  shape.map((s) => ({ kind: "beta" as const, ...s })),
  fc.tuple(shape, quantum).map(([s, q]) => ({ kind: "q_beta" as const, ...s, quantum: q })),
  fc
    .tuple(values, values, values)
    .map((list) => ({ kind: "categorical" as const, values: list, probabilities: [0.5, 0.2, 0.3] })),
);

const tests: fc.Arbitrary<Condition["test"]> = fc.oneof(
  fc.array(values, { minLength: 1, maxLength: 3 }).map((list) => ({ kind: "in" as const, values: list })),
  fc
    .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 0, max: 3 }))
    .map(([min, width]) => ({ kind: "range" as const, min, max: min + width })),
);

interface Plan {
  readonly leaves: readonly {
    path: string[];
    parameter: LeafParameter;
    when: { on: number; test: Condition["test"] }[];
  }[];
  readonly groupWhen: readonly { on: number; test: Condition["test"] }[];
}

/**
 * Up to six parameters, some inside the groups `g` and `g.h`, some with conditions on others at any depth. Names are
 * dealt at random, so what a parameter depends on may stand before or behind it.
 */
export function parameters(options: { continuous: boolean }): fc.Arbitrary<Parameters> {
  const leaf = options.continuous ? fc.oneof(discrete, continuous) : discrete;
  const names = ["a", "b", "c", "x", "y", "__proto__"];
  const whens = fc.array(fc.record({ on: fc.nat({ max: 99 }), test: tests }), { maxLength: 2 });
  return fc
    .record({
      names: fc.shuffledSubarray(names, { minLength: 1 }),
      leaves: fc.array(fc.record({ parameter: leaf, depth: fc.constantFrom(0, 0, 1, 2), when: whens }), {
        minLength: 6,
        maxLength: 6,
      }),
      groupWhen: fc.array(fc.record({ on: fc.nat({ max: 99 }), test: tests }), { maxLength: 1 }),
    })
    .map(({ names: dealt, leaves, groupWhen }) =>
      assemble({
        leaves: dealt.map((name, i) => {
          const { parameter, depth, when } = leaves[i] ?? { parameter: discreteDefault, depth: 0, when: [] };
          return { path: [...["g", "h"].slice(0, depth), name], parameter, when };
        }),
        groupWhen,
      }),
    );
}

const discreteDefault: LeafParameter = { kind: "constant", value: 0 };

/** Leaf i may look at leaves before it; the group `g` only at leaves outside of it that look at nothing. */
function assemble({ leaves, groupWhen }: Plan): Parameters {
  const root = new Map<string, Parameter>();
  const inGroup = leaves.some(({ path }) => path.length > 1);
  const free = leaves.filter(({ path }, index) => path.length === 1 && (index === 0 || !inGroup));
  const groupConditions = groupWhen.flatMap(({ on, test }): Condition[] => {
    const looked = free[on % Math.max(1, free.length)];
    return looked ? [{ parameter: looked.path, test }] : [];
  });
  leaves.forEach(({ path, parameter, when }, index) => {
    const conditions = when.flatMap(({ on, test }): Condition[] => {
      const looked = index === 0 ? undefined : leaves[on % index];
      return looked ? [{ parameter: looked.path, test }] : [];
    });
    let level = root;
    for (const [depth, group] of path.slice(0, -1).entries()) {
      const known = level.get(group);
      if (known?.kind === "group") {
        level = known.parameters as Map<string, Parameter>;
        continue;
      }
      const members = new Map<string, Parameter>();
      level.set(group, {
        kind: "group",
        parameters: members,
        ...(depth === 0 && groupConditions.length > 0 && { when: groupConditions }),
      });
      level = members;
    }
    level.set(path.at(-1) ?? "", { ...parameter, ...(conditions.length > 0 && { when: conditions }) });
  });
  return root;
}
