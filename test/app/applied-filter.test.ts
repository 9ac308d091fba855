import fc from "fast-check";
import { expect, test } from "vitest";
import { toAppliedFilter } from "@/app/_live/applied-filter";
import { toMatched } from "@/app/_live/matched-row";
import type { Row } from "@/app/_live/rows";
import { type RunFilter, readRunFilter } from "@/core/run-filter";
import { toRunTest } from "@/core/run-match";
import { type Brush, passes } from "@/ui/charts/prepare/brush";
import { FIELD_DIMENSIONS, metricDimension, parameterDimension } from "@/ui/charts/prepare/dimension";
import { chartRun } from "../support/chart-runs";

const row = (number: number, params: Record<string, unknown>, loss: number | null): Row =>
  ({
    ...chartRun(number, params, loss, {
      metrics: new Map(loss === null ? [] : [["last.loss", loss]]),
    }),
    ...({ tags: [], params: JSON.stringify(params) } as object),
  }) as Row;

const ROWS = [
  row(1, { lr: 0.1, opt: { name: "adam" }, flag: true }, 0.5),
  row(2, { lr: 0.01, opt: { name: "sgd" }, flag: "True" }, 0.25),
  row(3, { lr: 1, opt: { name: "adam" }, flag: 1 }, null),
  row(4, { lr: 0.001, flag: [1, "a"] }, 2),
  row(5, { opt: { name: "True" } }, 0.1),
];

const DIMENSIONS = new Map(
  [
    ...["lr", "opt.name", "flag"].map((name) => parameterDimension(name, ROWS)),
    metricDimension("last", "loss", ROWS),
    // The page's own filter knows no duration.
    ...FIELD_DIMENSIONS.filter(({ id }) => id !== "f.duration"),
  ].map((dimension) => [dimension.id, dimension]),
);

const found = (filter: RunFilter | undefined): string[] => {
  const test = filter && toRunTest(readRunFilter(filter));
  return ROWS.filter((row) => test?.(toMatched(row, "sweep123")) ?? true).map(({ id }) => id);
};

const brushOf = (id: string): fc.Arbitrary<Brush> => {
  const dimension = DIMENSIONS.get(id);
  const values = ROWS.flatMap((row) => dimension?.valueOf(row) ?? []);
  const numbers = values.filter((value) => typeof value === "number");
  const low = fc.constantFrom(Number.NEGATIVE_INFINITY, ...numbers);
  const high = fc.constantFrom(Number.POSITIVE_INFINITY, ...numbers);
  const missing = fc.boolean();
  return dimension?.kind === "category"
    ? fc.record({ values: fc.subarray([...new Set(values.map(String))]), missing })
    : fc.record({
        ranges: fc.array(
          fc.tuple(low, high).filter(([a, b]) => a <= b),
          { minLength: 1, maxLength: 2 },
        ),
        missing,
      });
};
const group = fc
  .subarray([...DIMENSIONS.keys()], { minLength: 1, maxLength: 3 })
  .chain((ids) => fc.tuple(...ids.map((id) => brushOf(id).map((brush) => [id, brush] as const))))
  .map((pairs) => new Map(pairs));

const passesAll = (brushes: ReadonlyMap<string, Brush>, row: Row): boolean =>
  [...brushes].every(([id, brush]) => {
    const dimension = DIMENSIONS.get(id);
    return dimension === undefined || passes(brush, dimension, row);
  });

test("what the server is asked for are the runs that the page shows", () => {
  const hidden = fc.subarray(ROWS.map(({ id }) => id));
  fc.assert(
    fc.property(group, fc.array(group, { maxLength: 2 }), hidden, (brushes, excluded, hidden) => {
      const filter = toAppliedFilter({
        ...{ query: undefined, brushes, excluded, hidden, runs: ROWS },
        isKnown: (id) => DIMENSIONS.has(id),
      });
      const shown = ROWS.filter(
        (row) =>
          passesAll(brushes, row) &&
          !excluded.some((group) => passesAll(group, row)) &&
          !hidden.includes(row.id),
      );
      expect(found(filter)).toEqual(shown.map(({ id }) => id));
    }),
  );
});

test("without anything that takes runs out there is no filter, and a brush of what no run has takes none out", () => {
  const nothing = { query: undefined, brushes: new Map(), excluded: [], hidden: [], runs: ROWS };
  expect(toAppliedFilter({ ...nothing, isKnown: () => true })).toBeUndefined();
  const brushes = new Map([["p.gone", { values: ["1"] }]]);
  expect(toAppliedFilter({ ...nothing, brushes, isKnown: () => false })).toBeUndefined();
  const query = { field: "state", op: "eq", value: "finished" } as const;
  expect(toAppliedFilter({ ...nothing, query, isKnown: () => true })).toEqual(query);
});
