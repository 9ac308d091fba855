import type { Vocabulary } from "./filter/operand";
import { readOrder, type SortKey } from "./filter/order";
import { type Filter, readFilter } from "./filter/tree";
import { SWEEP_STATES } from "./sweep";

export const SWEEP_FIELDS = {
  id: { kind: "text" },
  name: { kind: "text" },
  state: { kind: "word", words: SWEEP_STATES },
  stateReason: { kind: "text" },
  method: { kind: "text" },
  metric: { kind: "text" },
  createdAt: { kind: "time" },
  startedAt: { kind: "time" },
  finishedAt: { kind: "time" },
  /** Runs handed out and not deleted. */
  runCount: { kind: "integer" },
} as const satisfies Vocabulary["fields"];
export type SweepField = keyof typeof SWEEP_FIELDS;

const VOCABULARY: Vocabulary = { fields: SWEEP_FIELDS };

/** The same shape as a `RunFilter`, about the fields of sweeps. @throws AppError BAD_INPUT */
export const readSweepFilter = (input: unknown): Filter => readFilter(VOCABULARY, input);
/** @throws AppError BAD_INPUT */
export const readSweepOrder = (input: unknown): SortKey[] => readOrder(VOCABULARY, input);
