import { AppError } from "@/core/errors";
import { parseSweepPath } from "@/core/ids";

/** Numbered ids travel as text, since 2^53 is beyond GraphQL's Int. */
export function toNumber(name: string, id: string): number {
  const number = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new AppError("BAD_INPUT", `${name} is ${JSON.stringify(id.slice(0, 80))}, expected a number as text`);
}

/** A full path `entity/project/id` is accepted wherever a sweep's id is. */
export function toSweepId(id: string): string {
  const path = parseSweepPath(id);
  if (path !== undefined) return path.sweepId;
  throw new AppError(
    "BAD_INPUT",
    `sweepId is ${JSON.stringify(id.slice(0, 80))}, expected 8 characters of a-z and 0-9, or entity/project/id`,
  );
}
