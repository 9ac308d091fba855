import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "@/core/value";
import {
  flattenParams,
  holdOrder,
  type SortKey,
  sortRows,
  toSortKey,
  variedNames,
} from "@/ui/charts/prepare/rows";
import { formatSorts, parseSorts } from "@/ui/charts/prepare/sort-param";

const sorted = (keys: readonly SortKey[], descending = false) =>
  sortRows(keys, [{ toKey: (key) => key, descending }]);

describe("sortRows", () => {
  test("puts what has no value last in both directions", () => {
    expect(sorted([3, undefined, 1, Number.NaN, 2])).toEqual([1, 2, 3, undefined, Number.NaN]);
    expect(sorted([3, undefined, 1, 2], true)).toEqual([3, 2, 1, undefined]);
    const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
    expect(sorted([most, 1, most, least], true)).toEqual([most, most, 1, least]);
  });
  test("sorts numbers by value and text by its letters", () => {
    expect(sorted([10, 9, 100])).toEqual([9, 10, 100]);
    expect(sorted(["sgd", "adam"])).toEqual(["adam", "sgd"]);
  });
  test("goes by the second column where the first is equal, and by rank before either", () => {
    const rows = ["b2", "a1", "b1", "a2", "x9"];
    const by = (descending: boolean) => [
      {
        toKey: (row: string) => row.slice(0, 1),
        descending,
        toRank: (row: string) => (row === "x9" ? 1 : 0),
      },
      { toKey: (row: string) => Number(row.slice(1)), descending: false },
    ];
    expect(sortRows(rows, by(false))).toEqual(["a1", "a2", "b1", "b2", "x9"]);
    expect(sortRows(rows, by(true))).toEqual(["b1", "b2", "a1", "a2", "x9"]);
  });
  test("loses nothing and keeps equals in the order they came in", () => {
    const key = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom("a", "b"), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 60 }), fc.boolean(), (keys, descending) => {
        const ids = keys.map((_, i) => String(i));
        const order = sortRows(ids, [{ toKey: (id) => keys[Number(id)], descending }]);
        expect(order.toSorted((a, b) => Number(a) - Number(b))).toEqual(ids);
        for (const [i, id] of order.entries()) {
          const next = order[i + 1];
          if (next !== undefined && keys[Number(id)] === keys[Number(next)])
            expect(Number(id)).toBeLessThan(Number(next));
        }
      }),
    );
  });
});

describe("an order in the address", () => {
  test("is one column or several, and a comma in a name divides nothing", () => {
    expect(parseSorts("-objective,p.layers")).toEqual([
      { column: "objective", descending: true },
      { column: "p.layers", descending: false },
    ]);
    expect(parseSorts("-")).toEqual([]);
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.string({ minLength: 1 }).filter((name) => !name.startsWith("-")),
          { maxLength: 4 },
        ),
        (names) => {
          const sorts = names.map((column, i) => ({ column, descending: i % 2 === 0 }));
          expect(parseSorts(formatSorts(sorts))).toEqual(sorts);
        },
      ),
    );
  });
});

describe("holdOrder", () => {
  test("keeps what is shown in its place, drops what is gone and counts what waits", () => {
    expect(holdOrder(["c", "a", "b"], ["n", "a", "m", "c"])).toEqual({ order: ["c", "a"], waiting: 2 });
  });
  test("lets in what belongs at the end, for it moves nothing", () => {
    expect(holdOrder(["c", "a"], ["n", "c", "a", "x", "y"])).toEqual({
      order: ["c", "a", "x", "y"],
      waiting: 1,
    });
    expect(holdOrder([], ["x", "y"])).toEqual({ order: ["x", "y"], waiting: 0 });
  });
  test("never moves a shown row, and shows or counts every row once", () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 30 }).map(String), { maxLength: 20 });
    fc.assert(
      fc.property(ids, ids, (shown, wanted) => {
        const { order, waiting } = holdOrder(shown, wanted);
        const kept = shown.filter((id) => wanted.includes(id));
        expect(order.slice(0, kept.length)).toEqual(kept.length === 0 ? [] : kept);
        expect(new Set(order).size + waiting).toBe(wanted.length);
      }),
    );
  });
});

describe("parameters", () => {
  test("are flattened to the dotted names of a command line", () => {
    expect([
      ...flattenParams('{"lr": 0.1, "optimizer": {"name": "adam", "betas": [0.9, 0.99]}}').keys(),
    ]).toEqual(["lr", "optimizer.name", "optimizer.betas"]);
  });
  test("are varied when they take two values, or exist in some runs only", () => {
    const runs = ['{"lr": 0.1, "seed": 1, "k": 1}', '{"lr": 0.2, "seed": 1, "k": 1, "beta": 0.9}'];
    expect(variedNames(runs.map(flattenParams))).toEqual(["beta", "lr"]);
    expect(variedNames(runs.toReversed().map(flattenParams))).toEqual(["beta", "lr"]);
  });
  test("tell 1.0 from 1 and text from numbers", () => {
    const varied = (a: string, b: string) => variedNames([`{"x": ${a}}`, `{"x": ${b}}`].map(flattenParams));
    expect(varied("1", "1.0")).toEqual(["x"]);
    expect(varied("1", '"1"')).toEqual(["x"]);
    expect(varied("[1, 2]", "[1, 2]")).toEqual([]);
  });
  test("named like parts of JavaScript are names like any other", () => {
    expect([...flattenParams('{"__proto__": 1, "constructor": {"x": 2}}')]).toEqual([
      ["__proto__", 1],
      ["constructor.x", 2],
    ]);
  });
  test("sort by number where they are numbers", () => {
    expect(toSortKey(parseJson("1.0"))).toBe(1);
    expect(toSortKey(parseJson("[1, 2]"))).toBe("[1,2]");
    expect(toSortKey(null)).toBeUndefined();
  });
});
