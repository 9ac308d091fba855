import { AppError } from "@/core/errors";

/** What one answer, or one update of a subscription, may hold of what was logged and printed: 1.5 million points in three columns. */
export const MAX_ANSWER_BYTES = 100_000_000;

/**
 * Bytes are known only when they are there: a document can ask for little in many ways. Large readings come one after
 * another, and the first one beyond the allowance is refused before it starts; what is written into the answer counts
 * as well, since aliases repeat it.
 */
export class Allowance {
  private spent = 0;
  private last: Promise<unknown> = Promise.resolve();

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
    throw new AppError(
      "QUERY_TOO_LARGE",
      `the answer would have more than ${this.max} bytes of history and output: ask for fewer runs, metrics or pieces at once`,
      { details: { max: this.max } },
    );
  }
}
