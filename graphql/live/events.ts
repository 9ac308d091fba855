import { isAppError } from "@/core/errors";
import { systemAccess } from "@/engine/authorize";
import type { Context } from "../context";
import { Loaders } from "../loaders";
import type { Item, Subscriber, Update } from "./feed";

/** A role that was taken away and of which no signal came stops a subscription within this time of its next update. */
const RECHECK_MS = 5_000;

/**
 * What a subscription's resolver gets for each of its updates. Subscribers who got the same update, and asked for the
 * same of it, get the same object: what is made of it once serves all of them.
 */
export interface LiveEvent<Payload> {
  readonly payload: Payload;
  readonly loaders: Loaders;
}

export interface EventsOptions<T extends Item, Payload> {
  /** Throws when the caller may not look (any more). */
  authorize: () => Promise<void>;
  open: () => Subscriber<T>;
  /** The payloads of one update, none when it says nothing that was asked for. */
  toPayloads: (update: Update<T>) => readonly Payload[];
  /** Of what `toPayloads` makes: two subscribers with one name get the same of an update. */
  name: string;
  /** What this subscriber has not had of an update; the same object when that is all of it. */
  refine?: (update: Update<T>) => Update<T>;
  /** The payload and all that can be asked of it are the same for everybody who may have it (a test walks the schema). */
  forEverybody?: boolean;
}

/**
 * A subscriber's updates as events, each with fresh loaders: rows read for one update must not be served for the next.
 *
 * Written as an iterator by hand: `return()` of an async generator waits for the update that it is waiting for.
 */
export class Events<T extends Item, Payload> implements AsyncIterableIterator<LiveEvent<Payload>> {
  readonly forEverybody: boolean;
  readonly #context: Context;
  readonly #options: EventsOptions<T, Payload>;
  readonly #subscriber: Subscriber<T>;
  #checkedAt = performance.now();
  #ready: readonly LiveEvent<Payload>[] = [];
  #given = 0;
  #refused: { error: unknown } | undefined;

  private constructor(context: Context, options: EventsOptions<T, Payload>) {
    this.#context = context;
    this.#options = options;
    this.#subscriber = options.open();
    this.forEverybody = options.forEverybody ?? false;
  }

  static async open<T extends Item, Payload>(
    context: Context,
    options: EventsOptions<T, Payload>,
  ): Promise<Events<T, Payload>> {
    await options.authorize();
    return new Events(context, options);
  }

  async next(): Promise<IteratorResult<LiveEvent<Payload>, undefined>> {
    for (;;) {
      const event = this.#ready[this.#given];
      if (event !== undefined) {
        this.#given++;
        return { value: event, done: false };
      }
      const update = await this.#nextUpdate();
      if (update === undefined) return { value: undefined, done: true };
      this.#ready = this.#toEvents(this.#options.refine?.(update) ?? update);
      this.#given = 0;
    }
  }

  /** Whoever breaks off leaves the feed: nobody calls `return()` on an iterator that has thrown. */
  async #nextUpdate(): Promise<Update<T> | undefined> {
    try {
      const { value, done } = await this.#subscriber.next();
      if (this.#refused !== undefined) throw this.#refused.error;
      if (done || value === undefined) return undefined;
      if (performance.now() - this.#checkedAt > RECHECK_MS) {
        await this.#options.authorize();
        this.#checkedAt = performance.now();
      }
      return value;
    } catch (error) {
      await this.#subscriber.return();
      throw error;
    }
  }

  /** The caller's rights may have changed: the subscription ends when it may no longer look. */
  async recheck(): Promise<void> {
    try {
      await this.#options.authorize();
      this.#checkedAt = performance.now();
    } catch (error) {
      if (!isAppError(error) || error.code === "UNAVAILABLE") {
        this.#checkedAt = Number.NEGATIVE_INFINITY; // nobody could say: asked again before the next update
        return;
      }
      this.#refused = { error };
      await this.#subscriber.return();
    }
  }

  async return(): Promise<IteratorResult<LiveEvent<Payload>, undefined>> {
    await this.#subscriber.return();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<LiveEvent<Payload>, undefined>> {
    await this.#subscriber.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #toEvents(update: Update<T>): readonly LiveEvent<Payload>[] {
    const { toPayloads, name } = this.#options;
    const { db, access } = this.#context;
    // Users differ in who they are but not in the rows they may see here: all of them may view the project, and no
    // field below a subscription leads out of it (a test walks the schema). A run's own key sees its run alone.
    const alike = this.forEverybody || access.kind !== "run";
    const made = madeOf(update.shared);
    const known = alike ? made.events.get(name) : undefined;
    if (known !== undefined) return known as readonly LiveEvent<Payload>[];
    made.loaders ??= new Loaders(db, systemAccess());
    const loaders = alike ? made.loaders : new Loaders(db, access);
    const events = toPayloads(update).map((payload) => ({ payload, loaders }));
    if (alike) made.events.set(name, events);
    return events;
  }
}

/** For a subscription's resolver: the event's loaders become those of everything below it. One operation handles one event at a time. */
export function openEvent<Payload>(event: LiveEvent<Payload>, context: Context): Payload {
  context.loaders = event.loaders;
  return event.payload;
}

/** What was made of one update. */
interface Made {
  loaders?: Loaders;
  readonly events: Map<string, readonly LiveEvent<unknown>[]>;
}

const everything = new WeakMap<object, Made>();

function madeOf(shared: object): Made {
  const known = everything.get(shared);
  if (known !== undefined) return known;
  const fresh: Made = { events: new Map() };
  everything.set(shared, fresh);
  return fresh;
}
