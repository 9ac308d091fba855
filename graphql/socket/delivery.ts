import type { Outbox } from "./outbox";
import type { Text } from "./text";

/** The events of one subscription. */
interface Stream<Event> {
  next(): Promise<IteratorResult<Event, unknown>>;
  return(): Promise<unknown>;
  /** Ends itself when the caller may no longer look. */
  recheck(): Promise<void>;
}

/** Where they go. */
interface Way<Event> {
  /** Of the subscription, as its client called it. */
  readonly id: string;
  readonly outbox: Outbox;
  readonly toText: (event: Event) => Text | Promise<Text>;
}

/**
 * One subscription on its way to one socket. To graphql-ws it is a stream that brings nothing and ends with the
 * subscription: it would execute and serialise each update for each subscriber, where here those who asked for the
 * same share the text. Nothing is fetched while the socket is full.
 */
export class Delivery<Event> implements AsyncGenerator<never, void, undefined> {
  readonly #stream: Stream<Event>;
  readonly #way: Way<Event>;
  readonly #onEnd: () => void;
  #running: Promise<void> | undefined;
  #ended = false;

  constructor(stream: Stream<Event>, way: Way<Event>, onEnd: () => void) {
    this.#stream = stream;
    this.#way = way;
    this.#onEnd = onEnd;
  }

  async next(): Promise<IteratorResult<never, void>> {
    this.#running ??= this.#run();
    await this.#running;
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<never, void>> {
    this.#ended = true;
    this.#onEnd();
    await this.#stream.return();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<never, void>> {
    await this.return();
    throw error;
  }

  recheck(): Promise<void> {
    return this.#stream.recheck();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #run(): Promise<void> {
    const { id, outbox, toText } = this.#way;
    try {
      while (!this.#ended) {
        if (outbox.full) await outbox.room();
        const { value: event, done } = await this.#stream.next();
        if (done || this.#ended) return;
        const making = toText(event);
        // Most find the text made: a promise more for each of 500 subscribers is felt.
        const text = making instanceof Promise ? await making : making;
        if (!this.#ended) outbox.next(id, text);
      }
    } finally {
      this.#onEnd();
      await this.#stream.return();
    }
  }
}
