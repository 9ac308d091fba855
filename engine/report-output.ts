import { AppError } from "@/core/errors";
import { appendOutput, lockOutput, type OutputPiece } from "@/db/queries/append-output";
import { inTransaction } from "@/db/transaction";
import { authorizeAttempt } from "./authorize";
import { badInput, checkId, checkInteger, checkOneOf } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { runFacts } from "./facts";
import { reviveLapsed } from "./revive";
import { tallyOf } from "./tally";

export interface LogOutputInput {
  readonly runId: number;
  readonly attempt: number;
  /** From 1, without gaps; a repeated number is acknowledged and ignored. */
  readonly batch: number;
  /** Pieces as they were written, line ends included; neighbours of one stream are stored as one. */
  readonly lines: readonly { readonly stream: string; readonly time: number; readonly text: string }[];
}

export interface LogOutputResult {
  readonly runId: number;
  readonly attempt: number;
  readonly batch: number;
  readonly repeated: boolean;
  /** The run has another attempt by now; the output is kept under this one. */
  readonly stale: boolean;
  /** The attempt has printed more than is kept, or retention took its output away: this batch, or its end, was left out. */
  readonly cut: boolean;
}

/** A stored piece; longer text becomes several. */
export const MAX_PIECE_BYTES = 64 * 1024;
/** What is kept of one attempt. A program that prints each of a million steps stays below it. */
export const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_BATCH_LINES = 50_000;
const MAX_TIME_MS = 253_402_300_799_999;
const STREAMS = ["stdout", "stderr"] as const;

/**
 * Stores what a training program printed.
 * @throws AppError BAD_INPUT, INPUT_TOO_LARGE, NOT_FOUND, FORBIDDEN; BATCH_OUT_OF_ORDER with the number expected next
 */
export async function logOutput(context: EngineContext, input: LogOutputInput): Promise<LogOutputResult> {
  const { db } = context;
  const facts = await runFacts(db, checkId("runId", input.runId));
  const attempt = checkInteger("attempt", input.attempt, 1, 2_147_483_647);
  const batch = checkInteger("batch", input.batch, 1, 2_147_483_647);
  await authorizeAttempt(context, facts, attempt, "member");
  const pieces = toPieces(input.lines);
  let silent = false;
  const result = await inTransaction(db, async (tx): Promise<LogOutputResult> => {
    const locked = await lockOutput(tx, { runId: facts.runId, attempt });
    if (locked === undefined) {
      throw new AppError("NOT_FOUND", `run ${facts.runId} has no attempt ${attempt}, or was deleted`, {
        details: { runId: facts.runId, attempt },
      });
    }
    const answer = {
      runId: facts.runId,
      attempt,
      batch,
      repeated: false,
      stale: locked.current !== attempt,
      cut: false,
    };
    if (batch <= locked.lastBatch)
      return { ...answer, repeated: true, cut: locked.bytes >= MAX_OUTPUT_BYTES };
    if (batch !== locked.lastBatch + 1) throw outOfOrder(answer, locked.lastBatch + 1);
    const kept = locked.dropped
      ? { pieces: [], bytes: locked.bytes, cut: true }
      : keepWithin(pieces, locked.bytes);
    await appendOutput(tx, { runId: facts.runId, attempt, batch, ...kept });
    silent = locked.silent && !answer.stale;
    return { ...answer, cut: kept.cut };
  });
  if (!result.repeated) {
    tallyOf(db).outputBytes += pieces.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    emitChange(facts.projectId, facts.sweepId, facts.runId, "output");
  }
  if (silent) await revive(context, { runId: facts.runId, attempt });
  return result;
}

/** Printing is a sign of life as logging is. The output is stored: if this fails, the next batch does it. */
async function revive(
  { db, log }: EngineContext,
  attempt: { runId: number; attempt: number },
): Promise<void> {
  await reviveLapsed(db, [attempt], null).catch((error: unknown) =>
    log.warn({ err: error, ...attempt }, "output is stored, its run is revived later"),
  );
}

/** Joins neighbours of one stream, splits what is too long. PostgreSQL's text holds no NUL. */
function toPieces(lines: LogOutputInput["lines"]): OutputPiece[] {
  if (!Array.isArray(lines) || lines.length > MAX_BATCH_LINES)
    throw badInput(
      "lines",
      Array.isArray(lines) ? lines.length : lines,
      `a list of at most ${MAX_BATCH_LINES} lines`,
    );
  const pieces: OutputPiece[] = [];
  let bytes = 0;
  let bytesOfLast = 0;
  for (const [i, line] of lines.entries()) {
    const stream = checkOneOf(`lines[${i}].stream`, line.stream, STREAMS);
    if (!(line.time >= 0 && line.time <= MAX_TIME_MS))
      throw badInput(`lines[${i}].time`, line.time, "milliseconds since 1970");
    if (typeof line.text !== "string") throw badInput(`lines[${i}].text`, line.text, "text");
    bytes += Buffer.byteLength(line.text);
    if (bytes > MAX_BATCH_BYTES) {
      throw new AppError(
        "INPUT_TOO_LARGE",
        `output batch: more than ${MAX_BATCH_BYTES} bytes: send it in several`,
      );
    }
    for (const text of split(line.text.replaceAll("\0", "\uFFFD"))) {
      const size = Buffer.byteLength(text);
      const last = pieces.at(-1);
      if (last?.stream === stream && bytesOfLast + size <= MAX_PIECE_BYTES) {
        last.text += text;
        bytesOfLast += size;
      } else {
        pieces.push({ stream, time: Math.round(line.time), text });
        bytesOfLast = size;
      }
    }
  }
  return pieces;
}

/** A UTF-16 unit is at most 3 bytes of UTF-8; a pair of surrogates stays together. */
function* split(text: string): Generator<string> {
  const most = Math.floor(MAX_PIECE_BYTES / 3);
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + most, text.length);
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end--;
    yield text.slice(start, end);
    start = end;
  }
}

/** Up to the cap; the first piece that does not fit becomes the mark that the rest is missing. */
function keepWithin(
  pieces: readonly OutputPiece[],
  before: number,
): { pieces: OutputPiece[]; bytes: number; cut: boolean } {
  if (before >= MAX_OUTPUT_BYTES) return { pieces: [], bytes: before, cut: true };
  const kept: OutputPiece[] = [];
  let bytes = before;
  for (const piece of pieces) {
    bytes += Buffer.byteLength(piece.text);
    if (bytes > MAX_OUTPUT_BYTES) {
      kept.push({
        ...piece,
        text: `\n[output cut: this attempt has printed more than ${MAX_OUTPUT_BYTES} bytes]\n`,
      });
      return { pieces: kept, bytes: MAX_OUTPUT_BYTES, cut: true };
    }
    kept.push(piece);
  }
  return { pieces: kept, bytes, cut: false };
}

function outOfOrder({ runId, attempt, batch }: LogOutputResult, expected: number): AppError {
  return new AppError(
    "BATCH_OUT_OF_ORDER",
    `output batch ${batch} of run ${runId}, attempt ${attempt}, came before batch ${expected}: send from ${expected} on`,
    { details: { runId, attempt, batch, expected } },
  );
}
