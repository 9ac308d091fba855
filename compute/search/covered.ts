import type { SweepConfig } from "@/core/sweep-config";
import type { Domain, Values } from "./domain";
import type { Choice } from "./ledger";
import type { ProposalReason } from "./method";

/** Whether the budget runs through the whole space: then the order hardly matters, and no model is asked. */
export const isCoveredBy = (
  { runCap, repeats }: Pick<SweepConfig, "runCap" | "repeats">,
  { size }: Pick<Domain, "size">,
): boolean => size !== null && runCap !== undefined && size * BigInt(repeats) <= BigInt(runCap);

/** A choice that no model made. */
export const withReason = (values: Values | undefined, reason: ProposalReason): Choice | undefined =>
  values && { params: values.params, hash: values.hash, reason };
