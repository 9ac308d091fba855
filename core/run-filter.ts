import type { Operator } from "./filter/kinds";
import { type MetricStat, pathsOf, type Vocabulary } from "./filter/operand";
import { type Direction, readOrder, type SortKey } from "./filter/order";
import { type Filter, readFilter } from "./filter/tree";
import { RUN_STATES } from "./run";

/**
 * Which runs, and in which order: one JSON shape for the API, for the pages' addresses and for whoever else asks.
 *
 *     { "and": [
 *       { "field": "state", "op": "in", "value": ["finished", "running"] },
 *       { "param": "optimizer.lr", "op": "lt", "value": 0.01 },
 *       { "metric": "val/loss", "stat": "min", "op": "le", "value": 0.2 } ] }
 *     [ { "field": "objective", "direction": "best" }, { "param": "epochs", "direction": "desc" } ]
 */
export type RunFilter =
  | { readonly and: readonly RunFilter[] }
  | { readonly or: readonly RunFilter[] }
  | { readonly not: RunFilter }
  | (RunSubject & {
      readonly op: Operator;
      /** Absent for `exists` alone. */
      readonly value?: unknown;
    });

export type RunOrder = RunSubject & {
  /** asc when absent. */
  readonly direction?: Direction;
};

export type RunSubject =
  | { readonly field: RunField }
  | { readonly param: string }
  | {
      readonly metric: string;
      /** last when absent. */
      readonly stat?: MetricStat;
    };

export const RUN_FIELDS = {
  /** Runs are numbered in the order in which they were made. */
  id: { kind: "integer", asText: true },
  state: { kind: "word", words: RUN_STATES },
  stateReason: { kind: "text" },
  name: { kind: "text" },
  displayName: { kind: "text" },
  notes: { kind: "text" },
  host: { kind: "text" },
  sweep: { kind: "text" },
  tags: { kind: "set" },
  createdAt: { kind: "time" },
  startedAt: { kind: "time" },
  finishedAt: { kind: "time" },
  /** Seconds since its first attempt began, until it ended or until now. */
  duration: { kind: "number" },
  ordinal: { kind: "integer" },
  attempt: { kind: "integer" },
  crashes: { kind: "integer" },
  preemptions: { kind: "integer" },
  generation: { kind: "integer" },
  exitCode: { kind: "integer" },
  objective: { kind: "number" },
} as const satisfies Vocabulary["fields"];
export type RunField = keyof typeof RUN_FIELDS;

const VOCABULARY: Vocabulary = { fields: RUN_FIELDS, named: true };

/** @throws AppError BAD_INPUT */
export const readRunFilter = (input: unknown, path?: string): Filter => readFilter(VOCABULARY, input, path);
/** @throws AppError BAD_INPUT */
export const readRunOrder = (input: unknown, path?: string): SortKey[] => readOrder(VOCABULARY, input, path);

/** A parameter as a filter of that name finds it, in parameters as JSON has them; undefined when there is none. @throws AppError BAD_INPUT */
export function findParameter(params: unknown, name: string): unknown {
  for (const path of pathsOf(name, "name")) {
    const value = path.reduce<unknown>(
      (inside, key) => (isGroup(inside) && Object.hasOwn(inside, key) ? inside[key] : undefined),
      params,
    );
    if (value !== undefined) return value;
  }
  return undefined;
}

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
