import { ByteReader, ByteWriter, sizeOfVarint, takeDoubles } from "./bytes";
import type { Axis, Column } from "./column";
import { packNumbers, unpackNumbers } from "./numbers";

/**
 * Byte blocks as they lie in the database, read back bit by bit.
 *
 *     tail  = version, axis, varint series, { varint metric id, varint length, column }
 *     axis  = varint n, steps, times                  (as a block of its own: version, axis)
 *     steps = varint first, varint stride; stride 0: n-1 varint deltas follow
 *     times = varint first, n-1 zigzag deltas
 *     column = flags, presence, numbers, others       (as a block of its own: version, column)
 *     others = varint count, { varint gap to the one before, varint length, JSON text in UTF-8 }
 */
const VERSION = 1;

const PRESENT_ALL = 0;
const PRESENT_BITMAP = 1;
const PRESENT_LIST = 2;
/** Flags: the number format in the low four bits, then presence, then whether others follow. */
const PRESENCE_SHIFT = 4;
const HAS_OTHERS = 0x40;

export interface TailSeries {
  readonly metricId: number;
  readonly column: Column;
}

export interface Tail {
  readonly axis: Axis;
  readonly series: readonly TailSeries[];
}

export function packTail(axis: Axis, series: readonly TailSeries[]): Uint8Array {
  const writer = new ByteWriter(64 + axis.steps.length * (2 + 8 * series.length));
  writer.u8(VERSION);
  writeAxis(writer, axis);
  writer.varint(series.length);
  for (const { metricId, column } of series) {
    const part = new ByteWriter(32 + 8 * column.values.length);
    writeColumn(part, column, axis.steps.length);
    writer.varint(metricId);
    writer.varint(part.length);
    writer.bytes(part.view());
  }
  return writer.finish();
}

/** @param wanted the metrics to unpack; absent means all */
export function unpackTail(block: Uint8Array, wanted?: ReadonlySet<number>): Tail {
  const reader = openBlock(block);
  const axis = readAxis(reader);
  const series: TailSeries[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const metricId = reader.varint();
    const part = reader.bytes(reader.varint());
    if (wanted === undefined || wanted.has(metricId))
      series.push({ metricId, column: readColumn(new ByteReader(part), axis.steps.length) });
  }
  return { axis, series };
}

export function packAxis(axis: Axis): Uint8Array {
  const writer = new ByteWriter(32 + axis.steps.length * 4);
  writer.u8(VERSION);
  writeAxis(writer, axis);
  return writer.finish();
}

export const unpackAxis = (block: Uint8Array): Axis => readAxis(openBlock(block));

/** @param n steps of the axis that the column belongs to */
export function packColumn(column: Column, n: number): Uint8Array {
  const writer = new ByteWriter(32 + 8 * column.values.length);
  writer.u8(VERSION);
  writeColumn(writer, column, n);
  return writer.finish();
}

export const unpackColumn = (block: Uint8Array, n: number): Column => readColumn(openBlock(block), n);

function openBlock(block: Uint8Array): ByteReader {
  const reader = new ByteReader(block);
  const version = reader.u8();
  if (version !== VERSION)
    throw new RangeError(`a history block has version ${version}, this program reads ${VERSION}`);
  return reader;
}

function writeAxis(writer: ByteWriter, { steps, times }: Axis): void {
  const n = steps.length;
  writer.varint(n);
  if (n === 0) return;
  const stride = commonStride(steps);
  writer.varint(steps[0] as number);
  writer.varint(stride);
  if (stride === 0)
    for (let i = 1; i < n; i++) writer.varint((steps[i] as number) - (steps[i - 1] as number));
  writer.varint(times[0] as number);
  for (let i = 1; i < n; i++) writer.zigzag((times[i] as number) - (times[i - 1] as number));
}

function readAxis(reader: ByteReader): Axis {
  const n = reader.varint();
  const steps = takeDoubles(n);
  if (n === 0) return { steps, times: steps };
  let step = reader.varint();
  const stride = reader.varint();
  steps[0] = step;
  for (let i = 1; i < n; i++) {
    step += stride === 0 ? reader.varint() : stride;
    steps[i] = step;
  }
  const start = reader.offset;
  reader.skipVarints(n);
  let times: Float64Array | undefined;
  return {
    steps,
    get times() {
      times ??= readTimes(reader.at(start), n);
      return times;
    },
  };
}

