import { GraphQLError, Kind, valueFromASTUntyped } from "graphql";
import { builder } from "./builder";

builder.scalarType("DateTime", {
  description: "A moment as ISO 8601 text with milliseconds, in UTC.",
  serialize: (value) => value.toISOString() as unknown as Date,
  parseValue(value) {
    const date = typeof value === "string" ? new Date(value) : undefined;
    if (date === undefined || Number.isNaN(date.getTime())) {
      throw new GraphQLError(
        `${JSON.stringify(value)} is no moment; expected ISO 8601 text such as 2026-01-31T12:00:00Z`,
      );
    }
    return date;
  },
});

builder.scalarType("JSON", {
  description:
    "Any JSON value. It no longer tells 1.0 from 1: where that matters (parameters) the field is JSON text.",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

builder.scalarType("Column", {
  description:
    'A list of numbers, one a point: null where there is none, non-finite ones as "NaN", "Infinity", "-Infinity", values that are no numbers as themselves.',
  serialize: (value) => value,
});

builder.scalarType("MetricBatch", {
  description:
    'Metrics in columns: {attempt, batch, steps, times, series: [{key, values}]}, at most 8 MiB. values[i] belongs to steps[i]; null means not logged; non-finite numbers are "NaN", "Infinity", "-Infinity". Batches are numbered from 1 within an attempt; steps never fall.',
  serialize: () => {
    throw new GraphQLError("MetricBatch is for input only");
  },
  parseValue: (value) => value,
  parseLiteral(node, variables) {
    if (node.kind !== Kind.OBJECT) throw new GraphQLError("a MetricBatch is an object");
    return valueFromASTUntyped(node, variables);
  },
});
