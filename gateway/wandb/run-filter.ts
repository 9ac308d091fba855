import { AppError } from "@/core/errors";
import { type Position, readPosition } from "@/core/filter/position";
import { type MongoFilter, type MongoVocabulary, readMongoFilter } from "@/core/mongo-filter";
import { toSortKeys, type WireOrder } from "@/db/queries/list-wire-runs";
import { badCursor, parseCursor } from "./words";

/** What runs may be asked about (W80): keys as W&B writes them, each with the names under which clients of different ages know it. */
export const RUN_WORDS: MongoVocabulary = {
  fields: {
    name: { name: "name", kind: "text" },
    state: { name: "state", kind: "text" },
    ...both("display_name", { name: "displayName", kind: "text" }),
    sweep: { name: "sweep", kind: "text" },
    group: { name: "group", kind: "text" },
    ...both("job_type", { name: "jobType", kind: "text" }),
    user: { name: "username", kind: "text" },
    username: { name: "username", kind: "text" },
    program: { name: "program", kind: "text" },
    host: { name: "host", kind: "text" },
    commit: { name: "commit", kind: "text" },
    description: { name: "notes", kind: "text" },
    notes: { name: "notes", kind: "text" },
    tags: { name: "tags", kind: "set" },
    ...both("created_at", { name: "createdAt", kind: "time" }),
    ...both("heartbeat_at", { name: "heartbeatAt", kind: "time" }),
    duration: { name: "duration", kind: "number" },
    exitcode: { name: "exitcode", kind: "number" },
  },
  prefixes: { config: "config", summary_metrics: "summary", summaryMetrics: "summary", summary: "summary" },
};

/** Those of sweeps (W87). */
export const SWEEP_WORDS: MongoVocabulary = {
  fields: {
    name: { name: "name", kind: "text" },
    id: { name: "name", kind: "text" },
    sweep: { name: "name", kind: "text" },
    state: { name: "state", kind: "text" },
    method: { name: "method", kind: "text" },
    ...both("display_name", { name: "displayName", kind: "text" }),
    user: { name: "username", kind: "text" },
    username: { name: "username", kind: "text" },
    ...both("created_at", { name: "createdAt", kind: "time" }),
  },
};

function both<Field>(snake: string, field: Field): Record<string, Field> {
  return { [snake]: field, [snake.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]: field };
}

/** @throws AppError BAD_INPUT */
export const readRunFilter = (text: string | null | undefined): MongoFilter | undefined =>
  readMongoFilter(RUN_WORDS, text);

/** @throws AppError BAD_INPUT */
export const readSweepFilter = (text: string | null | undefined): MongoFilter | undefined =>
  readMongoFilter(SWEEP_WORDS, text);

/** `+created_at`, `-summary_metrics.loss`, `+config.lr.value` (W82). Several, with commas between, are told by the first. @throws AppError BAD_INPUT */
export function readRunOrder(text: string | null | undefined): WireOrder {
  const wish = (text ?? "").split(",", 1)[0]?.trim() || "+created_at";
  const [, sign, key = ""] = /^([+-]?)(.*)$/su.exec(wish) ?? [];
  const descending = sign === "-";
  if (key === "created_at" || key === "createdAt") return { operand: "created", descending };
  const filter = readOperand(key);
  if (filter === undefined || filter.kind === "set")
    throw new AppError(
      "BAD_INPUT",
      `order is ${JSON.stringify(wish.slice(0, 200))}, expected + or - and created_at, heartbeat_at, config.NAME.value or summary_metrics.NAME`,
    );
  return { operand: filter, descending };
}

function readOperand(key: string) {
  try {
    const filter = readMongoFilter(RUN_WORDS, JSON.stringify({ [key]: { $exists: true } }));
    return filter?.kind === "test" ? filter.operand : undefined;
  } catch {
    return undefined;
  }
}

/** @throws AppError BAD_INPUT for one of another order */
export function readRunPosition(order: WireOrder, cursor: string | null | undefined): Position | undefined {
  if (!cursor) return undefined;
  const isId = (id: unknown): id is number => Number.isSafeInteger(id) && (id as number) >= 0;
  const position = readPosition(toSortKeys(order), isId, [0, ...parseCursor(cursor)]);
  if (position === undefined) throw badCursor(cursor);
  return position;
}
