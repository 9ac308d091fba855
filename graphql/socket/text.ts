/** An answer as JSON. One object for all subscribers who get the same answer. */
export class Text {
  #bytes: Buffer | undefined;

  constructor(readonly json: string) {}

  /** Encoded once: the write queues of all sockets then hold the same memory. */
  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.json);
    return this.#bytes;
  }
}

/**
 * What was made of an event, by the question that was asked of it: 500 subscribers who look at one chart cost one
 * execution and one serialisation. Lives as long as the event.
 */
export class Texts {
  readonly #byEvent = new WeakMap<object, Map<string, Text | Promise<Text>>>();

  get(event: object, question: string, make: () => Promise<string>): Text | Promise<Text> {
    const known = this.#byEvent.get(event) ?? new Map<string, Text | Promise<Text>>();
    this.#byEvent.set(event, known);
    const text = known.get(question);
    if (text !== undefined) return text;
    const making = make().then(
      (json) => {
        const made = new Text(json);
        known.set(question, made);
        return made;
      },
      (error: unknown) => {
        known.delete(question);
        throw error;
      },
    );
    known.set(question, making);
    return making;
  }
}
