import type { WebSocket } from "ws";
import type { Text } from "./text";

/** Beyond this nothing more is fetched for a socket: what changes meanwhile waits in the database, or comes as one update. */
const FULL_BYTES = 256 * 1024;
/** Longer answers go in pieces of this size: their memory is shared, and it is seen that the peer reads on. */
const PIECE_BYTES = 256 * 1024;
/** What the kernel takes at once says nothing about the peer; what had to wait this long was waited for. */
const WAITED_MS = 1_000;

/** What goes out on one socket. Nothing here fails: a socket that breaks tells so by closing. */
export class Outbox {
  readonly #client: WebSocket;
  #waiting: (() => void)[] = [];
  #lifeAt = performance.now();
  #ended = false;

  constructor(client: WebSocket) {
    this.#client = client;
  }

  /** When the peer last showed that it reads: by a word of its own, or by taking what had been waiting for it. */
  get silentMs(): number {
    return performance.now() - this.#lifeAt;
  }

  alive(): void {
    this.#lifeAt = performance.now();
  }

  get full(): boolean {
    return !this.#ended && this.#client.bufferedAmount > FULL_BYTES;
  }

  /** Settles when there is room again, or never will be. */
  room(): Promise<void> {
    if (!this.full) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** What answers a message of the peer. Who takes no answers is not listened to: it could ask for any number of them. */
  send(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#client.readyState !== this.#client.OPEN) return resolve();
      const flushed = this.#onFlushed();
      this.#client.send(text, () => {
        flushed();
        resolve();
      });
      if (!this.full || this.#client.isPaused) return;
      this.#client.pause();
      void this.room().then(() => this.#client.resume());
    });
  }

  /** One update of a subscription. Messages of a few frames are plain WebSocket: every client puts them together. */
  next(id: string, text: Text): void {
    if (this.#client.readyState !== this.#client.OPEN) return;
    const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    const flushed = this.#onFlushed();
    if (text.json.length <= PIECE_BYTES) {
      this.#client.send(`${head}${text.json}}`, flushed);
      return;
    }
    const { bytes } = text;
    const piece = { fin: false, binary: false };
    this.#client.send(head, piece);
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      this.#client.send(bytes.subarray(start, start + PIECE_BYTES), piece, flushed);
    }
    this.#client.send("}", { fin: true, binary: false }, flushed);
  }

  /** The socket is closed. */
  end(): void {
    this.#ended = true;
    this.#release();
  }

  #onFlushed(): () => void {
    const sentAt = performance.now();
    return () => {
      const now = performance.now();
      if (now - sentAt > WAITED_MS) this.#lifeAt = now;
      if (this.#waiting.length > 0 && !this.full) this.#release();
    };
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
