import type { Probe } from "@/db/queries/changes";
import { isAhead, isSeen, parseSnapshot, type Snapshot, stringifySnapshot, toLater } from "@/db/snapshot";
import { Gate } from "./gate";

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
  /** From here everything is read for a cursor that is of no use; when absent, its subscriber is told to start anew. */
  readonly beginning?: string;
  /** Where reading stands now. */
  now(): Promise<string>;
  /** What of the feed's own reading is news to those who have heard everything before it; all of it when absent. */
  settle?(items: readonly T[]): readonly T[];
  /** What the poll asks on behalf of this feed. */
  probe(name: string, since: string): readonly Probe[];
  /** What an item weighs towards `maxWeight`. */
  weigh(item: T): number;
  /** Items that wait for a subscriber who reads slowly; beyond it they are dropped and read again from its cursor. */
  readonly maxWeight: number;
  /** Rest between two reads: 1,000 / restMs updates a second at most for each subscriber. The first after a rest goes at once. */
  restMs(subscribers: number): number;
  onError(error: unknown): void;
  /** Nobody looks any more: what it is reading is of no use. */
  close?(): void;
}

/** What a subscriber gets at once. `shared` is the same object for all who got the same items: a place to share what is made of them. */
export interface Update<T extends Item> {
  readonly cursor: string;
  /** The cursor that it came after: whoever breaks off in its middle begins there again. */
  readonly since: string;
  readonly items: readonly T[];
  readonly truncated: boolean;
  readonly shared: object;
  /** The subscriber read it for itself: it was new, or too slow. */
  readonly own?: boolean;
}

interface Heard<T extends Item> extends Update<T> {
  readonly seen: Snapshot;
  readonly weight: number;
}

/** Of a subscriber's own reading; those who ask from the same cursor share one. */
type Own<T extends Item> = Read<T> & { readonly shared: object };

/**
 * One reader of a scope's changes for all its subscribers on this server: the database is asked once, however many
 * look. Wakes are coalesced; a wake that finds the feed resting is served at once.
 *
 * A subscriber joins in the middle without a gap and without repetition: it listens first, reads for itself from
 * its own cursor, and then takes from what it heard only what its own snapshot had not seen. From the first update
 * that leaves it where the feed stands, it is in step: what comes then is all new to it, and the same for everybody.
 */
export class Feed<T extends Item> {
  readonly #subscribers = new Set<Subscriber<T>>();
  #cursor: string | undefined;
  #dirty = false;
  #reading = false;
  #timer: NodeJS.Timeout | undefined;
  #nextReadAt = Number.NEGATIVE_INFINITY;
  readonly #own = new Map<string, Promise<Own<T>>>();

  constructor(
    readonly source: Source<T>,
    /** Called when the last subscriber has left. */
    private readonly onIdle: () => void,
    private readonly gate = new Gate(4),
  ) {}

  get size(): number {
    return this.#subscribers.size;
  }

  /** Where its reading stands; undefined before the first one. */
  get cursor(): string | undefined {
    return this.#cursor;
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

  /**
   * @internal for Subscriber: what changed since its cursor, or (undefined) where reading stands. A reading that has
   * begun is joined by nobody: its snapshot may be older than the moment from which the newcomer listens.
   */
  readFor(since: string | undefined): Promise<Own<T>> {
    const key = since ?? "";
    const known = this.#own.get(key);
    if (known !== undefined) return known;
    const reading = this.gate.run(async () => {
      this.#own.delete(key);
      const read =
        since === undefined ? { cursor: await this.source.now(), items: [] } : await this.#readSince(since);
      return { ...read, shared: {} };
    });
    this.#own.set(key, reading);
    return reading;
  }

  /**
   * A cursor can be ahead of the database: it is another one's (a backup was restored), or the database has lost its
   * last moments (a standby took over). What is written from now on would count as seen.
   */
  async #readSince(since: string): Promise<Read<T>> {
    const read = await this.source.read(since);
    if (!isAhead(since, read.cursor)) return read;
    const { beginning } = this.source;
    return beginning === undefined ? { ...read, items: [], truncated: true } : this.source.read(beginning);
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    this.#dirtyAt = Number.POSITIVE_INFINITY;
    this.#dirty = false;
    this.#reading = true;
    this.#nextReadAt = performance.now() + this.source.restMs(this.#subscribers.size);
    try {
      // Without a cursor nobody has got anything from this feed: those who joined read up to now by themselves, later.
      if (this.#cursor === undefined) await this.start();
      else this.#tell(await this.source.read(this.#cursor), this.#cursor);
    } catch (error) {
      this.source.onError(error); // the poll of the next second tries again, from the same cursor
    } finally {
      this.#reading = false;
    }
    if (this.#dirty && this.#subscribers.size > 0) this.wake();
  }

  #tell({ cursor, items: read, ...rest }: Read<T>, since: string): void {
    this.#cursor = cursor;
    const truncated = rest.truncated || isAhead(since, cursor);
    const items = truncated ? [] : (this.source.settle?.(read) ?? read);
    if (items.length === 0 && !truncated) return;
    const weight = items.reduce((sum, item) => sum + this.source.weigh(item), 0);
    const update = { cursor, since, items, truncated, shared: {}, seen: parseSnapshot(cursor), weight };
    for (const subscriber of this.#subscribers) subscriber.hear(update);
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
  /** Has seen what the feed's last update had seen, no more and no less. */
  #inStep = false;
  #heard: Heard<T>[] = [];
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
  hear(update: Heard<T>): void {
    this.#weight += update.weight;
    if (this.#weight > this.#feed.source.maxWeight || update.truncated) {
      // What it missed is read again, from its own cursor, when it reads on.
      this.#heard = [];
      this.#weight = 0;
      this.#behind = true;
      this.#inStep = false;
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
    const since = this.#seen && stringifySnapshot(this.#seen);
    const { cursor, items, truncated = false, shared } = await this.#feed.readFor(since);
    this.#seen = parseSnapshot(cursor);
    return { cursor, since: since ?? cursor, items: truncated ? [] : items, truncated, shared, own: true };
  }

  /** The next of what it heard, without what its own read has brought already. */
  #take(): Update<T> | undefined {
    const update = this.#heard.shift();
    const seen = this.#seen;
    if (update === undefined || seen === undefined) return undefined;
    this.#weight -= update.weight;
    if (this.#inStep) {
      this.#seen = update.seen;
      return update;
    }
    const items = update.items.filter((item) =>
      item.always ? item.xid >= seen.xmin : !isSeen(item.xid, seen),
    );
    this.#seen = toLater(seen, update.seen);
    this.#inStep = this.#seen === update.seen;
    if (items.length === 0) return undefined;
    if (this.#inStep && items.length === update.items.length) return update;
    const [cursor, since] = [stringifySnapshot(this.#seen), stringifySnapshot(seen)];
    return { cursor, since, items, truncated: false, shared: {} };
  }
}
