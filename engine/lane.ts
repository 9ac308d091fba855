import { AppError } from "@/core/errors";

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (answer: O) => void;
  readonly reject: (error: unknown) => void;
}

/** What waits while the database is away: some 10,000 claims, 160 MB of metrics in two lanes. */
const MAX_GROUPS = 40;

/**
 * Calls that arrive while a group is in flight become the next group: one transaction, one commit, one flush
 * to disk for all of them. Measured with 32 callers and fsync: one transaction a claim 1,900/s, grouped 8,200/s.
 * Nobody waits for a timer: a call that finds the lane free goes at once.
 */
export class Lane<I, O> {
  readonly #waiting: Waiting<I, O>[] = [];
  #weight = 0;
  #busy = false;

  constructor(
    /** Gives as many answers as there are items, in their order; an Error is the answer of that call alone. */
    private readonly run: (items: I[]) => Promise<(O | Error)[]>,
    private readonly maxGroup: number,
    /** What one call weighs towards `maxGroup`. */
    private readonly weigh: (item: I) => number = () => 1,
  ) {}

  get idle(): boolean {
    return !this.#busy;
  }

  /** @throws AppError UNAVAILABLE when the database can't keep up, or is away: what waits is held in memory */
  push(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      if (this.#weight >= MAX_GROUPS * this.maxGroup) return reject(tooMany(this.#waiting.length));
      this.#weight += this.weigh(item);
      this.#waiting.push({ item, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      // After the other requests that this turn of the event loop brings in.
      setImmediate(() => void this.#drain());
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        const answers = await this.run(group.map(({ item }) => item));
        for (const [i, { resolve, reject }] of group.entries()) {
          const answer = answers[i];
          if (answer instanceof Error) reject(answer);
          else if (answer === undefined)
            reject(new Error(`a group of ${group.length} left call ${i} unanswered`));
          else resolve(answer);
        }
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#busy = false;
  }

  #take(): Waiting<I, O>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of this.#waiting) {
      weight += this.weigh(item);
      if (count > 0 && weight > this.maxGroup) break;
      count++;
    }
    const group = this.#waiting.splice(0, count);
    for (const { item } of group) this.#weight -= this.weigh(item);
    return group;
  }
}

const tooMany = (waiting: number) =>
  new AppError("UNAVAILABLE", `${waiting} calls wait for the database already: try again in a second`);
