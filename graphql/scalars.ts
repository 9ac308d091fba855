import { GraphQLError, Kind, valueFromASTUntyped } from "graphql";
import { MAX_TIME_MS } from "@/core/filter/kinds";
import { MAX_BATCH_BYTES, MAX_BATCH_KEYS, MAX_BATCH_POINTS, MAX_BATCH_STEPS } from "@/core/history/batch";
import { builder } from "./builder";
import { MAX_BODY_BYTES } from "./limits";

builder.scalarType("DateTime", {
  description: "A moment from 1970 to 9999 as ISO 8601 text with milliseconds, in UTC.",
  serialize: (value) => value.toISOString() as unknown as Date,
  parseValue(value) {
    const date = typeof value === "string" ? new Date(value) : undefined;
    if (date === undefined || !(date.getTime() >= 0 && date.getTime() <= MAX_TIME_MS)) {
      throw new GraphQLError(
        `${JSON.stringify(value)} is no moment from 1970 to 9999; expected ISO 8601 text such as 2026-01-31T12:00:00Z`,
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

builder.scalarType("RunColumns", {
  description:
    "Runs in columns of one length: {count, id, lines, values, next}. lines: {name, displayName, ordinal, state, stateReason, objective, feasible, params, createdAt, startedAt, finishedAt, tags, notes, agent}. state, stateReason, tags, notes and agent are {words, at}: each word once, and which of them each run has. params are JSON texts, in which 1.0 is not 1. createdAt is in milliseconds since 1970, the other times in milliseconds since that. values: a list for each metric asked for. next: `after` of the next page, null behind the last.",
  serialize: (value) => value,
});

builder.scalarType("MetricBatch", {
  description: `Metrics in columns: {attempt, batch, steps, times, series: [{key, values}]}. values[i] belongs to steps[i]; null means not logged; non-finite numbers are "NaN", "Infinity", "-Infinity". Batches are numbered from 1 within an attempt; steps never fall. At most ${MAX_BATCH_STEPS} steps, ${MAX_BATCH_KEYS} keys, ${MAX_BATCH_POINTS} values and ${MAX_BATCH_BYTES} characters of values that are text, in a request of at most ${MAX_BODY_BYTES} bytes.`,
  serialize: () => {
    throw new GraphQLError("MetricBatch is for input only");
  },
  parseValue: (value) => value,
  parseLiteral(node, variables) {
    if (node.kind !== Kind.OBJECT) throw new GraphQLError("a MetricBatch is an object");
    return valueFromASTUntyped(node, variables);
  },
});
