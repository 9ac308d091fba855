import { AppError } from "../errors";
import { show } from "../show";

/** Names the value, where in the filter it stands and what was expected there. @throws AppError BAD_INPUT */
export function refuse(
  path: string,
  value: unknown,
  expected: string,
  { quoted = true }: { quoted?: boolean } = {},
): never {
  throw new AppError("BAD_INPUT", `${path} is ${quoted ? show(value) : value}, expected ${expected}`, {
    details: { path, expected },
  });
}
