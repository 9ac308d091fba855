/** At most so many readings at once: a thousand subscribers that come back together must not read together. */
export class Gate {
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(private readonly max: number) {}

  /** Starts in a later turn of the event loop at the earliest: who asks for the same in this turn can join before it. */
  async run<R>(work: () => Promise<R>): Promise<R> {
    await new Promise<void>((resolve) => {
      this.#queue.push(resolve);
      setImmediate(() => this.#admit());
    });
    try {
      return await work();
    } finally {
      this.#running--;
      this.#admit();
    }
  }

  #admit(): void {
    while (this.#running < this.max) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#running++;
      next();
    }
  }
}
