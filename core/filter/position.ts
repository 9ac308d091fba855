import { isStorable, MAX_TIME_MS } from "./kinds";
import type { SortKey } from "./order";

/** Where a page begins or ends: the row's values of all sort columns, and its id, which ends all ties. */
export interface Position {
  readonly values: readonly (string | number | null)[];
  readonly id: string | number;
  /** The moment by which the list's first page measured what was still going on, in ms: else rows would move while they are paged. */
  readonly asOf: number;
}

export type ColumnType = "text" | "float" | "numeric" | "integer" | "time";

/** Texts are sorted by their beginnings alone, so that a cursor stays short. */
export const SORTED_CHARACTERS = 200;

/** The columns that a key sorts by. A parameter has three: numbers stand before texts, these before booleans, then lists and groups. */
export function columnTypes({ operand: { field } }: SortKey): readonly ColumnType[] {
  switch (field.kind) {
    case "json":
      return ["integer", "numeric", "text"];
    case "integer":
      return ["integer"];
    case "number":
      return ["float"];
    case "time":
      return ["time"];
    default:
      return ["text"];
  }
}

/**
 * Cursors come from outside: undefined for what no row of a list in this order can have, since the database would
 * stumble over it.
 */
export function readPosition(
  order: readonly SortKey[],
  isId: (id: unknown) => id is string | number,
  given: readonly unknown[],
): Position | undefined {
  const types = untilId(order).flatMap(columnTypes);
  const [asOf, id, ...values] = given;
  if (values.length !== types.length || !isId(id) || !isInteger(asOf, MAX_TIME_MS)) return undefined;
  if (!types.every((type, i) => values[i] === null || fits(type, values[i]))) return undefined;
  return { asOf, id, values: values as (string | number | null)[] };
}

/** The id ends all ties, so keys behind it change nothing. */
export function untilId(order: readonly SortKey[]): readonly SortKey[] {
  const at = order.findIndex(isById);
  return at < 0 ? order : order.slice(0, at);
}

export const isById = ({ operand }: SortKey): boolean => operand.of === "field" && operand.name === "id";

function fits(type: ColumnType, value: unknown): boolean {
  switch (type) {
    case "text":
      // Two UTF-16 units a character at most.
      return typeof value === "string" && value.length <= 2 * SORTED_CHARACTERS && isStorable(value);
    case "float":
      return Number.isFinite(value);
    case "numeric":
      return typeof value === "string" && value.length <= 5_000 && /^-?\d+(\.\d+)?$/.test(value);
    case "integer":
      return Number.isSafeInteger(value);
    case "time":
      return isInteger(value, MAX_TIME_MS);
  }
}

const isInteger = (value: unknown, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
