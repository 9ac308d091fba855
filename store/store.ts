import { createHash } from "node:crypto";
import { AppError } from "@/core/errors";

/**
 * A store of bytes: files of runs, entries of artifacts. What they are called, and who may read them, is the database's; here each lies
 * under a place that the server drew, is written once and never changed. Both implementations pass test/contract/store.ts.
 */
export interface Store {
  /** For people: the folder, or the bucket. */
  readonly where: string;
  /**
   * All of them, or nothing: what broke off halfway is not there.
   * @throws AppError INPUT_TOO_LARGE, BAD_INPUT for more or fewer than were announced, DISK_FULL, UNAVAILABLE
   */
  put(place: string, bytes: AsyncIterable<Uint8Array>, limits: Limits): Promise<Stored>;
  /** Undefined where nothing lies. `from` and `to` are the first and the last byte. */
  get(
    place: string,
    range?: { from: number; to: number },
  ): Promise<(AsyncIterable<Uint8Array> & { destroy(): unknown }) | undefined>;
  /** Also what a broken-off `put` left. Nothing there is no mistake. */
  remove(place: string): Promise<void>;
  close(): Promise<void>;
}

export interface Limits {
  readonly maxBytes: number;
  /** How many were announced. */
  readonly expectedBytes?: number | undefined;
}

export interface Stored {
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly md5: string;
}

/** Letters and digits alone: no place leads out of its folder, whatever a file is called. @throws AppError BAD_INPUT */
export function checkPlace(place: string): string {
  if (/^[a-z0-9]{20,64}$/.test(place)) return place;
  throw new AppError(
    "BAD_INPUT",
    `a place of the store is 20 to 64 of a-z and 0-9, not ${JSON.stringify(place).slice(0, 80)}`,
  );
}

/** Hands bytes on and measures them; breaks off at the first one too many, and where too few came. */
export class Metered {
  #bytes = 0;
  readonly #md5 = createHash("md5");

  constructor(
    private readonly source: AsyncIterable<Uint8Array>,
    private readonly limits: Limits,
  ) {}

  async *read(): AsyncGenerator<Uint8Array> {
    const { maxBytes, expectedBytes } = this.limits;
    if (expectedBytes !== undefined && expectedBytes > maxBytes) throw tooLarge(expectedBytes, maxBytes);
    for await (const chunk of this.source) {
      this.#bytes += chunk.length;
      if (this.#bytes > maxBytes) throw tooLarge(this.#bytes, maxBytes);
      if (expectedBytes !== undefined && this.#bytes > expectedBytes)
        throw unlike(this.#bytes, expectedBytes);
      this.#md5.update(chunk);
      yield chunk;
    }
    if (expectedBytes !== undefined && this.#bytes < expectedBytes) throw unlike(this.#bytes, expectedBytes);
  }

  done(): Stored {
    return { bytes: this.#bytes, md5: this.#md5.digest("hex") };
  }
}

const tooLarge = (bytes: number, maxBytes: number) =>
  new AppError(
    "INPUT_TOO_LARGE",
    `the file has at least ${bytes} bytes, at most ${maxBytes} are kept (BESOM_FILES_MAX_BYTES)`,
    {
      details: { bytes, maxBytes },
    },
  );

const unlike = (bytes: number, expectedBytes: number) =>
  new AppError("BAD_INPUT", `${bytes} bytes came of ${expectedBytes} that were announced: nothing was kept`, {
    details: { bytes, expectedBytes },
  });

export const storeFull = (cause?: unknown) =>
  new AppError(
    "DISK_FULL",
    "the disk that files lie on is full: nothing of this one was kept; it can be sent again when there is room",
    {
      cause,
    },
  );
