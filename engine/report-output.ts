import { AppError } from "@/core/errors";
import { appendOutput, type LockedOutput, lockOutput, type OutputPiece } from "@/db/queries/append-output";
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
  const batch = checkInteger("batch", input.batch, 1, 2_147_483_647);
  const pieces = toPieces(input.lines);
  const result = await append(context, input, (locked) => {
    if (batch <= locked.lastBatch) return undefined;
    if (batch !== locked.lastBatch + 1) throw outOfOrder(locked, batch);
    return { batch, lines: locked.lines, pieces };
  });
  return { ...result, batch };
}

export interface LogOutputLinesInput {
  readonly runId: number;
  readonly attempt: number;
  /** Number of the first line, from 0 through all of the run. */
  readonly from: number;
  /** Without their ends. */
  readonly lines: LogOutputInput["lines"];
}

/**
 * The same from a client that numbers lines instead of batches. A line that was taken is not taken again, but for the last one: a
 * progress bar goes on there, and is stored as a terminal would get it, behind a carriage return.
 * @throws AppError BAD_INPUT, INPUT_TOO_LARGE, NOT_FOUND, FORBIDDEN
 */
export async function logOutputLines(
  context: EngineContext,
  input: LogOutputLinesInput,
): Promise<LogOutputResult> {
  const from = checkInteger("from", input.from, 0, Number.MAX_SAFE_INTEGER);
  const to = from + input.lines.length;
  toPieces(input.lines);
  return append(context, input, ({ lines: taken, lastBatch }) => {
    if (to < taken || input.lines.length === 0) return undefined;
    const fresh = input.lines.slice(Math.max(0, taken - 1 - from)).map(({ stream, time, text }, i) => {
      const number = Math.max(from, taken - 1) + i;
      return { stream, time, text: number < taken ? `\r${text}` : number === 0 ? text : `\n${text}` };
    });
    return { batch: lastBatch + 1, lines: to, pieces: toPieces(fresh) };
  });
}

/** What an attempt's row says of its output becomes what shall be added to it; undefined when all of it was taken before. */
type Addition = (locked: LockedOutput) => Omit<Added, "bytes"> | undefined;
type Added = Pick<Parameters<typeof appendOutput>[1], "batch" | "lines" | "pieces" | "bytes">;

async function append(
  context: EngineContext,
  input: Pick<LogOutputInput, "runId" | "attempt">,
  toAddition: Addition,
): Promise<LogOutputResult> {
  const { db } = context;
  const facts = await runFacts(db, checkId("runId", input.runId));
  const attempt = checkInteger("attempt", input.attempt, 1, 2_147_483_647);
  await authorizeAttempt(context, facts, attempt, "member");
  let silent = false;
  let bytes = 0;
  const result = await inTransaction(db, async (tx): Promise<LogOutputResult> => {
    const locked = await lockOutput(tx, { runId: facts.runId, attempt });
    if (locked === undefined) {
      throw new AppError("NOT_FOUND", `run ${facts.runId} has no attempt ${attempt}, or was deleted`, {
        details: { runId: facts.runId, attempt },
      });
    }
    const addition = toAddition(locked);
    const answer = {
      runId: facts.runId,
      attempt,
      batch: addition?.batch ?? locked.lastBatch,
      repeated: addition === undefined,
      stale: locked.current !== attempt,
      cut: locked.bytes >= MAX_OUTPUT_BYTES,
    };
    if (addition === undefined) return answer;
    const kept = locked.dropped
      ? { pieces: [], bytes: locked.bytes, cut: true }
      : keepWithin(addition.pieces, locked.bytes);
    await appendOutput(tx, { runId: facts.runId, attempt, ...addition, ...kept });
    silent = locked.silent && !answer.stale;
    bytes = addition.pieces.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    return { ...answer, cut: kept.cut };
  });
  if (!result.repeated) {
    tallyOf(db).outputBytes += bytes;
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

function outOfOrder({ runId, attempt, lastBatch }: LockedOutput, batch: number): AppError {
  const expected = lastBatch + 1;
  return new AppError(
    "BATCH_OUT_OF_ORDER",
    `output batch ${batch} of run ${runId}, attempt ${attempt}, came before batch ${expected}: send from ${expected} on`,
    { details: { runId, attempt, batch, expected } },
  );
}
