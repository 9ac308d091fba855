import type { Constraint } from "@/core/constraint";
import { AppError } from "@/core/errors";

/** @param looked how it was found out */
export function nothingLeft(constraints: readonly Constraint[], looked: string): AppError {
  const sources = [...new Set(constraints.map(({ source }) => source))];
  const named = sources.map((source) => `\`${source}\``).join(", ");
  return new AppError(
    "CONSTRAINTS_LEAVE_NOTHING",
    `the constraints leave nothing to run: ${looked} keeps to ${sources.length > 1 ? "all of " : ""}${named.slice(0, 1_000)}. ` +
      "Widen the parameters' bounds, or loosen a constraint",
    { details: { constraints: sources } },
  );
}
