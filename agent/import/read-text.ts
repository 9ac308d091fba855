import { readFileSync, statSync } from "node:fs";
import { AppError } from "@/core/errors";

/** Of files that are read as a whole: a configuration or a summary of a run has some kilobytes, and no door of the server takes so many. */
const MAX_BYTES = 64 * 2 ** 20;

/** @throws AppError BAD_INPUT for what is no file, or too long to be one of a run's description */
export function readText(path: string): string {
  const found = statSync(path);
  if (!found.isFile()) throw new AppError("BAD_INPUT", `${path} is no file`, { details: { path } });
  if (found.size > MAX_BYTES)
    throw new AppError("BAD_INPUT", `${path} has ${found.size} bytes, at most ${MAX_BYTES} are read`, {
      details: { path },
    });
  return readFileSync(path, "utf8");
}
