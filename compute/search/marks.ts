/** A set of integers that can be asked for its k-th member. */
export interface Marks {
  mark(index: number): void;
  count(): number;
  /** The k-th marked index. */
  at(k: number): number;
}

const WORDS_A_BLOCK = 16;

/** Of integers below `size`, one bit each, and a count for each 512 of them: all is marked before the first question. */
export function openMarks(size: number): Marks {
  const words = new Uint32Array(Math.ceil(size / 32));
  const before = new Uint32Array(Math.ceil(words.length / WORDS_A_BLOCK) + 1);
  let isCounted = false;
  const count = (): number => {
    if (!isCounted) {
      for (let block = 0; block + 1 < before.length; block++) {
        let sum = before[block] ?? 0;
        for (const word of words.subarray(block * WORDS_A_BLOCK, (block + 1) * WORDS_A_BLOCK))
          sum += ones(word);
        before[block + 1] = sum;
      }
      isCounted = true;
    }
    return before[before.length - 1] ?? 0;
  };
  return {
    mark(index) {
      words[index >>> 5] = (words[index >>> 5] ?? 0) | (1 << (index & 31));
    },
    count,
    at(k) {
      count();
      let low = 0;
      let high = before.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >>> 1;
        if ((before[middle] ?? 0) <= k) low = middle;
        else high = middle;
      }
      let rest = k - (before[low] ?? 0);
      let word = low * WORDS_A_BLOCK;
      for (let own = ones(words[word] ?? 0); own <= rest; own = ones(words[word] ?? 0)) {
        rest -= own;
        word++;
      }
      let bits = words[word] ?? 0;
      for (; rest > 0; rest--) bits &= bits - 1;
      return word * 32 + (31 - Math.clz32(bits & -bits));
    },
  };
}

/** How many bits are set. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
