/** A block is cut in two when it gets longer: 10,000 values are some 30 blocks, to walk through or to push on by one place. */
const LONGEST = 512;

/** Numbers in rising order, equal ones each for itself, that are added one at a time and asked for by place. */
export class SortedValues {
  /** None is empty, but for the first. */
  readonly #blocks: number[][] = [[]];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    const at = this.#blockOf(value);
    const block = this.#blocks[at] as number[];
    block.splice(placeIn(block, value), 0, value);
    if (block.length > LONGEST) this.#blocks.splice(at + 1, 0, block.splice(LONGEST / 2));
    this.#count++;
  }

  /** How many are less than a number. */
  below(value: number): number {
    const at = this.#blockOf(value);
    let before = 0;
    for (let i = 0; i < at; i++) before += (this.#blocks[i] as number[]).length;
    return before + placeIn(this.#blocks[at] as number[], value);
  }

  /** @param place from 0, below `count` */
  at(place: number): number {
    let left = place;
    for (const block of this.#blocks) {
      if (left < block.length) return block[left] as number;
      left -= block.length;
    }
    throw new Error(`there is no place ${place} among ${this.#count} values`);
  }

  /** The first block whose last value is not less; else the last one. */
  #blockOf(value: number): number {
    let [low, high] = [0, this.#blocks.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (((this.#blocks[middle] as number[]).at(-1) as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How many of a rising list are less. */
function placeIn(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
