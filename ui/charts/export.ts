/** What a chart shows, as a file to keep: CSV, SVG or PNG. */

export type Cell = string | number | boolean | null | undefined;

/**
 * RFC 4180 with every digit of a number: what is read back is the same double. A text that a spreadsheet would take for a
 * formula gets an apostrophe in front (OWASP, "CSV injection"); one that is only a number stays as it is.
 */
export const toCsv = (columns: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [columns, ...rows].map((row) => `${row.map(toField).join(",")}\r\n`).join("");

function toField(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "string") return String(cell);
  const safe = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const FORMULA = /^\s*[=+\-@\t\r]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** "loss / best so far" becomes `loss-best-so-far.csv`. */
export const toFileName = (name: string, extension: string): string =>
  `${
    name
      .normalize("NFKD")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 80) || "chart"
  }.${extension}`;

/** A picture with the page's colour names written out in the theme that is on, so that it looks alike anywhere. */
export function resolveColors(svg: string): string {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const known = new Map<string, string>();
  const resolve = (color: string): string => {
    let value = known.get(color);
    if (value === undefined) {
      probe.style.color = "";
      probe.style.color = color;
      value = toHex(getComputedStyle(probe).color);
      known.set(color, value);
    }
    return value;
  };
  const resolved = svg.replaceAll(/var\(--[\w-]+\)|light-dark\([^()]*\)/g, resolve);
  probe.remove();
  return resolved;
}

/** `rgb(1, 2, 3)`; what has an alpha, or another space, is left to the viewer. */
function toHex(color: string): string {
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color);
  return parts
    ? `#${parts
        .slice(1)
        .map((part) => Number(part).toString(16).padStart(2, "0"))
        .join("")}`
    : color;
}

/** Two dots for each of the page's: sharp on paper and on dense screens. */
const PNG_SCALE = 2;

export async function toPng(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: SVG_TYPE }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth * PNG_SCALE;
    canvas.height = image.naturalHeight * PNG_SCALE;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("this browser made no PNG")))),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

export const SVG_TYPE = "image/svg+xml;charset=utf-8";
export const CSV_TYPE = "text/csv;charset=utf-8";

export function download(fileName: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = fileName;
  document.body.append(link);
  link.click();
  link.remove();
  // Safari reads it a moment after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
