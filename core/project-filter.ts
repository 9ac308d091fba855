import type { Vocabulary } from "./filter/operand";
import { readOrder, type SortKey } from "./filter/order";
import { type Filter, readFilter } from "./filter/tree";

export const PROJECT_FIELDS = {
  /** Projects are numbered in the order in which they were made. */
  id: { kind: "integer", asText: true },
  name: { kind: "text" },
  entity: { kind: "text" },
  description: { kind: "text" },
  createdAt: { kind: "time" },
  /** When something last happened in it. */
  activeAt: { kind: "time" },
} as const satisfies Vocabulary["fields"];
export type ProjectField = keyof typeof PROJECT_FIELDS;

const VOCABULARY: Vocabulary = { fields: PROJECT_FIELDS };

/** The same shape as a `RunFilter`, about the fields of projects. @throws AppError BAD_INPUT */
export const readProjectFilter = (input: unknown): Filter => readFilter(VOCABULARY, input);
/** @throws AppError BAD_INPUT */
export const readProjectOrder = (input: unknown): SortKey[] => readOrder(VOCABULARY, input);
