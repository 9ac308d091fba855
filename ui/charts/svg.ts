import type { Axis } from "./axis";
import { symbolPath, toSymbol } from "./symbols";

/**
 * A chart as a picture of its own: title, axes and legend inside, no style sheet and no script. Colours are written as
 * on the page (`var(--ink)`, `light-dark(...)`); `resolveColors` of ./export makes them the theme's before anything is saved.
 */
export interface Picture {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly width?: number;
  readonly height?: number;
  readonly legend?: readonly LegendEntry[];
  /** Sentences below the plot. */
  readonly notes?: readonly string[];
  /** Marks; they are cut at the plot's edges. */
  draw(plot: Plot): string;
}

export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  readonly mark: "dot" | "line" | "box";
  /** An SVG dash array. */
  readonly dash?: string;
  /** Of a dot, by `toSymbol`. */
  readonly symbol?: number;
}

/** The inner box of an axis frame, in px of the picture. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** From fractions, as `Scale.at` gives them, to px. */
  x(at: number): number;
  y(at: number): number;
}

export function toSvg(picture: Picture): string {
  const { title, width = 960, height = 560, legend, notes } = picture;
  return toSvgPage({ title, width, height, ...(legend && { legend }), ...(notes && { notes }) }, (box) =>
    toSvgFrame(box, picture.x, picture.y, picture.draw),
  );
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The sheet with its title, legend and notes; `draw` fills what is left. */
export function toSvgPage(
  page: {
    readonly title: string;
    readonly width: number;
    readonly height: number;
    readonly legend?: readonly LegendEntry[];
    readonly notes?: readonly string[];
  },
  draw: (box: Box) => string,
): string {
  const { title, width, height, legend = [] } = page;
  const titles = wrap(title, (width - 2 * EDGE) / TITLE_CHAR_PX);
  const notes = (page.notes ?? []).flatMap((note) => wrap(note, (width - 2 * EDGE) / CHAR_PX));
  const foot = notes.length * 16;
  const head = 24 + titles.length * 20;
  const top = head + (legend.length > 0 ? 22 : 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, &quot;Helvetica Neue&quot;, Arial, sans-serif" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    tag("rect", { width, height, fill: "var(--paper)" }),
    ...titles.map((words, i) =>
      text(words, { x: EDGE, y: 28 + i * 20, "font-size": 15, "font-weight": 600, fill: "var(--ink)" }),
    ),
    toLegend(legend, head + 6),
    draw({ left: EDGE, top, width: width - 2 * EDGE, height: height - top - foot - 20 }),
    ...notes.map((note, i) =>
      text(note, { x: EDGE, y: height - foot - 2 + i * 16, "font-size": 11, fill: "var(--ink-faint)" }),
    ),
    "</svg>",
  ].join("\n");
}

/** Lines of at most so many letters; a longer word stays whole. */
function wrap(words: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= letters)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Axes with ticks and labels in a box, and marks between them. */
export function toSvgFrame(box: Box, x: Axis, y: Axis, draw: (plot: Plot) => string): string {
  const widest = Math.max(0, ...y.scale.ticks.map((tick) => tick.label.length));
  const left = box.left + Math.min(box.width / 3, widest * CHAR_PX + 10);
  const top = box.top + 20;
  const plot: Plot = {
    left,
    top,
    width: box.left + box.width - left,
    height: box.height - 20 - 38,
    x: (at) => round(left + at * plot.width),
    y: (at) => round(top + (1 - at) * plot.height),
  };
  const bottom = plot.top + plot.height;
  const fits = plot.width / Math.max(1, ...x.scale.ticks.map((tick) => tick.label.length)) / CHAR_PX;
  const every = x.scale.ticks.length > fits ? Math.ceil(x.scale.ticks.length / fits) : 1;
  const clip = `clip-${round(box.left)}-${round(box.top)}`.replaceAll(".", "_");
  return [
    text(y.label, { x: box.left, y: box.top + 8, fill: "var(--ink-soft)" }),
    ...y.scale.ticks.flatMap((tick) => [
      line(plot.left, plot.y(tick.at), plot.left + plot.width, plot.y(tick.at), { stroke: "var(--line)" }),
      text(tick.label, {
        x: plot.left - 8,
        y: plot.y(tick.at) + 4,
        "font-size": 11,
        "text-anchor": "end",
        fill: "var(--ink-faint)",
      }),
    ]),
    ...x.scale.ticks.map((tick, i) =>
      i % every === 0
        ? text(tick.label, {
            x: plot.x(tick.at),
            y: bottom + 16,
            "font-size": 11,
            "text-anchor": tick.at > 0.97 ? "end" : tick.at < 0.02 ? "start" : "middle",
            fill: "var(--ink-faint)",
          })
        : "",
    ),
    text(x.label, {
      x: plot.left + plot.width,
      y: bottom + 34,
      "text-anchor": "end",
      fill: "var(--ink-soft)",
    }),
    tag("clipPath", { id: clip }, tag("rect", { ...sizes(plot, 6) })),
    tag("g", { "clip-path": `url(#${clip})` }, draw(plot)),
  ].join("\n");
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

export function tag(name: string, attributes: Attributes, inner = ""): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escapeXml(String(value))}"`)
    .join("");
  return inner === "" ? `<${name}${written}/>` : `<${name}${written}>${inner}</${name}>`;
}

