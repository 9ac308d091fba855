import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Store } from "@/store/store";

const LIMITS = { maxBytes: 100 * 2 ** 20 };
export const newPlace = () => randomBytes(16).toString("hex");

/** What every store of bytes must keep. @param look how many there are, broken-off ones too */
export function describeStore(
  open: () => Promise<{ store: Store; look: () => Promise<number>; close: () => Promise<void> }>,
): void {
  let opened: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    opened = await open();
  }, 60_000);
  afterAll(() => opened?.close());

  const put = (place: string, bytes: Uint8Array, more: { maxBytes?: number; expectedBytes?: number } = {}) =>
    opened.store.put(place, chunksOf(bytes), { ...LIMITS, ...more });
  const read = async (place: string, range?: { from: number; to: number }) => {
    const stream = await opened.store.get(place, range);
    if (stream === undefined) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  describe("bytes", () => {
    // Around the size of a part, and of more parts than are sent at once.
    test.each([0, 1, 65_537, 8 * 2 ** 20, 8 * 2 ** 20 + 1, 30 * 2 ** 20])(
      "%d of them come back as they were, with their number and MD5",
      async (length) => {
        const [place, bytes] = [newPlace(), randomBytes(length)];
        const md5 = createHash("md5").update(bytes).digest("hex");
        expect(await put(place, bytes, { expectedBytes: length })).toEqual({ bytes: length, md5 });
        expect((await read(place))?.equals(bytes)).toBe(true);
      },
    );

    test("a range is its first byte to its last", async () => {
      const [place, bytes] = [newPlace(), randomBytes(1_000)];
      await put(place, bytes);
      expect(await read(place, { from: 0, to: 0 })).toEqual(bytes.subarray(0, 1));
      expect(await read(place, { from: 10, to: 999 })).toEqual(bytes.subarray(10));
    });

    test("what was never there, and what was removed, is absent; removed twice is no mistake", async () => {
      const place = newPlace();
      expect(await read(place)).toBeUndefined();
      await put(place, randomBytes(10));
      await opened.store.remove(place);
      await opened.store.remove(place);
      expect(await read(place)).toBeUndefined();
    });

    test("of two that arrive at once each has its own", async () => {
      const places = Array.from({ length: 8 }, newPlace);
      await Promise.all(places.map((place) => put(place, Buffer.from(place.repeat(1_000)))));
      for (const place of places) expect((await read(place))?.toString()).toBe(place.repeat(1_000));
    });
  });

  describe("nothing is kept, and nothing left behind, of", () => {
    test.each([
      ["more than may be", { maxBytes: 99 }, "INPUT_TOO_LARGE"],
      ["an announcement of more than may be", { maxBytes: 99, expectedBytes: 100 }, "INPUT_TOO_LARGE"],
      ["more than was announced", { expectedBytes: 99 }, "BAD_INPUT"],
      ["fewer than were announced", { expectedBytes: 101 }, "BAD_INPUT"],
    ])("%s", async (_, limits, code) => {
      const [place, before] = [newPlace(), await opened.look()];
      await expect(put(place, randomBytes(100), limits)).rejects.toMatchObject({ code });
      expect(await read(place)).toBeUndefined();
      expect(await opened.look()).toBe(before);
    });

    test("a sender that goes away after many parts", async () => {
      const [place, before] = [newPlace(), await opened.look()];
      async function* broken() {
        for (let part = 0; part < 20; part++) yield randomBytes(2 ** 20);
        throw new Error("the sender is gone");
      }
      await expect(opened.store.put(place, broken(), LIMITS)).rejects.toThrow("the sender is gone");
      expect(await read(place)).toBeUndefined();
      expect(await opened.look()).toBe(before);
    });
  });

  test.each([
    "../../etc/passwd",
    "/etc/passwd",
    "",
    "a".repeat(65),
    `${"a".repeat(20)}/../b`,
    `${"a".repeat(30)}\0`,
    "%2e%2e%2f".repeat(3),
    "A".repeat(32),
  ])("%j is no place, whoever asks", async (place) => {
    await expect(put(place, Buffer.from("x"))).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(opened.store.get(place)).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(opened.store.remove(place)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });
}

export async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 300_000) yield bytes.subarray(at, at + 300_000);
}
