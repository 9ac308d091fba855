import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";

/**
 * How a spool lies on disk: `name.1.jsonl`, `name.2.jsonl` and so on. A line is an item, `{"i": place, "d": item}`, or a mark,
 * `{"m": [place, count, batch]}`: so many items from that place on are being tried as that batch, and all before them are
 * settled; with a count of 0 that place goes under that number next.
 */
export interface Mark {
  place: number;
  count: number;
  batch: number;
}

/** Where an item stands. */
export interface Spot {
  segment: number;
  offset: number;
  length: number;
}

export interface Found {
  /** The last one that was written. */
  mark: Mark;
  /** What is not settled, in order. */
  items: { place: number; spot: Spot }[];
  /** The first place of each segment. */
  segments: Map<number, number>;
}

export const toItemLine = (place: number, item: unknown): string =>
  `{"i":${place},"d":${JSON.stringify(item)}}\n`;
export const toMarkLine = ({ place, count, batch }: Mark): string => `{"m":[${place},${count},${batch}]}\n`;
export const toSegmentPath = (dir: string, name: string, segment: number): string =>
  join(dir, `${name}.${segment}.jsonl`);

/** What another process left. A line that its death cut short is no line. */
export function readSegments(dir: string, name: string): Found {
  const found: Found = { mark: { place: 0, count: 0, batch: 1 }, items: [], segments: new Map() };
  for (const segment of listSegments(dir, name)) {
    const bytes = readFileSync(toSegmentPath(dir, name, segment));
    let first: number | undefined;
    for (
      let offset = 0, end = bytes.indexOf(10);
      end !== -1;
      offset = end + 1, end = bytes.indexOf(10, offset)
    ) {
      const line = readLine(
        bytes.toString("utf8", offset, Math.min(end, offset + MAX_HEAD)),
        end - offset,
        bytes,
        offset,
      );
      if (line === undefined) continue;
      if ("mark" in line) found.mark = line.mark;
      else {
        first ??= line.place;
        found.items.push({ place: line.place, spot: { segment, offset, length: end - offset } });
      }
    }
    found.segments.set(segment, first ?? found.mark.place);
  }
  found.items = found.items.filter(({ place }) => place >= found.mark.place);
  return found;
}

function listSegments(dir: string, name: string): number[] {
  const numbers = readdirSync(dir).flatMap((file) => {
    const [, number] = file.startsWith(`${name}.`) ? (/\.(\d+)\.jsonl$/.exec(file) ?? []) : [];
    return number === undefined ? [] : [Number(number)];
  });
  return numbers.sort((a, b) => a - b);
}

/** Enough for a mark and for the head of an item; items have up to a megabyte, and are read when their turn comes. */
const MAX_HEAD = 100;

function readLine(
  head: string,
  length: number,
  bytes: Buffer,
  offset: number,
): { mark: Mark } | { place: number } | undefined {
  const [, place, count, batch] = /^\{"m":\[(\d+),(\d+),(\d+)\]\}$/.exec(head) ?? [];
  if (batch !== undefined)
    return { mark: { place: Number(place), count: Number(count), batch: Number(batch) } };
  const [, item] = /^\{"i":(\d+),"d":/.exec(head) ?? [];
  const whole = bytes[offset + length - 1] === CLOSING;
  return item === undefined || !whole ? undefined : { place: Number(item) };
}

const CLOSING = "}".charCodeAt(0);

/** The item at a spot. Throws when it is not there any more. */
export function readItem<T>(dir: string, name: string, { segment, offset, length }: Spot): T {
  const file = openSync(toSegmentPath(dir, name, segment), "r");
  try {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const count = readSync(file, bytes, done, length - done, offset + done);
      if (count === 0) throw new Error("the file was cut by another program");
      done += count;
    }
    return (JSON.parse(bytes.toString()) as { d: T }).d;
  } finally {
    closeSync(file);
  }
}
