import { type ByteReader, type ByteWriter, takeDoubles } from "./bytes";

/**
 * Formats of a row of doubles, each exact to the last bit; the smallest wins. Measured on 2,048 noisy losses
 * (bench/metrics-size.ts): HEADS 7.01 bytes a value where F64 takes 8.
 */
const F64 = 0;
/** Every value survives a float32: what most training programs log. */
const F32 = 1;
/** One value for all. */
const SAME = 2;
/** Integers of up to 50 bits: zigzag varints of the differences (epochs, counters). */
const INTEGERS = 3;
/** At most 16 different heads (sign and exponent, 12 bits): a table of them, then 4 bits of index and 52 of fraction a value. */
const HEADS = 4;

const MAX_INTEGER = 2 ** 50;
const LITTLE_ENDIAN = true;

/** Writes the numbers and returns the format that was chosen. */
export function packNumbers(writer: ByteWriter, values: Float64Array): number {
  const k = values.length;
  const words = new Uint32Array(values.buffer, values.byteOffset, k * 2);
  const traits = look(values, words);
  if (traits.same) {
    if (k > 0) writer.f64(values[0] as number);
    return SAME;
  }
  const size32 = traits.single ? 4 * k : Number.POSITIVE_INFINITY;
  const sizeHeads = traits.heads === undefined ? Number.POSITIVE_INFINITY : 1 + 2 * traits.heads.size + 7 * k;
  const smallest = Math.min(8 * k, size32, traits.integerSize, sizeHeads);
  if (smallest === traits.integerSize) {
    writeIntegers(writer, values);
    return INTEGERS;
  }
  if (smallest === size32) {
    writer.bytes(new Uint8Array(Float32Array.from(values).buffer));
    return F32;
  }
  if (traits.heads !== undefined && smallest === sizeHeads) {
    writeHeads(writer, words, traits.heads);
    return HEADS;
  }
  writer.bytes(new Uint8Array(values.buffer, values.byteOffset, 8 * k));
  return F64;
}

export function unpackNumbers(reader: ByteReader, format: number, k: number): Float64Array {
  switch (format) {
    case F64: {
      const values = takeDoubles(k);
      new Uint8Array(values.buffer, values.byteOffset, 8 * k).set(reader.bytes(8 * k));
      return values;
    }
    case F32: {
      const singles = new Float32Array(k);
      new Uint8Array(singles.buffer).set(reader.bytes(4 * k));
      // Not Float64Array.from, which walks the iterator: 30 ns a value.
      return new Float64Array(singles);
    }
    case SAME:
      return k === 0 ? new Float64Array(0) : new Float64Array(k).fill(reader.f64());
    case INTEGERS:
      return readIntegers(reader, k);
    case HEADS:
      return readHeads(reader, k);
    default:
      throw new RangeError(`a history block has number format ${format}, this program reads 0 to ${HEADS}`);
  }
}

interface Traits {
  same: boolean;
  single: boolean;
  /** Bytes as INTEGERS; infinite when one is no integer. */
  integerSize: number;
  /** Head to its index in the table; undefined when there are more than 16. */
  heads: Map<number, number> | undefined;
}

/** One pass over the values. `words` are their halves, low first: comparing them tells -0 from 0 and keeps NaN. */
function look(values: Float64Array, words: Uint32Array): Traits {
  const k = values.length;
  const low = words[0];
  const high = words[1];
  let same = true;
  let single = true;
  let integerSize = 0;
  let before = 0;
  let heads: Map<number, number> | undefined = new Map();
  let lastHead = -1;
  for (let i = 0; i < k; i++) {
    const value = values[i] as number;
    const head = (words[2 * i + 1] as number) >>> 20;
    same &&= words[2 * i] === low && words[2 * i + 1] === high;
    single &&= Math.fround(value) === value || Number.isNaN(value);
    if (integerSize < Number.POSITIVE_INFINITY) {
      if (Number.isInteger(value) && Math.abs(value) < MAX_INTEGER && !Object.is(value, -0)) {
        integerSize += sizeOfZigzag(value - before);
        before = value;
      } else integerSize = Number.POSITIVE_INFINITY;
    }
    if (heads !== undefined && head !== lastHead && !heads.has(head)) {
      if (heads.size === 16) heads = undefined;
      else heads.set(head, heads.size);
    }
    lastHead = head;
  }
  return { same, single, integerSize, heads };
}

function sizeOfZigzag(value: number): number {
  let size = 1;
  for (let rest = value < 0 ? -2 * value - 1 : 2 * value; rest >= 0x80; rest = Math.floor(rest / 0x80))
    size++;
  return size;
}

function writeIntegers(writer: ByteWriter, values: Float64Array): void {
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    writer.zigzag((values[i] as number) - before);
    before = values[i] as number;
  }
}

function readIntegers(reader: ByteReader, k: number): Float64Array {
  const values = new Float64Array(k);
  let value = 0;
  for (let i = 0; i < k; i++) values[i] = value += reader.zigzag();
  return values;
}

function writeHeads(writer: ByteWriter, words: Uint32Array, heads: ReadonlyMap<number, number>): void {
  writer.u8(heads.size);
  for (const head of heads.keys()) writer.u16(head);
  const k = words.length / 2;
  const bytes = new Uint8Array(7 * k);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < k; i++) {
    const high = words[2 * i + 1] as number;
    const tail = (high & 0xfffff) | ((heads.get(high >>> 20) as number) << 20);
    view.setUint32(7 * i, words[2 * i] as number, LITTLE_ENDIAN);
    view.setUint16(7 * i + 4, tail & 0xffff, LITTLE_ENDIAN);
    bytes[7 * i + 6] = tail >>> 16;
  }
  writer.bytes(bytes);
}

function readHeads(reader: ByteReader, k: number): Float64Array {
  const heads = new Uint32Array(reader.u8());
  for (let i = 0; i < heads.length; i++) heads[i] = reader.u16();
  const bytes = reader.bytes(7 * k);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = takeDoubles(k);
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * k);
  for (let i = 0; i < k; i++) {
    const tail = view.getUint16(7 * i + 4, LITTLE_ENDIAN) | ((bytes[7 * i + 6] as number) << 16);
    words[2 * i] = view.getUint32(7 * i, LITTLE_ENDIAN);
    words[2 * i + 1] = (tail & 0xfffff) | ((heads[tail >>> 20] as number) << 20);
  }
  return values;
}
