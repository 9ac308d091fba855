import { AppError } from "@/core/errors";
import { parseJson } from "@/core/value";
import { splitLines } from "./text-lines";

/** A row of a table as the text of a JSON object; what has no value is absent. */
export interface CsvRow {
  /** The line that it ends on. */
  readonly number: number;
  readonly json: string;
}

/**
 * A CSV file (RFC 4180, names in its first row), as pandas and spreadsheets write a history. Numbers are numbers, NaN and infinities in
 * any of their spellings too, True and False are booleans, lists and objects are read as JSON, all else is text. A column without a name is
 * pandas' index.
 * @throws AppError BAD_INPUT naming the line
 */
export function* readCsvRows(path: string): Generator<CsvRow> {
  let names: readonly string[] | undefined;
  for (const { number, cells } of readCells(path)) {
    if (names === undefined) {
      names = cells.map((name) => name.trim());
      continue;
    }
    if (cells.length === 1 && cells[0] === "") continue;
    if (cells.length > names.length)
      throw new AppError(
        "BAD_INPUT",
        `line ${number} of ${path} has ${cells.length} cells, expected ${names.length} as in its first line`,
      );
    const fields = names.flatMap((name, i) => {
      const json = name === "" ? undefined : toJson(cells[i] ?? "");
      return json === undefined ? [] : [`${JSON.stringify(name)}:${json}`];
    });
    yield { number, json: `{${fields.join(",")}}` };
  }
}

/** A cell in quotes may go over lines. */
function* readCells(path: string): Generator<{ number: number; cells: string[] }> {
  let [open, began, length] = [false, 0, 0];
  let lines: string[] = [];
  for (const { number, text } of splitLines(path)) {
    if (lines.length === 0) [began, length] = [number, 0];
    lines.push(text);
    length += text.length + 1;
    // Behind an odd number of quotes one of them is open.
    if (text.split('"').length % 2 === 0) open = !open;
    if (!open) {
      yield { number, cells: cut(lines.join("\n")) };
      lines = [];
    } else if (length > MAX_CELLS) throw unclosed(path, began);
  }
  if (open) throw unclosed(path, began);
}
const MAX_CELLS = 16 << 20;

const unclosed = (path: string, line: number): AppError =>
  new AppError("BAD_INPUT", `a quote that opens on line ${line} of ${path} is never closed`);

/** By searching: a regular expression overflows its stack within a cell of 9 MB. */
function cut(line: string): string[] {
  const cells: string[] = [];
  for (let at = 0; ; ) {
    let cell = "";
    if (line[at] === '"') {
      const quoted = readQuoted(line, at);
      [cell, at] = [quoted.text, quoted.end];
    }
    const comma = line.indexOf(",", at);
    cells.push(cell + line.slice(at, comma === -1 ? undefined : comma));
    if (comma === -1) return cells;
    at = comma + 1;
  }
}

/** @returns what stands in quotes, in which two of them are one, and where it ends; a quote that is never closed is text */
function readQuoted(line: string, from: number): { text: string; end: number } {
  let [text, at] = ["", from + 1];
  for (;;) {
    const quote = line.indexOf('"', at);
    if (quote === -1) return { text: "", end: from };
    text += line.slice(at, quote);
    at = quote + 1;
    if (line[at] !== '"') return { text, end: at };
    text += '"';
    at++;
  }
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ nan: "NaN", inf: "Infinity", "+inf": "Infinity", "-inf": "-Infinity", true: "true", false: "false" },
    ...{ infinity: "Infinity", "+infinity": "Infinity", "-infinity": "-Infinity" },
  }),
);

function toJson(cell: string): string | undefined {
  if (cell === "") return undefined;
  if (JSON_NUMBER.test(cell)) return cell;
  if (NUMBER.test(cell)) return String(Number(cell));
  const word = WORDS.get(cell.toLowerCase());
  if (word !== undefined) return word;
  if (/^[[{]/.test(cell)) {
    try {
      parseJson(cell);
      return cell;
    } catch {
      // Text that begins with a bracket.
    }
  }
  return JSON.stringify(cell);
}
