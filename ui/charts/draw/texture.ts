import { type StateLook, stateLook } from "../states";
import { tag } from "../svg";
import type { ThemeColors } from "./use-theme";

/** How a state looks as a bar: its colour, and a texture that says the same without it. */
export type BarLook = Pick<StateLook, "token" | "texture">;

/** Strokes of a tile of this many px, in the ground's colour over the bar's. */
const TILE_PX = 6;
const STROKES: Readonly<Record<BarLook["texture"], string>> = {
  solid: "",
  diagonal: "M-1 7L7 -1M-4 4L4 -4M2 10L10 2",
  cross: "M-1 7L7 -1M-1 -1L7 7",
  dots: "M3 3h0.01",
  lines: "M0 3h6",
  hollow: "",
};
const STROKE_PX: Readonly<Record<BarLook["texture"], number>> = {
  solid: 0,
  diagonal: 1.5,
  cross: 1.25,
  dots: 2.25,
  lines: 2,
  hollow: 0,
};

/** What to fill a bar with on a canvas. */
export function toFill(
  context: CanvasRenderingContext2D,
  { token, texture }: BarLook,
  theme: ThemeColors,
): string | CanvasPattern {
  const color = theme.token(token);
  const strokes = STROKES[texture];
  if (strokes === "") return color;
  const ratio = context.getTransform().a || 1;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(TILE_PX * ratio);
  const own = tile.getContext("2d");
  if (!own) return color;
  own.scale(tile.width / TILE_PX, tile.height / TILE_PX);
  own.fillStyle = color;
  own.fillRect(0, 0, TILE_PX, TILE_PX);
  own.strokeStyle = theme.token("paper");
  own.lineWidth = STROKE_PX[texture];
  own.lineCap = "round";
  own.stroke(new Path2D(strokes));
  const pattern = context.createPattern(tile, "repeat");
  // A pattern is laid in the canvas's own px, whatever the transform: its tile has been scaled already.
  pattern?.setTransform(new DOMMatrix().scale(TILE_PX / tile.width, TILE_PX / tile.height));
  return pattern ?? color;
}

/** The same in a picture: what defines a fill, and its name. */
export function toSvgFill(state: string): { readonly defs: string; readonly fill: string } {
  const { token, texture } = stateLook(state);
  const color = `var(--${token})`;
  if (STROKES[texture] === "") return { defs: "", fill: color };
  const id = `bar-${state}`;
  return {
    fill: `url(#${id})`,
    defs: tag(
      "pattern",
      { id, width: TILE_PX, height: TILE_PX, patternUnits: "userSpaceOnUse" },
      tag("rect", { width: TILE_PX, height: TILE_PX, fill: color }) +
        tag("path", {
          d: STROKES[texture],
          stroke: "var(--paper)",
          "stroke-width": STROKE_PX[texture],
          "stroke-linecap": "round",
        }),
    ),
  };
}

/** The same for a legend on the page. */
export const toTile = (state: string) => {
  const { token, texture } = stateLook(state);
  return {
    color: `var(--${token})`,
    strokes: STROKES[texture],
    strokePx: STROKE_PX[texture],
    hollow: texture === "hollow",
  };
};
