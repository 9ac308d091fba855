import { countCells, padCells, toShown } from "./cells";

/** Rows under a heading, columns padded to their widest cell, two spaces between; numbers to the right. */
export function toTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows].map((row) => row.map(toShown));
  const widths = heading.map((_, column) => Math.max(...all.map((row) => countCells(row[column] ?? ""))));
  const numeric = heading.map((_, column) => rows.every((row) => isNumeric(row[column] ?? "")));
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column] ?? 0) : padCells(cell, widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const isNumeric = (cell: string): boolean => cell === "" || cell === "-" || Number.isFinite(Number(cell));

/** A number as short as it can be without hiding a difference that matters: 6 significant digits. */
export const toShortNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));

/** RFC 4180: quoted where a comma, a quote or a line break would mislead. */
export function toCsvLine(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",");
}
