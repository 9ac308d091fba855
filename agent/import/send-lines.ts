import type { Line, Stream } from "./found-run";

/** Lines of one request, and their characters: a line may have as many by itself. */
const MOST_LINES = 5_000;
const MOST_CHARACTERS = 1_000_000;

interface Waiting {
  /** Number of its first line. */
  from: number;
  lines: string[];
  characters: number;
}

/** Sends lines in pieces, each stream in its order; those that the server has are passed over. */
export async function sendLines(
  lines: Iterable<Line>,
  taken: Readonly<Record<Stream, number>>,
  send: (stream: Stream, from: number, lines: readonly string[]) => Promise<void>,
): Promise<void> {
  const counted: Record<Stream, number> = { history: 0, events: 0, output: 0 };
  const waiting = new Map<Stream, Waiting>();
  const flush = async (stream: Stream): Promise<void> => {
    const piece = waiting.get(stream);
    waiting.delete(stream);
    if (piece !== undefined) await send(stream, piece.from, piece.lines);
  };
  for (const { stream, text } of lines) {
    const number = counted[stream]++;
    if (number < taken[stream]) continue;
    const piece = waiting.get(stream) ?? { from: number, lines: [], characters: 0 };
    waiting.set(stream, piece);
    piece.lines.push(text);
    piece.characters += text.length;
    if (piece.lines.length >= MOST_LINES || piece.characters >= MOST_CHARACTERS) await flush(stream);
  }
  for (const stream of [...waiting.keys()]) await flush(stream);
}
