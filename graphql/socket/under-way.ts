/** Operations that have one answer, from their question to the end of it. */
export class UnderWay {
  readonly #operations = new Set<object>();
  #whenOver: (() => void) | undefined;

  begin(operation: object): void {
    this.#operations.add(operation);
  }

  end(operation: object): void {
    this.#operations.delete(operation);
    if (this.#operations.size === 0) this.#whenOver?.();
  }

  /** Settles when all have been answered, or patience has run out. */
  async over(patienceMs: number): Promise<void> {
    if (this.#operations.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      // The word that an answer is complete goes out right after its end.
      this.#whenOver = () => {
        clearTimeout(timer);
        setImmediate(resolve);
      };
    });
  }
}
