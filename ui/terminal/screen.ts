/**
 * What a program printed, as a terminal would show it: carriage returns fold progress bars into one line, colours
 * become styles, other escape sequences vanish. Bounded: only the last lines are kept, and none grows without end.
 */
export type Stream = "stdout" | "stderr";

export interface Piece {
  readonly stream: Stream;
  readonly text: string;
}

export interface Style {
  /** One of the eight colours of a terminal. */
  readonly color?: Color;
  readonly bold?: boolean;
  readonly faint?: boolean;
}

export const COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
export type Color = (typeof COLORS)[number];

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** A new object whenever it changes, so that drawings of the others are kept. */
export interface ScreenLine {
  /** Counted from the first line ever written. */
  readonly number: number;
  readonly stream: Stream;
  readonly spans: readonly Span[];
}

export interface ScreenView {
  readonly lines: readonly ScreenLine[];
  /** Lines that were written before the first one shown, and are no longer kept. */
  readonly dropped: number;
}

const PLAIN: Style = {};
/** A line of a megabyte is somebody's dump of a tensor: its beginning tells what it is. */
const MAX_LINE = 5_000;
/** Longer than any escape sequence that means something. */
const MAX_ESCAPE = 256;

interface Writer {
  style: Style;
  /** Its line without an end, by number. */
  open: number | undefined;
  /** A return was seen: what comes next, unless it is the line's end, begins the line anew. */
  returned: boolean;
  /** The beginning of an escape sequence whose end has not come yet. */
  rest: string;
}

export class Screen {
  #lines: ScreenLine[] = [];
  #first = 0;
  readonly #writers: Record<Stream, Writer> = { stdout: newWriter(), stderr: newWriter() };

  constructor(private readonly maxLines: number) {}

  view(): ScreenView {
    return { lines: this.#lines.slice(), dropped: this.#first };
  }

  write({ stream, text }: Piece): void {
    const writer = this.#writers[stream];
    const all = writer.rest + text;
    writer.rest = "";
    let at = 0;
    for (const match of all.matchAll(CONTROL)) {
      this.#put(writer, stream, all.slice(at, match.index));
      at = match.index + match[0].length;
      this.#control(writer, stream, match[0]);
    }
    const tail = all.slice(at);
    const begun = tail.lastIndexOf("\u001b");
    if (begun !== -1 && tail.length - begun < MAX_ESCAPE) {
      this.#put(writer, stream, tail.slice(0, begun));
      writer.rest = tail.slice(begun);
    } else this.#put(writer, stream, tail);
  }

  #control(writer: Writer, stream: Stream, code: string): void {
    if (code === "\n" || code === "\r\n") {
      if (writer.open === undefined) this.#push(stream, []);
      writer.open = undefined;
      writer.returned = false;
    } else if (code === "\r") writer.returned = writer.open !== undefined;
    else if (code.endsWith("m") && code.startsWith("\u001b[")) writer.style = toStyle(writer.style, code);
  }

  #put(writer: Writer, stream: Stream, text: string): void {
    const shown = text.replaceAll(UNSEEN, "");
    if (shown === "") return;
    const span = { text: shown, style: writer.style };
    const index = writer.open === undefined ? -1 : writer.open - this.#first;
    const line = this.#lines[index];
    if (line === undefined) {
      writer.open = this.#push(stream, [cut(span, MAX_LINE)]);
    } else if (writer.returned) {
      this.#lines[index] = { ...line, spans: [cut(span, MAX_LINE)] };
    } else {
      const room = MAX_LINE - line.spans.reduce((sum, one) => sum + one.text.length, 0);
      if (room > 0) this.#lines[index] = { ...line, spans: join(line.spans, cut(span, room)) };
    }
    writer.returned = false;
  }

  #push(stream: Stream, spans: readonly Span[]): number {
    const number = this.#first + this.#lines.length;
    this.#lines.push({ number, stream, spans });
    // A quarter at a time: shifting ten thousand lines for each new one would cost more than drawing them.
    if (this.#lines.length > this.maxLines * 1.25) {
      const extra = this.#lines.length - this.maxLines;
      this.#lines = this.#lines.slice(extra);
      this.#first += extra;
    }
    return number;
  }
}

const newWriter = (): Writer => ({ style: PLAIN, open: undefined, returned: false, rest: "" });

const ESCAPE = "\\u001b";
/** Line ends; CSI, OSC and the short escape sequences. */
const CONTROL = new RegExp(
  `\\r?\\n|\\r|${ESCAPE}\\[[0-?]*[ -/]*[@-~]|${ESCAPE}\\][^\\u0007${ESCAPE}]*(?:\\u0007|${ESCAPE}\\\\)|${ESCAPE}(?:[()*+][0-9A-Za-z]|[@-Z\\\\^_=>78c])`,
  "g",
);
/** Bells, nulls and what else has no shape; tabs have one. */
const UNSEEN = /(?!\t)\p{Cc}/gu;

const cut = (span: Span, room: number): Span =>
  span.text.length <= room ? span : { ...span, text: `${span.text.slice(0, Math.max(0, room - 1))}…` };

function join(spans: readonly Span[], span: Span): readonly Span[] {
  const last = spans.at(-1);
  if (last?.style !== span.style) return [...spans, span];
  return [...spans.slice(0, -1), { text: last.text + span.text, style: span.style }];
}

/** Select Graphic Rendition: the eight colours, bold and faint; the finer shades of 256 colours are left out. */
function toStyle(style: Style, code: string): Style {
  const numbers = code.slice(2, -1).split(/[;:]/).map(Number);
  let next: Style = style;
  for (let i = 0; i < numbers.length; i++) {
    const n = numbers[i] ?? 0;
    if (n === 38 || n === 48) {
      i += numbers[i + 1] === 5 ? 2 : 4;
      continue;
    }
    next = applyNumber(next, n);
  }
  return next;
}

function applyNumber(style: Style, n: number): Style {
  const { color: _color, ...uncolored } = style;
  const { bold: _bold, faint: _faint, ...even } = style;
  if (n === 0) return PLAIN;
  if (n === 1) return { ...style, bold: true };
  if (n === 2) return { ...style, faint: true };
  if (n === 22) return even;
  if (n === 39) return uncolored;
  const color = n >= 30 && n <= 37 ? COLORS[n - 30] : n >= 90 && n <= 97 ? COLORS[n - 90] : undefined;
  return color ? { ...uncolored, color } : style;
}