export const text = (words: string, attributes: Attributes): string =>
  tag("text", attributes, escapeXml(words));

export const line = (x1: number, y1: number, x2: number, y2: number, attributes: Attributes): string =>
  tag("line", { x1, y1, x2, y2, ...attributes });

/** A line through points that are px already. */
export const polyline = (
  points: readonly (readonly [x: number, y: number])[],
  attributes: Attributes,
): string =>
  points.length === 0
    ? ""
    : tag("path", {
        d: `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join("L")}`,
        fill: "none",
        "stroke-linejoin": "round",
        "stroke-linecap": "round",
        ...attributes,
      });

/** Many dots of one look as one path: ten thousand elements would make a file that no editor opens. */
export const dots = (
  points: readonly (readonly [x: number, y: number])[],
  size: number,
  attributes: Attributes & { readonly stroke: string },
): string =>
  points.length === 0
    ? ""
    : tag("path", {
        d: points.map(([x, y]) => `M${round(x)} ${round(y)}h0`).join(""),
        fill: "none",
        "stroke-width": size,
        "stroke-linecap": "round",
        ...attributes,
      });

/** What XML has no sign for is left out: one control character would make the file unreadable. */
export const escapeXml = (words: string): string =>
  words
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

function toLegend(entries: readonly LegendEntry[], y: number): string {
  let x = EDGE;
  return entries
    .map(({ label, color, mark, dash, symbol = 0 }) => {
      const at = x;
      x += label.length * CHAR_PX + 40;
      const sign =
        mark === "dot"
          ? tag("path", { d: symbolPath(toSymbol(symbol), at + 8, y - 4, 4), fill: color })
          : mark === "box"
            ? tag("rect", { x: at, y: y - 9, width: 12, height: 10, fill: color })
            : line(at, y - 4, at + 16, y - 4, { stroke: color, "stroke-width": 2, "stroke-dasharray": dash });
      return sign + text(label, { x: at + 21, y, "font-size": 11, fill: "var(--ink-soft)" });
    })
    .join("\n");
}

/** The plot and a margin, for marks that stand on its edge. */
const sizes = (plot: Plot, room: number) => ({
  x: plot.left - room,
  y: plot.top - room,
  width: plot.width + 2 * room,
  height: plot.height + 2 * room,
});

const EDGE = 24;
/** A little more than the mean width of a letter at 11 px. */
const CHAR_PX = 6.4;
/** The same of the title's. */
const TITLE_CHAR_PX = 8.2;

const round = (px: number): number => Math.round(px * 10) / 10;
