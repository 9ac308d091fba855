import { type Operand, operandKeys, readGiven, readOperand, type Vocabulary } from "./operand";
import { refuse } from "./refuse";

/**
 * What a list is sorted by, the weightier key first. Whatever is missing stands last in both directions, and rows that are
 * equal in all keys stand in the order in which they were made.
 *
 * best: by the goal of the run's sweep, for its objective alone.
 */
export interface SortKey {
  readonly operand: Operand;
  readonly direction: Direction;
}

export const DIRECTIONS = ["asc", "desc", "best"] as const;
export type Direction = (typeof DIRECTIONS)[number];

const MAX_KEYS = 8;

/** @throws AppError BAD_INPUT */
export function readOrder(vocabulary: Vocabulary, input: unknown, path = "orderBy"): SortKey[] {
  if (!Array.isArray(input)) return refuse(path, input, "a list");
  if (input.length > MAX_KEYS) refuse(path, `${input.length} keys`, `at most ${MAX_KEYS}`, { quoted: false });
  const subjects = operandKeys(vocabulary);
  return input.map((item, i) => {
    const at = `${path}[${i}]`;
    const given = readGiven(item, [...subjects, ...(vocabulary.named ? ["stat"] : []), "direction"], at);
    const found = subjects.filter((key) => given[key] !== undefined);
    if (found.length !== 1)
      refuse(at, `about ${found.join(" and ") || "nothing"}`, `exactly one of ${subjects.join(", ")}`, {
        quoted: false,
      });
    const operand = readOperand(vocabulary, given, at);
    if (operand.field.kind === "set") refuse(`${at}.field`, operand.name, "a field with one value");
    return { operand, direction: readDirection(operand, given.direction ?? "asc", `${at}.direction`) };
  });
}

function readDirection(operand: Operand, value: unknown, path: string): Direction {
  const allowed =
    operand.of === "field" && operand.name === "objective" ? DIRECTIONS : (["asc", "desc"] as const);
  return allowed.find((one) => one === value) ?? refuse(path, value, `one of ${allowed.join(", ")}`);
}
