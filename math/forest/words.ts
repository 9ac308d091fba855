import { openStream, philox4x32 } from "../random";

/** Random words of one stream, four at a time: a tenth of what draws by number cost. */
export interface Words {
  readonly key: readonly [number, number];
  readonly lane: readonly [number, number];
  readonly ready: Uint32Array;
  counter: number;
  used: number;
}

export function openWords(seed: string, label: string): Words {
  const { key, lane } = openStream(seed, [label]);
  return { key, lane, ready: new Uint32Array(4), counter: 0, used: 4 };
}

/** In [0, 1). */
export function nextUnit(words: Words): number {
  if (words.used === 4) {
    const { key, lane, ready } = words;
    philox4x32(words.counter++, 0, lane[0], lane[1], key[0], key[1], ready);
    words.used = 0;
  }
  return (words.ready[words.used++] as number) / 0x100000000;
}

/** A whole number from 0 below `count`; the bias of a 32-bit word over a count below 2^20 is less than 2^-12 of one. */
export const below = (words: Words, count: number): number => Math.floor(nextUnit(words) * count);

/** The first `count` of the items become a random choice of all, in random order. */
export function shuffleFirst(items: Int32Array, count: number, words: Words): void {
  for (let i = 0; i < count; i++) {
    const at = i + below(words, items.length - i);
    const item = items[at] as number;
    items[at] = items[i] as number;
    items[i] = item;
  }
}
