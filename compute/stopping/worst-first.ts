import { type Goal, isBetter } from "@/core/sweep";

interface Entry<T> {
  readonly key: number;
  readonly item: T;
}

/** A heap: what has the worst key is at hand, whatever else it holds. */
export class WorstFirst<T> {
  readonly #entries: Entry<T>[] = [];

  constructor(private readonly goal: Goal) {}

  get worst(): Entry<T> | undefined {
    return this.#entries[0];
  }

  push(key: number, item: T): void {
    const entries = this.#entries;
    let at = entries.length;
    entries.push({ key, item });
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isWorse(at, above)) break;
      this.#swap(at, above);
      at = above;
    }
  }

  /** Takes the worst away. */
  pop(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return;
    entries[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      let worst = at;
      if (left < entries.length && this.#isWorse(left, worst)) worst = left;
      if (left + 1 < entries.length && this.#isWorse(left + 1, worst)) worst = left + 1;
      if (worst === at) return;
      this.#swap(at, worst);
      at = worst;
    }
  }

  #isWorse(a: number, b: number): boolean {
    return isBetter(this.goal, (this.#entries[b] as Entry<T>).key, (this.#entries[a] as Entry<T>).key);
  }

  #swap(a: number, b: number): void {
    const entries = this.#entries;
    const kept = entries[a] as Entry<T>;
    entries[a] = entries[b] as Entry<T>;
    entries[b] = kept;
  }
}
