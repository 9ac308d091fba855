import { isSeen, parseSnapshot, type Snapshot, stringifySnapshot, toLater } from "@/db/snapshot";

/** One thing that changed, with the transaction that wrote it. */
export interface Item {
  readonly xid: bigint;
  /** Also when it was seen before: a merged chunk holds tails of several transactions. */
  readonly always?: boolean;
}

export interface Read<T extends Item> {
  readonly cursor: string;
  readonly items: readonly T[];
  /** There was more than is worth sending: the subscriber starts anew from what pages read. */
  readonly truncated?: boolean;
}

export interface Source<T extends Item> {
  /** Everything that changed since the cursor, in one snapshot. */
  read(since: string): Promise<Read<T>>;
  /** Where reading stands now. */
  now(): Promise<string>;
  /** What an item weighs towards `maxWeight`. */
  weigh(item: T): number;
  /** Items that wait for a subscriber who reads slowly; beyond it they are dropped and read again from its cursor. */
  readonly maxWeight: number;
  /** Rest between two reads: 1,000 / restMs updates a second at most for each subscriber. The first after a rest goes at once. */
  readonly restMs: number;
  onError(error: unknown): void;
}

/** What a subscriber gets at once. `shared` is the same object for all who got the same items: a place to share loaders. */
export interface Update<T extends Item> {
  readonly cursor: string;
  readonly items: readonly T[];
  readonly truncated: boolean;
  readonly shared: object;
}

/**
 * One reader of a scope's changes for all its subscribers on this server: the database is asked once, however many
 * look. Wakes are coalesced; a wake that finds the feed resting is served at once.
 *
 * A subscriber joins in the middle without a gap and without repetition: it listens first, reads for itself from
 * its own cursor, and then takes from what it heard only what its own snapshot had not seen.
 */
export class Feed<T extends Item> {
  readonly #subscribers = new Set<Subscriber<T>>();
  #cursor: string | undefined;
  #dirty = false;
  #reading = false;
  #timer: NodeJS.Timeout | undefined;
  #nextReadAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly source: Source<T>,
    /** Called when the last subscriber has left. */
    private readonly onIdle: () => void,
  ) {}

  get size(): number {
    return this.#subscribers.size;
  }

  /** Something may have changed. With `delayMs` it is not urgent: it may be read later, together with others. */
  wake(delayMs = 0): void {
    const now = performance.now();
    const at = Math.max(this.#nextReadAt, now + delayMs);
    if (this.#reading) {
      this.#dirty = true;
      return;
    }
    if (this.#timer !== undefined && this.#dirtyAt <= at) return;
    clearTimeout(this.#timer);
    this.#dirtyAt = at;
    this.#timer = setTimeout(() => void this.#read(), Math.max(0, at - now));
  }
  #dirtyAt = Number.POSITIVE_INFINITY;

  subscribe(cursor?: string): Subscriber<T> {
    const subscriber = new Subscriber(this, cursor === undefined ? undefined : parseSnapshot(cursor));
    this.#subscribers.add(subscriber);
    return subscriber;
  }

  /** @internal for Subscriber */
  leave(subscriber: Subscriber<T>): void {
    if (!this.#subscribers.delete(subscriber) || this.#subscribers.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.onIdle();
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    this.#dirtyAt = Number.POSITIVE_INFINITY;
    this.#dirty = false;
    this.#reading = true;
    this.#nextReadAt = performance.now() + this.source.restMs;
    try {
      // Without a cursor nobody has got anything from this feed: those who joined have read up to now by themselves.
      if (this.#cursor === undefined) this.#cursor = await this.source.now();
      else {
        const { cursor, items, truncated } = await this.source.read(this.#cursor);
        this.#cursor = cursor;
        if (items.length > 0 || truncated) {
          const update = { cursor, items, truncated: truncated ?? false, shared: {} };
          for (const subscriber of this.#subscribers) subscriber.hear(update);
        }
      }
    } catch (error) {
      this.source.onError(error); // the poll of the next second tries again, from the same cursor
    } finally {
      this.#reading = false;
    }
    if (this.#dirty && this.#subscribers.size > 0) this.wake();
  }

  /** Before the first subscriber reads for itself, so that the two can't leave a gap between them. */
  async start(): Promise<void> {
    this.#starting ??= this.source.now().then(
      (cursor) => {
        this.#cursor ??= cursor;
      },
      (error) => {
        this.#starting = undefined;
        throw error;
      },
    );
    await this.#starting;
  }
  #starting: Promise<void> | undefined;
}

/** An endless iterator over one subscriber's updates; `return()` ends it. It holds at most `maxWeight` of unread items. */
export class Subscriber<T extends Item> implements AsyncGenerator<Update<T>, void, undefined> {
  readonly #feed: Feed<T>;
  #seen: Snapshot | undefined;
  /** Has to read for itself before it goes on: it is new, or was too slow. */
  #behind = true;
  #heard: Update<T>[] = [];
  #weight = 0;
  #wake: (() => void) | undefined;
  #done = false;

  constructor(feed: Feed<T>, cursor: Snapshot | undefined) {
    this.#feed = feed;
    this.#seen = cursor;
  }

  /** What is kept for it until it reads on. */
  get waiting(): number {
    return this.#weight;
  }

  /** @internal for Feed */
  hear(update: Update<T>): void {
    for (const item of update.items) this.#weight += this.#feed.source.weigh(item);
    if (this.#weight > this.#feed.source.maxWeight || update.truncated) {
      // What it missed is read again, from its own cursor, when it reads on.
      this.#heard = [];
      this.#weight = 0;
      this.#behind = true;
    } else this.#heard.push(update);
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Update<T>, void>> {
    while (!this.#done) {
      const update = this.#behind ? await this.#catchUp() : this.#take();
      if (this.#done) break;
      if (update !== undefined) return { value: update, done: false };
      if (this.#behind || this.#heard.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<Update<T>, void>> {
    this.#done = true;
    this.#heard = [];
    this.#feed.leave(this);
    this.#wake?.();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<Update<T>, void>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Its first update comes at once, empty when nothing changed: it brings the cursor. */
  async #catchUp(): Promise<Update<T>> {
    await this.#feed.start();
    this.#behind = false; // before the read: what is heard meanwhile is kept, or sets it again
    const { source } = this.#feed;
    if (this.#seen === undefined) {
      this.#seen = parseSnapshot(await source.now());
      return { cursor: stringifySnapshot(this.#seen), items: [], truncated: false, shared: {} };
    }
    const { cursor, items, truncated = false } = await source.read(stringifySnapshot(this.#seen));
    this.#seen = toLater(this.#seen, parseSnapshot(cursor));
    return { cursor: stringifySnapshot(this.#seen), items: truncated ? [] : items, truncated, shared: {} };
  }

  /** Everything heard so far as one update, without what its own read has brought already. */
  #take(): Update<T> | undefined {
    const heard = this.#heard;
    const seen = this.#seen;
    const last = heard.at(-1);
    if (last === undefined || seen === undefined) return undefined;
    this.#heard = [];
    this.#weight = 0;
    const items: T[] = [];
    for (const update of heard) {
      for (const item of update.items) {
        if (item.always ? item.xid >= seen.xmin : !isSeen(item.xid, seen)) items.push(item);
      }
    }
    this.#seen = toLater(seen, parseSnapshot(last.cursor));
    if (items.length === 0) return undefined;
    const whole = heard.length === 1 && items.length === last.items.length;
    return {
      cursor: stringifySnapshot(this.#seen),
      items,
      truncated: false,
      shared: whole ? last.shared : {},
    };
  }
}
