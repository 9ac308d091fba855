import type { Database } from "@/db/client";

/** A bounded memory of what was used last, each entry for at most `keptMs` (for ever when absent). */
export class Recent<K, V> {
  readonly #entries = new Map<K, { value: V; until: number }>();

  constructor(
    private readonly max: number,
    private readonly keptMs = Number.POSITIVE_INFINITY,
  ) {}

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // A Map walks in order of insertion: moving the entry to the end keeps the least recently used one in front.
    this.#entries.delete(key);
    if (entry.until < performance.now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: performance.now() + this.keptMs });
    if (this.#entries.size <= this.max) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }

  /** Of all that are still kept, without counting as their use. */
  keys(): K[] {
    const now = performance.now();
    for (const [key, { until }] of this.#entries) if (until < now) this.#entries.delete(key);
    return [...this.#entries.keys()];
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** One memory a database: two servers in one process (tests) share nothing. */
export function perDatabase<T>(make: (db: Database) => T): (db: Database) => T {
  const made = new WeakMap<Database, T>();
  return (asked) => {
    const db = asked.root ?? asked;
    const known = made.get(db);
    if (known !== undefined) return known;
    const fresh = make(db);
    made.set(db, fresh);
    return fresh;
  };
}
