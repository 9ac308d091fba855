/** A growing little-endian buffer and a reader over one. Hot paths: no checks inside beyond the buffer's end. */

/** Blocks are little-endian so that typed arrays can be copied as they lie; every platform Node runs on is. */
if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1)
  throw new Error("history blocks need a little-endian machine");

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Room for `count` more bytes; returns where they start. */
  #grow(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }

  u8(value: number): void {
    const start = this.#grow(1);
    this.#bytes[start] = value;
  }

  u16(value: number): void {
    const start = this.#grow(2);
    this.#view.setUint16(start, value, true);
  }

  f64(value: number): void {
    const start = this.#grow(8);
    this.#view.setFloat64(start, value, true);
  }

  /** 0 <= value < 2^53: seven bits a byte, low ones first. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  /** |value| < 2^52: the sign goes to the lowest bit. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(bytes: Uint8Array): void {
    const start = this.#grow(bytes.length);
    this.#bytes.set(bytes, start);
  }

  /** What was written, without a copy: valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** What was written, as a buffer of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Another reader of the same bytes. */
  at(offset: number): ByteReader {
    const reader = new ByteReader(this.#bytes);
    reader.offset = offset;
    return reader;
  }

  u8(): number {
    return this.#view.getUint8(this.offset++);
  }

  u16(): number {
    const value = this.#view.getUint16(this.offset, true);
    this.offset += 2;
    return value;
  }

  f64(): number {
    const value = this.#view.getFloat64(this.offset, true);
    this.offset += 8;
    return value;
  }

  varint(): number {
    const first = this.#bytes[this.offset++] as number;
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Over so many varints, zigzag or not, to what follows. */
  skipVarints(count: number): void {
    let offset = this.offset;
    for (let left = count; left > 0; left--) while ((this.#bytes[offset++] as number) >= 0x80);
    this.offset = offset;
  }

  zigzag(): number {
    const value = this.varint();
    if (value < 0x4000_0000) return (value >>> 1) ^ -(value & 1);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** The next `count` bytes, not copied. */
  bytes(count: number): Uint8Array {
    const start = this.offset;
    this.offset += count;
    if (this.offset > this.#bytes.length)
      throw new RangeError(`a block of ${this.#bytes.length} bytes ends before byte ${this.offset}`);
    return this.#bytes.subarray(start, this.offset);
  }
}

const SLAB = 4_096;
let slab = new Float64Array(SLAB);
let taken = 0;

/**
 * Room for `n` doubles, zero or not. Short ones share a slab of 32 kB: a typed array beyond 64 bytes has memory of its own
 * outside of V8's heap, and a chart of 100 live runs unpacks 6,000 batches of 30 steps.
 */
export function takeDoubles(n: number): Float64Array {
  if (n > SLAB / 16) return new Float64Array(n);
  if (taken + n > SLAB) {
    slab = new Float64Array(SLAB);
    taken = 0;
  }
  taken += n;
  return slab.subarray(taken - n, taken);
}

export const sizeOfVarint = (value: number): number => {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
};
