import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRecordLog, type Torn } from "@/agent/import/record-log";
import { encodeLog } from "../../support/wandb-file";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "besom-log-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(bytes: Uint8Array): { records: { at: number; bytes: Buffer }[]; torn: Torn | undefined } {
  const path = join(folder, "run-x.wandb");
  writeFileSync(path, bytes);
  const records = [];
  const log = readRecordLog(path);
  for (;;) {
    const next = log.next();
    if (next.done) return { records, torn: next.value };
    records.push(next.value);
  }
}

/** Around the ends of blocks, where a record is cut or padded. */
const size = fc.oneof(
  fc.nat(200),
  fc.integer({ min: 32_700, max: 32_780 }),
  fc.integer({ min: 65_400, max: 65_560 }),
  fc.nat(150_000),
);
const sizes = fc.array(size, { maxLength: 12 });
const toRecords = (lengths: readonly number[]): Buffer[] =>
  lengths.map((length, i) => Buffer.alloc(length, `${i}:${length};`));

describe("a .wandb file", () => {
  test("gives back what was written, wherever its blocks end", () => {
    fc.assert(
      fc.property(sizes, (lengths) => {
        const written = toRecords(lengths);
        const { records: found, torn } = read(encodeLog(written));
        expect(torn).toBeUndefined();
        expect(found.map(({ bytes }) => bytes.length)).toEqual(written.map(({ length }) => length));
        expect(found.every(({ bytes }, i) => bytes.equals(written[i] ?? Buffer.alloc(0)))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("that breaks off anywhere gives all records before the place, and says which record is torn", () => {
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (lengths, part) => {
        const written = toRecords(lengths);
        const whole = encodeLog(written);
        const length = Math.floor(part * whole.length);
        const ends = read(whole).records.map(({ at }, i, all) => ({
          at,
          end: all[i + 1]?.at ?? whole.length,
        }));
        const { records: found, torn } = read(whole.subarray(0, length));
        // Padding between two records belongs to neither.
        const complete = ends.filter(({ end }) => end <= length).length;
        expect(found.length - complete).toBeGreaterThanOrEqual(0);
        expect(found.length - complete).toBeLessThanOrEqual(1);
        expect(found.every(({ bytes }, i) => bytes.equals(written[i] ?? Buffer.alloc(0)))).toBe(true);
        const next = ends[found.length];
        if (torn !== undefined && next !== undefined && found.length > 0)
          expect(torn.at).toBeLessThanOrEqual(next.at);
        if (length >= 7 && next !== undefined && next.at + 1 <= length) expect(torn).toBeDefined();
      }),
      { numRuns: 60 },
    );
  });

  test("with a flipped bit never gives a record that was not written", () => {
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(7), (lengths, part, bit) => {
        const written = toRecords(lengths);
        const bytes = encodeLog(written);
        const at = 7 + Math.floor(part * (bytes.length - 8));
        if (bytes.length < 8) return;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        let found: { bytes: Buffer }[];
        try {
          found = read(bytes).records;
        } catch (error) {
          expect((error as Error).message).toMatch(
            /is damaged at byte \d+: .*, and records go on at byte \d+/,
          );
          return;
        }
        expect(found.every((one, i) => one.bytes.equals(written[i] ?? Buffer.alloc(0)))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test("with damage that whole records follow is refused, and the message names the byte", () => {
    const bytes = encodeLog([
      Buffer.from("one"),
      Buffer.alloc(50_000, "two"),
      Buffer.alloc(40_000, "three"),
      Buffer.from("four"),
    ]);
    const [, two] = read(bytes).records;
    bytes[(two?.at ?? 0) + 100] = 0;
    expect(() => read(bytes)).toThrow(
      new RegExp(
        `run-x\\.wandb is damaged at byte ${two?.at}: a checksum is wrong, and records go on at byte`,
      ),
    );
  });

  test("whose end a crashed machine left as zeros or as noise is whole up to there", () => {
    const [one, two] = [Buffer.from("one"), Buffer.from("two")];
    const whole = encodeLog([one, two]);
    const zeros = read(Buffer.concat([whole, Buffer.alloc(70_000)]));
    expect(zeros.records.map(({ bytes }) => bytes)).toEqual([one, two]);
    expect(zeros.torn).toEqual({ at: whole.length, why: "there are zeros" });
    const noise = read(Buffer.concat([whole, Buffer.alloc(50_000, 0xa5)]));
    expect(noise.records.map(({ bytes }) => bytes)).toEqual([one, two]);
    expect(noise.torn?.at).toBe(whole.length);
  });

  test("whose record never ends is refused before it fills the memory", () => {
    const path = join(folder, "endless.wandb");
    const whole = encodeLog([Buffer.alloc(3 * 32 * 1024)]);
    // A second block holds one middle piece alone, as often as one likes.
    const middle = whole.subarray(32 * 1024, 2 * 32 * 1024);
    const file = openSync(path, "w");
    writeSync(file, whole.subarray(0, 32 * 1024));
    for (let i = 0; i < 257 * 32; i++) writeSync(file, middle);
    closeSync(file);
    expect(() => readRecordLog(path).next()).toThrow(
      /the record at byte 7 of .*endless\.wandb is longer than 268435456/,
    );
    rmSync(path);
  });

  test("that is none, or of another version, is told apart from one that was only begun", () => {
    expect(() => read(Buffer.from("step,loss\n0,1\n"))).toThrow(
      /is no \.wandb file: it begins with 737465702c6c6f/,
    );
    expect(() => read(Buffer.from(":W&B\xe1\xbe\x01", "latin1"))).toThrow(/expected 3a572642e1be00/);
    expect(read(Buffer.alloc(0)).records).toEqual([]);
    expect(read(encodeLog([]).subarray(0, 4))).toMatchObject({ records: [], torn: { at: 0 } });
  });
});
