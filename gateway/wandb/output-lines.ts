import { MAX_PAGE_BYTES, type OutputPage, readOutput } from "@/db/queries/read-output";
import { countOutputLines } from "@/db/queries/read-samples";
import type { WireRunRow } from "@/db/queries/wire-runs";
import { type GatewayContext, reading } from "./context";
import { badCursor, parseCursor, toCursor } from "./words";

/** Lines of what a run's current attempt has printed (W94). They are stored as they were written, in pieces that end wherever a batch did. */

export interface LineArgs {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
}

interface Line {
  readonly number: number;
  readonly time: number;
  readonly stream: string;
  readonly text: string;
  /** Where the next one begins. */
  readonly end: Place;
}

/** A character of a piece. */
interface Place {
  readonly batch: number;
  readonly piece: number;
  readonly character: number;
}

const DEFAULT_LINES = 1_000;
const MOST_LINES = 10_000;
/** Of one line; a program may print for hours without an end of line. */
const MOST_CHARACTERS = 100_000;
/** A page ends when it has read as much, whatever was asked for. */
const MOST_BYTES = 8 * MAX_PAGE_BYTES;

/** @throws AppError BAD_INPUT for a cursor that is none */
export async function readLines(context: GatewayContext, row: WireRunRow, { first, after, last }: LineArgs) {
  const total = await countOutputLines(reading(context), context.access, row.id);
  // Lines are numbered through all of a run: an attempt that goes on from another begins where that one ended.
  const base = Math.max(0, row.outputLines - total);
  const { lines, more } =
    last != null && first == null
      ? await readTail(context, row.id, { total, wanted: clamp(last) })
      : await readPage(context, row.id, { wanted: clamp(first ?? DEFAULT_LINES), from: readPlace(after) });
  const edges = lines.map(({ number, time, stream, text, end }) => ({
    node: {
      number: base + number,
      timestamp: new Date(time),
      level: stream === "stderr" ? "error" : null,
      label: null,
      line: text,
    },
    cursor: toCursor([end.batch, end.piece, end.character, number + 1]),
  }));
  return { edges, pageInfo: { endCursor: edges.at(-1)?.cursor ?? null, hasNextPage: more } };
}

const clamp = (wanted: number): number => Math.min(MOST_LINES, Math.max(1, Math.trunc(wanted)));

type Start = Place & { readonly number: number };

function readPlace(after: string | null | undefined): Start {
  if (!after) return { batch: 0, piece: 0, character: 0, number: 0 };
  const given = parseCursor(after);
  const valid =
    given.length === 4 &&
    given.every((one) => Number.isInteger(one) && (one as number) >= 0 && (one as number) < 2 ** 31);
  if (!valid) throw badCursor(after);
  const [batch = 0, piece = 0, character = 0, number = 0] = given as number[];
  return { batch, piece, character, number };
}

type Piece = OutputPage["pieces"][number];

async function readPage(
  context: GatewayContext,
  runId: number,
  { wanted, from }: { wanted: number; from: Start },
): Promise<{ lines: Line[]; more: boolean }> {
  const splitter = new Splitter(from.number);
  let [after, bytes] = [{ batch: from.batch, piece: from.piece - 1 }, 0];
  for (;;) {
    const page = (
      await readOutput(reading(context), context.access, { runIds: [runId], first: 500, after })
    ).get(runId);
    for (const piece of page?.pieces ?? []) {
      const begun = piece.batch === from.batch && piece.piece === from.piece ? from.character : 0;
      splitter.add(piece, begun);
      bytes += piece.text.length;
      after = { batch: piece.batch, piece: piece.piece };
    }
    const enough = splitter.lines.length >= wanted || (bytes >= MOST_BYTES && splitter.lines.length > 0);
    if (page?.more && !enough) continue;
    const lines = splitter.lines.slice(0, wanted);
    const rest = splitter.lines.length > wanted || page?.more === true;
    if (rest || lines.length === wanted) return { lines, more: rest || splitter.open !== undefined };
    return { lines: splitter.open ? [...lines, splitter.open] : lines, more: false };
  }
}

/** From the end backwards, until there are enough line ends. */
async function readTail(
  context: GatewayContext,
  runId: number,
  { total, wanted }: { total: number; wanted: number },
): Promise<{ lines: Line[]; more: boolean }> {
  const pieces: Piece[] = [];
  let [before, ends, bytes]: [{ batch: number; piece: number } | undefined, number, number] = [
    undefined,
    0,
    0,
  ];
  for (;;) {
    const page = (
      await readOutput(reading(context), context.access, {
        runIds: [runId],
        last: 500,
        ...(before && { before }),
      })
    ).get(runId);
    pieces.unshift(...(page?.pieces ?? []));
    for (const { text } of page?.pieces ?? []) {
      ends += text.split("\n").length - 1;
      bytes += text.length;
    }
    const [oldest] = pieces;
    before = oldest && { batch: oldest.batch, piece: oldest.piece };
    if (!page?.more || ends > wanted || bytes >= MOST_BYTES) break;
  }
  const splitter = new Splitter(0);
  for (const piece of pieces) splitter.add(piece, 0);
  const all = splitter.open ? [...splitter.lines, splitter.open] : splitter.lines;
  const lines = all.slice(-wanted);
  return { lines: lines.map((line, i) => ({ ...line, number: total - lines.length + i })), more: false };
}

/** Cuts pieces at line ends, which stand before a line or behind it. */
class Splitter {
  readonly lines: Line[] = [];
  private text = "";
  private begun: { time: number; stream: string } | undefined;
  private end: Place = { batch: 0, piece: 0, character: 0 };
  constructor(private number: number) {}

  add({ batch, piece, text, time, stream }: Piece, from: number): void {
    for (let at = from; at < text.length; ) {
      const newline = text.indexOf("\n", at);
      const until = newline < 0 ? text.length : newline;
      if (this.begun === undefined || this.text === "") this.begun = { time, stream };
      if (this.text.length < MOST_CHARACTERS)
        this.text += text.slice(at, Math.min(until, at + MOST_CHARACTERS));
      at = newline < 0 ? text.length : newline + 1;
      this.end = { batch, piece, character: at };
      if (newline >= 0) this.close();
    }
  }

  /** What has no end yet. */
  get open(): Line | undefined {
    return this.begun && this.toLine(this.begun);
  }

  private close(): void {
    if (this.begun) this.lines.push(this.toLine(this.begun));
    [this.text, this.begun] = ["", undefined];
    this.number++;
  }

  private toLine({ time, stream }: { time: number; stream: string }): Line {
    return { number: this.number, time, stream, text: shown(this.text), end: this.end };
  }
}

/** A carriage return begins the line again, as on a terminal: the last writing is what is seen. */
const shown = (text: string): string =>
  text
    .slice(0, MOST_CHARACTERS)
    .split("\r")
    .findLast((part) => part !== "") ?? "";
