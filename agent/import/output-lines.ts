import type { OutputRecord } from "./wandb-records";

/**
 * A line that is not over yet is kept so long: a progress bar may write on one for days. Of one that was never rewritten (a program that prints
 * dots) what there is becomes a line.
 */
const MOST_PENDING = 100_000;

/**
 * Pieces of what a program printed, as whole lines. Of what was rewritten behind a carriage return the last version stays; the two streams
 * don't cut each other's lines.
 */
export class OutputLines {
  private readonly pending = new Map<OutputRecord["stream"], { text: string; timeMs: number | undefined }>();
  private lastMs: number | undefined;

  *take({ stream, timeMs = this.lastMs, text }: OutputRecord): Generator<string> {
    this.lastMs = timeMs;
    // What is pending is not looked at again with each piece: a line may come in a million of them.
    let { text: open, timeMs: began = timeMs } = this.pending.get(stream) ?? { text: "", timeMs };
    const pieces = text.split("\n");
    const rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      yield toLine(stream, began, open + piece);
      [open, began] = ["", timeMs];
    }
    open += rest;
    if (open.length > MOST_PENDING) open = lastVersion(open);
    if (open.length > MOST_PENDING) {
      yield toLine(stream, began, open);
      [open, began] = ["", timeMs];
    }
    if (open === "") this.pending.delete(stream);
    else this.pending.set(stream, { text: open, timeMs: began });
  }

  *end(): Generator<string> {
    for (const [stream, { text, timeMs }] of this.pending) yield toLine(stream, timeMs, text);
    this.pending.clear();
  }
}

/** As the client's newest form of a line of `output.log` has it. */
export const toLine = (stream: OutputRecord["stream"], timeMs: number | undefined, text: string): string =>
  JSON.stringify({
    ...(timeMs !== undefined && { ts: new Date(timeMs).toISOString() }),
    ...(stream === "stderr" && { level: "error" }),
    content: lastVersion(text),
  });

function lastVersion(text: string): string {
  if (!text.includes("\r")) return text;
  return text.split("\r").findLast((version) => version !== "") ?? "";
}
