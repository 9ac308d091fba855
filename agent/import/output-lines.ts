import type { OutputRecord } from "./wandb-records";

/** A line that is not over yet is kept so long: a progress bar may write on one for days. */
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
    const before = this.pending.get(stream);
    const pieces = `${before?.text ?? ""}${text}`.split("\n");
    const rest = pieces.pop() ?? "";
    let began = before?.timeMs ?? timeMs;
    for (const piece of pieces) {
      yield toLine(stream, began, piece);
      began = timeMs;
    }
    if (rest === "") this.pending.delete(stream);
    else
      this.pending.set(stream, {
        text: rest.length > MOST_PENDING ? lastVersion(rest) : rest,
        timeMs: began,
      });
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
