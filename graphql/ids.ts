import { AppError } from "@/core/errors";
import { parseSweepPath } from "@/core/ids";

/** The greatest of PostgreSQL's integer. */
export const MAX_INTEGER = 2_147_483_647;

/** Numbered ids travel as text, since 2^53 is beyond GraphQL's Int. */
export function toNumber(name: string, id: string): number {
  const number = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new AppError("BAD_INPUT", `${name} is ${JSON.stringify(id.slice(0, 80))}, expected a number as text`);
}

/** Agents and API keys are numbered in PostgreSQL's integer. */
export function toSmallNumber(name: string, id: string): number {
  const number = toNumber(name, id);
  if (number <= MAX_INTEGER) return number;
  throw new AppError("BAD_INPUT", `${name} is ${id}, expected a number as text, at most ${MAX_INTEGER}`);
}

/** Text to look something up by: PostgreSQL's text holds no NUL, so nothing is called so. */
export function toLookup(name: string, text: string): string {
  if (!text.includes("\0")) return text;
  throw new AppError(
    "BAD_INPUT",
    `${name} is ${JSON.stringify(text.slice(0, 80))}, expected text without the character NUL`,
  );
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