function readTimes(reader: ByteReader, n: number): Float64Array {
  const times = takeDoubles(n);
  let time = reader.varint();
  times[0] = time;
  for (let i = 1; i < n; i++) {
    time += reader.zigzag();
    times[i] = time;
  }
  return times;
}

/** The one difference between all neighbours, else 0. Most programs log every step or every tenth. */
function commonStride(steps: Float64Array): number {
  if (steps.length < 2) return 1;
  const stride = (steps[1] as number) - (steps[0] as number);
  for (let i = 2; i < steps.length; i++)
    if ((steps[i] as number) - (steps[i - 1] as number) !== stride) return 0;
  return stride;
}

function writeColumn(writer: ByteWriter, { at, values, others }: Column, n: number): void {
  const presence = choosePresence(at, n);
  const numbers = new ByteWriter(16 + 8 * values.length);
  const format = packNumbers(numbers, values);
  writer.u8(format | (presence << PRESENCE_SHIFT) | (others ? HAS_OTHERS : 0));
  if (presence === PRESENT_BITMAP) writeBitmap(writer, at as Uint32Array, n);
  else if (presence === PRESENT_LIST) writeList(writer, at as Uint32Array);
  writer.bytes(numbers.view());
  if (others) writeOthers(writer, others);
}

function readColumn(reader: ByteReader, n: number): Column {
  const flags = reader.u8();
  const presence = (flags >> PRESENCE_SHIFT) & 3;
  const at =
    presence === PRESENT_BITMAP
      ? readBitmap(reader, n)
      : presence === PRESENT_LIST
        ? readList(reader)
        : undefined;
  const values = unpackNumbers(reader, flags & 0x0f, at === undefined ? n : at.length);
  return { values, ...(at && { at }), ...(flags & HAS_OTHERS && { others: readOthers(reader) }) };
}

function choosePresence(at: Uint32Array | undefined, n: number): number {
  if (at === undefined) return PRESENT_ALL;
  let size = sizeOfVarint(at.length);
  const bitmapSize = Math.ceil(n / 8);
  for (let i = 0; i < at.length && size < bitmapSize; i++)
    size += sizeOfVarint((at[i] as number) - (i === 0 ? 0 : (at[i - 1] as number)));
  return size < bitmapSize ? PRESENT_LIST : PRESENT_BITMAP;
}

function writeBitmap(writer: ByteWriter, at: Uint32Array, n: number): void {
  const bits = new Uint8Array(Math.ceil(n / 8));
  for (const index of at) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
  writer.bytes(bits);
}

function readBitmap(reader: ByteReader, n: number): Uint32Array {
  const bits = reader.bytes(Math.ceil(n / 8));
  const at = new Uint32Array(n);
  let k = 0;
  for (let index = 0; index < n; index++)
    if ((bits[index >> 3] as number) & (1 << (index & 7))) at[k++] = index;
  return at.slice(0, k);
}

function writeList(writer: ByteWriter, at: Uint32Array): void {
  writer.varint(at.length);
  let before = 0;
  for (const index of at) {
    writer.varint(index - before);
    before = index;
  }
}

function readList(reader: ByteReader): Uint32Array {
  const at = new Uint32Array(reader.varint());
  let before = 0;
  for (let i = 0; i < at.length; i++) at[i] = before += reader.varint();
  return at;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function writeOthers(writer: ByteWriter, others: ReadonlyMap<number, string>): void {
  writer.varint(others.size);
  let before = 0;
  for (const [index, json] of [...others].sort(([a], [b]) => a - b)) {
    const bytes = encoder.encode(json);
    writer.varint(index - before);
    writer.varint(bytes.length);
    writer.bytes(bytes);
    before = index;
  }
}

function readOthers(reader: ByteReader): Map<number, string> {
  const others = new Map<number, string>();
  let index = 0;
  for (let left = reader.varint(); left > 0; left--) {
    index += reader.varint();
    others.set(index, decoder.decode(reader.bytes(reader.varint())));
  }
  return others;
}
