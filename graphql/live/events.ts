import { systemAccess } from "@/engine/authorize";
import type { Context } from "../context";
import { Loaders } from "../loaders";
import type { Item, Subscriber, Update } from "./feed";

/** A role that was taken away, or a key that ended, stops a subscription within this time of its next update. */
const RECHECK_MS = 5_000;

/** What a subscription's resolver gets for each of its updates. */
export interface LiveEvent<Payload> {
  readonly payload: Payload;
  readonly loaders: Loaders;
}

/**
 * A subscriber's updates as events, each with fresh loaders: rows read for one update must not be served for the
 * next. Subscribers that got the same update share them, so a page that twenty people look at is read once.
 *
 * Written as an iterator by hand: `return()` of an async generator waits for the update that it is waiting for.
 */
export async function toEvents<T extends Item, Payload>(
  context: Context,
  options: {
    /** Throws when the caller may not look (any more). */
    authorize: () => Promise<void>;
    open: () => Subscriber<T>;
    /** The payloads of one update, none when it says nothing that was asked for. */
    toPayloads: (update: Update<T>) => readonly Payload[];
  },
): Promise<AsyncIterableIterator<LiveEvent<Payload>>> {
  await options.authorize();
  const subscriber = options.open();
  let checkedAt = performance.now();
  let ready: LiveEvent<Payload>[] = [];
  const events: AsyncIterableIterator<LiveEvent<Payload>> = {
    async next() {
      for (;;) {
        const event = ready.shift();
        if (event !== undefined) return { value: event, done: false };
        const { value: update, done } = await subscriber.next();
        if (done || update === undefined) return { value: undefined, done: true };
        if (performance.now() - checkedAt > RECHECK_MS) {
          await options.authorize();
          checkedAt = performance.now();
        }
        const loaders = sharedLoaders(context, update.shared);
        ready = options.toPayloads(update).map((payload) => ({ payload, loaders }));
      }
    },
    async return() {
      await subscriber.return();
      return { value: undefined, done: true };
    },
    async throw(error) {
      await subscriber.return();
      throw error;
    },
    [Symbol.asyncIterator]: () => events,
  };
  return events;
}

/** For a subscription's resolver: the event's loaders become those of everything below it. One operation handles one event at a time. */
export function openEvent<Payload>(event: LiveEvent<Payload>, context: Context): Payload {
  context.loaders = event.loaders;
  return event.payload;
}

const shared = new WeakMap<object, Loaders>();

/**
 * Subscribers differ in who they are but not in what they may see here: all of them may view the project, and no
 * field below a subscription leads out of it (a test walks the schema).
 */
function sharedLoaders({ db }: Context, key: object): Loaders {
  const known = shared.get(key);
  if (known !== undefined) return known;
  const fresh = new Loaders(db, systemAccess());
  shared.set(key, fresh);
  return fresh;
}
