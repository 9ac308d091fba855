import type { Position } from "./tree";
import type { Diagnostic } from "./types";

/** A file with a thousand mistakes is told the first of them; nobody reads more, and the answer stays small. */
const MAX_KEPT = 100;

/** Names in a message may be as long as the file; the path has them whole. */
const MAX_MESSAGE = 1_000;

export type Path = readonly string[];

/** Collects what is wrong (the sweep can't run) and what is odd (it runs, but perhaps not as meant). */
export class Findings {
  readonly errors: Diagnostic[] = [];
  readonly warnings: Diagnostic[] = [];

  error(code: string, message: string, path: Path, at: Position | undefined): void {
    keep(this.errors, { code, message, path, ...at });
  }

  warn(code: string, message: string, path: Path, at: Position | undefined): void {
    keep(this.warnings, { code, message, path, ...at });
  }
}

function keep(list: Diagnostic[], diagnostic: Diagnostic): void {
  const { message } = diagnostic;
  if (list.length < MAX_KEPT)
    list.push(
      message.length > MAX_MESSAGE
        ? { ...diagnostic, message: `${message.slice(0, MAX_MESSAGE)}…` }
        : diagnostic,
    );
  else if (list.length === MAX_KEPT)
    list.push({
      ...diagnostic,
      code: "MORE_FINDINGS",
      message: `only the first ${MAX_KEPT} are listed; mend those and check again`,
    });
}
