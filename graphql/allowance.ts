import { AppError } from "@/core/errors";

/** What one answer, or one update of a subscription, may hold of what was logged and printed: 1.5 million points in three columns. */
export const MAX_ANSWER_BYTES = 100_000_000;

/**
 * Bytes are known only when they are there: a document can ask for little in many ways. Large readings come one after
 * another, and the first one beyond the allowance is refused before it starts. What is written into the answer has an allowance
 * of its own (bounds.ts), since aliases repeat what was read once.
 */
export class Allowance {
  private spent = 0;
  private last: Promise<unknown> = Promise.resolve();
  private refusal: AppError | undefined;

  constructor(private readonly max = MAX_ANSWER_BYTES) {}

  /** @param weigh bytes of what was read */
  read<T>(work: () => Promise<T>, weigh: (result: T) => number): Promise<T> {
    const reading = this.last.then(async () => {
      this.spend(0);
      const result = await work();
      this.spend(weigh(result));
      return result;
    });
    this.last = reading.catch(() => {});
    return reading;
  }

  /** @throws AppError QUERY_TOO_LARGE */
  spend(bytes: number): void {
    this.spent += bytes;
    if (this.spent <= this.max) return;
    // One error, however many fields meet it: most of what an error costs is its stack.
    this.refusal ??= new AppError(
      "QUERY_TOO_LARGE",
      `the answer would have more than ${this.max} bytes of history, output and other text: ask for fewer rows, metrics or pieces at once`,
      { details: { max: this.max } },
    );
    throw this.refusal;
  }
}

/** A text of a row, if its page's texts were few enough to be read. @throws AppError QUERY_TOO_LARGE */
export function inFull(text: string | null): string {
  if (text !== null) return text;
  throw new AppError(
    "QUERY_TOO_LARGE",
    `parameters, files or values of these rows have more than ${MAX_ANSWER_BYTES} bytes together: ask for a shorter page`,
    { details: { max: MAX_ANSWER_BYTES } },
  );
}
