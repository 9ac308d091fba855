import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { Float, stringifyJson, type Value } from "@/core/value";
import type { ExportedRun } from "@/graphql/operations";
import { type Fact, toColumns } from "./columns";

/**
 * The same columns as CSV, with types: pandas, Polars, DuckDB and Spark read them without guessing. A parameter that is a
 * whole number in all runs is INT64, a number DOUBLE, a boolean BOOLEAN, a text STRING; lists, and parameters of mixed types,
 * are STRING with their JSON. Where a run has no value it is null.
 */
export function toParquet(runs: readonly ExportedRun[]): Uint8Array {
  const { facts, params, metrics } = toColumns(runs);
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        ...facts.map(({ name, values }) => toFact(name, values)),
        ...params.map(({ name, values }) => ({ name: `param.${name}`, ...toTyped(values) })),
        ...metrics.map(({ name, values }) => column(`metric.${name}`, "DOUBLE", [...values])),
      ],
    }),
  );
}

const column = (name: string, type: ColumnSource["type"], data: unknown[]): ColumnSource => ({
  name,
  type,
  data,
  nullable: true,
});

const TYPES: Readonly<Partial<Record<Fact, ColumnSource["type"]>>> = {
  attempt: "INT32",
  exitCode: "INT32",
  objective: "DOUBLE",
  createdAt: "TIMESTAMP",
  startedAt: "TIMESTAMP",
  finishedAt: "TIMESTAMP",
};

function toFact(name: Fact, values: readonly (string | number | null)[]): ColumnSource {
  const type = TYPES[name] ?? "STRING";
  const data = values.map((value) => (type === "TIMESTAMP" && value !== null ? new Date(value) : value));
  return column(name, type, data);
}

/** The narrowest type that holds all values as they are. */
function toTyped(values: readonly (Value | undefined)[]): Omit<ColumnSource, "name"> {
  const given = values.filter((value) => value !== undefined && value !== null);
  const each = (type: ColumnSource["type"], write: (value: Value) => unknown) => ({
    type,
    data: values.map((value) => (value === undefined || value === null ? null : write(value))),
    nullable: true,
  });
  if (given.length > 0 && given.every(isInt64))
    return each("INT64", (value) => BigInt(value as number | bigint));
  if (given.every(isDouble)) return each("DOUBLE", toNumber);
  if (given.every((value) => typeof value === "boolean")) return each("BOOLEAN", (value) => value);
  if (given.every((value) => typeof value === "string")) return each("STRING", (value) => value);
  return each("STRING", stringifyJson);
}

const LIMIT = 2n ** 63n;
const isInt64 = (value: Value): boolean =>
  typeof value === "bigint" ? value >= -LIMIT && value < LIMIT : Number.isSafeInteger(value);
/** Not integers beyond what a double holds: they would lose digits. */
const isDouble = (value: Value): boolean => value instanceof Float || typeof value === "number";
const toNumber = (value: Value): number => (value instanceof Float ? value.value : Number(value));
