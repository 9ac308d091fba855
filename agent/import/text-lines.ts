import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { AppError } from "@/core/errors";

export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** Without its end, `\n` or `\r\n`. */
  readonly text: string;
  /** False for a last line without an end: whoever wrote it may have been ended within it. */
  readonly whole: boolean;
}

const CHUNK = 1 << 20;
/** No door of the server takes a longer one. */
const MAX_LINE = 16 << 20;

/** The lines of a file of any length. @throws AppError BAD_INPUT for a line that is too long to be one */
export function* splitLines(path: string): Generator<TextLine> {
  const file = openSync(path, "r");
  try {
    const decoder = new StringDecoder("utf8");
    const chunk = Buffer.allocUnsafe(CHUNK);
    let [number, rest] = [0, ""];
    for (;;) {
      const length = readSync(file, chunk, 0, CHUNK, null);
      const pieces = (rest + (length > 0 ? decoder.write(chunk.subarray(0, length)) : decoder.end())).split(
        "\n",
      );
      rest = pieces.pop() ?? "";
      for (const piece of pieces) yield { number: ++number, text: toText(number, piece), whole: true };
      if (length === 0) break;
      if (rest.length > MAX_LINE)
        throw new AppError(
          "BAD_INPUT",
          `line ${number + 1} of ${path} is longer than ${MAX_LINE} characters`,
        );
    }
    if (rest !== "") yield { number: ++number, text: toText(number, rest), whole: false };
  } finally {
    closeSync(file);
  }
}

/** Windows ends lines with two characters, and begins a file with one that is none. */
const toText = (number: number, line: string): string =>
  (number === 1 ? line.replace(/^\ufeff/, "") : line).replace(/\r$/, "");
