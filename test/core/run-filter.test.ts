import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAppError } from "@/core/errors";
import { readRunFilter, readRunOrder } from "@/core/run-filter";

const refusal = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (isAppError(error) && error.code === "BAD_INPUT") return error.message;
    throw error;
  }
  return "";
};
const filterRefusal = (input: unknown) => refusal(() => readRunFilter(input));

describe("a filter that is refused says which value stands where, and what was expected there", () => {
  test.each([
    [{}, "filter is without a subject, expected exactly one of and, or, not, field, param, metric"],
    [
      { and: [], field: "state" },
      "filter is about and and field, expected exactly one of and, or, not, field",
    ],
    [{ field: "stat", op: "eq" }, 'filter.field is "stat", expected one of id, state,'],
    [
      { field: "state", op: "eq", value: "done" },
      'filter.value is "done", expected one of pending, running,',
    ],
    [
      { field: "state", op: "gt", value: "failed" },
      'filter.op is "gt", expected one of eq, ne, in, notIn, exists',
    ],
    [
      { and: [{ not: { field: "objective", op: "lt", value: "0" } }] },
      'filter.and[0].not.value is "0", expected a fin',
    ],
    [
      { field: "attempt", op: "in", value: [1, 1.5] },
      "filter.value[1] is 1.5, expected a whole number below 2^53",
    ],
    [
      { field: "id", op: "eq", value: "1e3" },
      'filter.value is "1e3", expected a whole number below 2^53 or its text',
    ],
    [{ field: "createdAt", op: "lt", value: "May" }, 'filter.value is "May", expected a moment as ISO 8601'],
    [
      { field: "tags", op: "eq", value: "a" },
      'filter.op is "eq", expected one of contains, in, notIn, exists',
    ],
    [{ field: "name", op: "eq", value: "a\0" }, "expected text without NUL"],
    [{ field: "name", op: "eq", value: "\ud800" }, "expected text without NUL and without halves"],
    [
      { field: "name", op: "eq", value: "x".repeat(1_001) },
      "filter.value is 1001 characters, expected at most 1000",
    ],
    [{ param: "", op: "eq", value: 1 }, 'filter.param is "", expected a name'],
    [{ param: "lr", op: "lt", value: true }, "filter.value is true, expected a number or text"],
    [{ param: "lr", op: "eq" }, "filter.value is undefined, expected a JSON value"],
    [{ param: "lr", op: "eq", value: { a: [Number.POSITIVE_INFINITY] } }, 'filter.value.a[0] is "Infinity"'],
    [
      { metric: "loss", stat: "median", op: "eq", value: 1 },
      'filter.stat is "median", expected one of last, min',
    ],
    [
      { field: "name", stat: "min", op: "eq", value: "a" },
      'filter.stat is "min", expected nothing where metric',
    ],
    [{ field: "state", op: "in", value: "failed" }, 'filter.value is "failed", expected a list'],
    [
      { field: "id", op: "in", value: Array(1_001).fill(1) },
      "filter.value is 1001 values, expected at most 1000",
    ],
    [{ and: Array(101).fill({ field: "host", op: "exists" }) }, "filter.and is one condition too many"],
    [{ field: "state", op: "eq", vlaue: 1 }, "filter.vlaue is 1, expected no such entry; known are and,"],
    ["state", 'filter is "state", expected an object'],
    [{ not: { and: {} } }, "filter.not.and is {}, expected a list of filters"],
  ])("%j", (input, message) => {
    expect(filterRefusal(input)).toContain(message);
  });

  test("an order too", () => {
    const order = (input: unknown) => refusal(() => readRunOrder(input));
    expect(order({})).toBe("orderBy is {}, expected a list");
    expect(order([{ field: "name", direction: "up" }])).toBe(
      'orderBy[0].direction is "up", expected one of asc, desc',
    );
    expect(order([{ field: "name", direction: "best" }])).toContain("expected one of asc, desc");
    expect(order([{ field: "tags" }])).toContain("expected a field with one value");
    expect(order([{ direction: "asc" }])).toContain(
      "orderBy[0] is about nothing, expected exactly one of field",
    );
    expect(order(Array(9).fill({ field: "id" }))).toBe("orderBy is 9 keys, expected at most 8");
  });
});

test("depth, conditions and values are bounded, however they are nested", () => {
  let deep: object = { field: "host", op: "exists" };
  for (let i = 0; i < 10; i++) deep = { not: deep };
  expect(filterRefusal(deep)).toContain("is nested deeper, expected at most 10 levels");
  const wide = { or: Array(60).fill({ or: Array(2).fill({ field: "host", op: "exists" }) }) };
  expect(filterRefusal(wide)).toContain("is one condition too many, expected at most 100");
  const long = { or: Array(6).fill({ field: "id", op: "in", value: Array(1_000).fill(1) }) };
  expect(filterRefusal(long)).toContain("expected at most 5000");
  let json: unknown = 1;
  for (let i = 0; i < 100_000; i++) json = [json];
  expect(filterRefusal({ param: "lr", op: "eq", value: json })).toContain("expected at most 20 levels");
});

test("what GraphQL clients send for absent entries is absent; a value of null is a value", () => {
  const nulls = { and: null, or: null, not: null, param: null, metric: null, stat: null };
  expect(filterRefusal({ ...nulls, field: "host", op: "exists", value: null })).toBe("");
  expect(filterRefusal({ param: "depth", op: "eq", value: null })).toBe("");
  expect(filterRefusal({ field: "host", op: "eq", value: null })).toContain(
    "filter.value is null, expected text",
  );
});

test("anything at all is read or refused with BAD_INPUT", () => {
  const piece = fc.constantFrom(
    "and",
    "or",
    "not",
    "field",
    "param",
    "metric",
    "stat",
    "op",
    "value",
    "eq",
    "in",
    "state",
  );
  const anything = fc.anything({ key: piece, values: [piece, fc.double(), fc.constant(null)], maxDepth: 6 });
  fc.assert(
    fc.property(anything, (input) => {
      filterRefusal(input);
      refusal(() => readRunOrder(input));
    }),
    { numRuns: 2_000 },
  );
});
