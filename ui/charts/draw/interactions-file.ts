import { toCsv } from "../export";
import type { Interactions } from "../prepare/interactions";
import { tag, text, toSvgPage } from "../svg";
import { toCssRamp } from "./paint-dots";

/** A square with two digits, and beside the last one of a row the name of the row: it stands over its column too. */
export const CELL_PX = 34;
const NAME_PX = 124;
const NAME_LETTERS = 18;

export const toInteractionsSize = (names: number) => ({
  width: names * CELL_PX + NAME_PX,
  height: names * CELL_PX,
});

export const toShortName = (name: string): string =>
  name.length > NAME_LETTERS ? `…${name.slice(1 - NAME_LETTERS)}` : name;

/** The ends of the ramp on which figures in the colour of the paper keep 4.5:1. */
export const toCellFill = (ramp: number | undefined): string =>
  ramp === undefined ? "var(--sunken)" : toCssRamp(0.14 + 0.68 * ramp);

export const toCellInk = (ramp: number | undefined): string =>
  ramp === undefined ? "var(--ink-soft)" : "var(--paper)";

/** The heat map as a picture of its own. */
export function toInteractionsSvg(map: Interactions): string {
  const size = toInteractionsSize(map.names.length);
  return toSvgPage(
    {
      title: map.summary,
      width: Math.max(480, size.width + 60),
      height: size.height + 110 + map.notes.length * 16,
      notes: map.notes,
    },
    (box) =>
      [
        ...map.cells.map(({ row, column, ramp, text: figure }) => {
          const [x, y] = [box.left + column * CELL_PX, box.top + 8 + row * CELL_PX];
          const side = CELL_PX - 2;
          return [
            tag("rect", { x: x + 1, y: y + 1, width: side, height: side, rx: 3, fill: toCellFill(ramp) }),
            text(figure, {
              ...{ x: x + CELL_PX / 2, y: y + CELL_PX / 2 + 4, "text-anchor": "middle" },
              fill: toCellInk(ramp),
            }),
          ].join("");
        }),
        ...map.names.map((name, i) =>
          text(toShortName(name), {
            x: box.left + (i + 1) * CELL_PX + 6,
            y: box.top + 8 + i * CELL_PX + CELL_PX / 2 + 4,
            fill: "var(--ink)",
          }),
        ),
      ].join("\n"),
  );
}

/** A row a pair, every digit. */
export const toInteractionsCsv = (
  pairs: readonly { readonly a: string; readonly b: string; readonly importance: number }[],
): string =>
  toCsv(
    ["parameter", "with", "share beyond both"],
    pairs.map(({ a, b, importance }) => [a, b, importance]),
  );
